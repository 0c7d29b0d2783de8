"""What really gets loaded: perception, grasping and motion in a fresh process know no truth."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROBE = """
import importlib, json, pkgutil, sys
package = importlib.import_module({name!r})
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
sys.stderr.write("\\n" + json.dumps(sorted(sys.modules)))
"""
TRUTH = ("cellpick.scene", "cellpick.sensors", "cellpick.world", "cellpick.evaluate")
SIMULATORS = ("pybullet", "open3d", "libusb_package")
BLIND = ("cellpick.perception", "cellpick.grasping", "cellpick.motion")


def loaded(code: str) -> set[str]:
    """Names of all modules loaded, with their parents, after `code` ran in a fresh process.

    `code` writes them as the last line of stderr, since pybullet greets on both streams.
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("name", BLIND)
def test_the_blind_packages_load_no_truth_and_not_each_other(name):
    names = loaded(PROBE.format(name=name))
    assert name in names
    assert names.isdisjoint({*TRUTH, *SIMULATORS, *BLIND} - {name})
    assert names.isdisjoint({"cellpick.station", "cellpick.report", "cellpick.cli", "matplotlib"})


def test_the_store_loads_no_truth():
    assert loaded(PROBE.format(name="cellpick.store")).isdisjoint({*TRUTH, *SIMULATORS, *BLIND})


def test_the_probe_sees_what_a_package_loads():
    assert {"cellpick.scene", "cellpick.world"} <= loaded(PROBE.format(name="cellpick.world"))
    assert "pybullet" in loaded("import pybullet" + PROBE.format(name="cellpick.store"))


def test_the_command_line_starts_without_anything_heavy():
    code = "import json, sys, cellpick.cli.app; sys.stderr.write(json.dumps(list(sys.modules)))"
    heavy = {"numpy", "scipy", "cv2", "matplotlib", "pydantic", "yaml", "ompl", "eaik"}
    assert loaded(code).isdisjoint({*SIMULATORS, *heavy})
