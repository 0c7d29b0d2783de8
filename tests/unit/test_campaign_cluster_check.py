"""What must hold of a cluster before the first episode; its workers are made up here."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

import pytest

import cellpick
from cellpick.campaign import ClusterEngine
from cellpick.campaign.cluster_check import DECISIVE, check_workers, decisive_versions
from cellpick.errors import InputError, UnavailableError
from cellpick.installation import revision, revision_on_disk


class Cluster:
    """Two workers like this process, but for what the second one answers to some questions."""

    scheduler = SimpleNamespace(address="tcp://there:8786")

    def __init__(self, second=None):
        self.second = second or {}

    def nthreads(self):
        return {"tcp://a:1": 1, "tcp://b:2": 1}

    def run(self, function, *arguments, on_error):
        assert on_error == "return"
        here = there = function(*arguments)
        if function is decisive_versions:
            there = here | {name: self.second.get(name, answer) for name, answer in here.items()}
        return {"tcp://a:1": here, "tcp://b:2": self.second.get(function, there)}


def test_workers_like_this_process_are_accepted():
    check_workers(Cluster())


MESSAGE = "1 of 2 workers have another {} than this command: tcp://b:2 has {}, here it is {}; "


@pytest.mark.parametrize(("answer", "told"), [("0.0.1", "0.0.1"), ("", "none")])
@pytest.mark.parametrize("package", DECISIVE)
def test_a_worker_with_another_version_of_what_computes_is_named(package, answer, told):
    here = decisive_versions()[package]
    assert here
    with pytest.raises(UnavailableError, match=re.escape(MESSAGE.format(package, told, here))):
        check_workers(Cluster({package: answer}))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("0.1.0+0123456789ab", "0.1.0+0123456789ab"),
        (ModuleNotFoundError("No module named 'cellpick.installation'"), "none"),
        (UnavailableError("no source of cellpick at x.zip"), "no source of cellpick at x.zip"),
    ],
)
def test_a_worker_with_another_revision_is_named(answer, told):
    message = MESSAGE.format("revision of cellpick", told, revision())
    with pytest.raises(UnavailableError, match=re.escape(message)):
        check_workers(Cluster({revision_on_disk: answer}))


@pytest.mark.parametrize(
    ("answer", "told"), [("0.0.1", "0.0.1"), (PackageNotFoundError("cellpick"), "none")]
)
def test_a_worker_with_another_cellpick_or_none_is_named(answer, told):
    message = MESSAGE.format("cellpick", told, version("cellpick"))
    with pytest.raises(UnavailableError, match=re.escape(message)):
        check_workers(Cluster({version: answer}))


def loaded_by(folder: str) -> set[str]:
    """Top names of all that a package of cellpick imports anywhere."""
    paths = (Path(cellpick.__file__).parent / folder).rglob("*.py")
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    names |= {n.value for n in nodes if isinstance(n, ast.Constant) and n.value == "open3d"}
    return {name.partition(".")[0] for name in names}


def test_all_that_an_episode_computes_with_is_decisive():
    modules = {"opencv-python-headless": "cv2", "python-fcl": "fcl", "zxing-cpp": "zxingcpp"}
    computing = {modules.get(name, name) for name in DECISIVE} | {"pybullet_utils"}
    reading = {"yaml", "pydantic"}
    folders = ("geometry", "structures", "scene", "sensors", "perception", "grasping", "motion")
    used = set().union(*map(loaded_by, (*folders, "world", "station", "evaluate")))
    assert used - set(sys.stdlib_module_names) - {"cellpick", ""} - reading <= computing
    assert computing - {"pybullet_utils"} <= used


@pytest.mark.parametrize("address", ["there", "tcp://there", "http://there:8786", "there:8786", ""])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match=re.escape(f"got {address!r}; accepted: tcp://HOST:PORT")):
        ClusterEngine(address)


def test_settings_that_cannot_be_kept_are_refused():
    with pytest.raises(InputError, match="limit in seconds is above zero"):
        ClusterEngine("tcp://there:8786", limit_s=-1)


def test_without_the_extra_the_message_names_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "cellpick.campaign.cluster_tasks", raising=False)
    monkeypatch.delitem(sys.modules, "cellpick.campaign.cluster_worker", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UnavailableError, match=r"pip install 'cellpick\[cluster\]'"):
        next(ClusterEngine("tcp://there:8786").run(()))
