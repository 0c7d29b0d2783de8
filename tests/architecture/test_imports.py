"""Who may import what: docs/design.md's table, checked in the source of every module."""

from __future__ import annotations

import ast
import sys
from typing import NamedTuple

import pytest
from source_tree import SOURCE, imports_of, modules, package_of, tree_of


class Rule(NamedTuple):
    """What one package may import besides the standard library and itself."""

    cellpick: set[str]
    others: set[str]


VISIBLE = {"errors", "geometry", "structures"}
TRUTH = VISIBLE | {"scene"}
ALL = TRUTH | {
    *("store", "sensors", "perception", "grasping", "motion"),
    *("world", "evaluate", "report", "station"),
    *("calibration", "metrology", "export", "installation"),
}

TABLE = {
    "errors": Rule(set(), set()),
    "geometry": Rule({"errors"}, {"numpy"}),
    "structures": Rule({"errors", "geometry"}, {"numpy"}),
    "store": Rule(VISIBLE, {"numpy", "cv2"}),
    "installation": Rule({"errors"}, set()),
    "scene": Rule(VISIBLE | {"installation"}, {"numpy", "pydantic", "yaml"}),
    "sensors": Rule(TRUTH, {"numpy", "scipy", "cv2", "zxingcpp", "open3d", "libusb_package"}),
    "perception": Rule(VISIBLE, {"numpy", "scipy", "cv2", "zxingcpp"}),
    "calibration": Rule(VISIBLE, {"numpy", "scipy", "cv2"}),
    "metrology": Rule(TRUTH | {"sensors"}, {"numpy", "scipy"}),
    "export": Rule(TRUTH | {"sensors"}, {"numpy", "cv2"}),
    "grasping": Rule(VISIBLE, {"numpy", "scipy"}),
    "motion": Rule(VISIBLE, {"numpy", "scipy", "eaik", "ruckig", "toppra", "ompl", "fcl"}),
    "world": Rule(TRUTH, {"numpy", "pybullet", "pybullet_utils"}),
    "evaluate": Rule(TRUTH, {"numpy", "scipy"}),
    "report": Rule(VISIBLE, {"numpy", "cv2", "jinja2", "matplotlib"}),
    "station": Rule(ALL, {"numpy", "yaml"}),
    "campaign": Rule(
        ALL, {"numpy", "scipy", "cv2", "pydantic", "yaml", "polars", "distributed", "threadpoolctl"}
    ),
    "cli": Rule(ALL | {"campaign", "cli"}, {"numpy", "packaging", "rich", "typer"}),
    "__init__": Rule(set(), set()),
    "__main__": Rule({"cli"}, set()),
}
"""Package -> what it may import. A third-party name that stands in one row has its home there."""


def violations(tree: ast.Module, path) -> list[str]:
    """`line: name` of every import that the package of `path` may not make."""
    package = package_of(path)
    rule = TABLE[package]
    found = []
    for line, name in imports_of(tree, path):
        top, _, rest = name.partition(".")
        inner = rest.partition(".")[0]
        if top == "cellpick":
            allowed = inner in rule.cellpick | {package} or inner == "__version__"
        else:
            allowed = top in sys.stdlib_module_names or top in rule.others
        if not allowed:
            found.append(f"{path.relative_to(SOURCE)}:{line}: {name}")
    return found


def test_every_package_has_a_row():
    assert {package_of(path) for path in modules()} <= TABLE.keys()


@pytest.mark.parametrize("package", sorted(TABLE))
def test_a_package_imports_only_what_it_may(package):
    paths = [path for path in modules() if package_of(path) == package]
    assert [v for path in paths for v in violations(tree_of(path), path)] == []


def test_the_three_that_must_not_know_the_truth_never_import_each_other():
    blind = {"perception", "grasping", "motion"}
    for package in blind:
        assert TABLE[package].cellpick == VISIBLE


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("perception", "import cellpick.scene"),
        ("perception", "from cellpick import scene"),
        ("perception", "from cellpick.scene.state import SceneState"),
        ("perception", "def f():\n    from cellpick.world import World"),
        ("perception", "from ..scene import SceneState"),
        ("perception", "from .. import world"),
        ("perception", "if TYPE_CHECKING:\n    from cellpick.grasping import plan_grasps"),
        ("perception", "import importlib\nimportlib.import_module('cellpick.sensors')"),
        ("perception", "from importlib import import_module\nimport_module('cell' + 'pick.world')"),
        ("perception", "__import__('pybullet')"),
        ("perception", "import open3d"),
        ("grasping", "from cellpick.perception import perceive"),
        ("motion", "import cellpick.grasping.plan"),
        ("sensors", "import pybullet as p"),
        ("world", "import open3d.t.geometry"),
        ("geometry", "import scipy"),
        ("store", "from cellpick.perception import perceive"),
        ("scene", "from cellpick.sensors import CameraRig"),
        ("evaluate", "import matplotlib.pyplot as plt"),
    ],
)
def test_a_planted_violation_is_found(package, code):
    assert len(violations(ast.parse(code), SOURCE / package / "planted.py")) == 1


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("perception", "from __future__ import annotations\nimport json"),
        ("perception", "from cellpick.structures import CaptureSet\nfrom .core import fit"),
        ("perception", "from cellpick.perception.core import fit"),
        ("station", "from cellpick.perception import perceive\nfrom cellpick.world import World"),
        ("sensors", "def f():\n    import open3d"),
    ],
)
def test_a_rightful_import_is_left_alone(package, code):
    assert violations(ast.parse(code), SOURCE / package / "planted.py") == []
