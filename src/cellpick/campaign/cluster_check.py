"""What must hold of a cluster before the first episode."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cellpick.errors import UnavailableError
from cellpick.installation import revision, revision_on_disk

DECISIVE = (
    *("numpy", "scipy", "opencv-python-headless", "open3d", "pybullet", "zxing-cpp"),
    *("eaik", "ruckig", "ompl", "python-fcl"),
)
"""Packages whose version may change a result: whatever sensors, perception, motion and the world
compute with."""
BUILDS = {"open3d": ("open3d", "open3d-cpu")}
"""The names under which a package may be installed."""


def check_workers(client: Any) -> None:
    """Raise `UnavailableError` where there are no workers, or one that may give other results."""
    if not client.nthreads():
        raise UnavailableError(
            f"the Dask scheduler at {client.scheduler.address} has no workers; "
            "docs/cluster.md shows how to start them"
        )
    # a function of the standard library: a worker without cellpick can answer too
    _compare("cellpick", version("cellpick"), client.run(version, "cellpick", on_error="return"))
    # episodes load what is on the disk, whatever the worker itself has loaded
    there = client.run(revision_on_disk, on_error="return")
    _compare("revision of cellpick", revision(), there)
    answers = client.run(decisive_versions, on_error="return")
    for package, here in decisive_versions().items():
        found = {
            worker: answer if isinstance(answer, Exception) else answer[package]
            for worker, answer in answers.items()
        }
        _compare(package, here, found)


def decisive_versions() -> dict[str, str]:
    """Package -> its version in this process; empty where it is not installed."""
    return {name: _version(BUILDS.get(name, (name,))) for name in DECISIVE}


def _version(builds: tuple[str, ...]) -> str:
    for name in builds:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def _compare(what: str, here: str, answers: Mapping[str, Any]) -> None:
    other = {worker: answer for worker, answer in answers.items() if answer != here}
    if not other:
        return
    worker, answer = min(other.items())
    found = answer
    if answer == "" or isinstance(answer, (PackageNotFoundError, ModuleNotFoundError)):
        found = "none"
    raise UnavailableError(
        f"{len(other)} of {len(answers)} workers have another {what} than this command: "
        f"{worker} has {found}, here it is {here or 'none'}; install the same on all"
    )
