"""What the machine has: dependencies that really load, shared libraries, cores, memory, threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

IMPORTS = {
    "opencv-python-headless": "import cv2",
    "open3d": "from cellpick.sensors.open3d_loader import load_open3d; load_open3d()",
    "open3d-cpu": "from cellpick.sensors.open3d_loader import load_open3d; load_open3d()",
    "libusb-package": "import libusb_package; assert libusb_package.get_library_path()",
    "ompl": "import ompl.base",
    "pyyaml": "import yaml",
    "python-fcl": "import fcl",
    "zxing-cpp": "import zxingcpp",
}
"""How to load a dependency whose module is not called as the package is."""


class Dependency(NamedTuple):
    """One package that cellpick needs here."""

    name: str
    """Its name."""
    version: str
    """The installed version; empty when it is not installed."""
    problem: str
    """Why it will not do; empty when it will."""


class Machine(NamedTuple):
    """Cores and memory that this process may use."""

    cores: int
    """All that the system has."""
    usable_cores: float
    """Those that affinity and container limits leave."""
    memory_gib: float
    """Main memory, or the container's limit if that is lower; 0 when the system does not tell."""


def dependencies() -> list[Dependency]:
    """Every dependency that applies here, tried in a process of its own: some fail by crashing."""
    requirements = [Requirement(text) for text in metadata.requires("cellpick") or []]
    wanted = [r for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(examine, wanted))


def examine(requirement: Requirement) -> Dependency:
    """Whether one dependency is installed, new enough, and loads."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Dependency(requirement.name, "", "not installed")
    if not requirement.specifier.contains(version, prereleases=True):
        return Dependency(requirement.name, version, f"need {requirement.specifier}")
    key = requirement.name.lower()
    code = IMPORTS.get(key, f"import {key.replace('-', '_')}")
    return Dependency(requirement.name, version, _load_problem(code))


def machine() -> Machine:
    """Cores and memory, with the limits of a container (cgroup v2) taken off."""
    cores = os.cpu_count() or 1
    usable = float(len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else cores
    quota, _, period = _cgroup("cpu.max").partition(" ")
    if quota.isdigit():
        usable = min(usable, int(quota) / int(period))
    memory = _physical_memory()
    limit = _cgroup("memory.max")
    if limit.isdigit():
        memory = min(memory, int(limit))
    return Machine(cores, usable, memory / 2**30)


def threads() -> dict[str, str]:
    """The environment variables that bound the threads of numerical libraries; empty: unset."""
    return {name: os.environ.get(name, "") for name in THREAD_VARIABLES}


def _load_problem(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    if done.returncode < 0:
        return f"crashes when loaded: {signal.strsignal(-done.returncode)}"
    lines = done.stderr.strip().splitlines()
    return f"does not load: {lines[-1] if lines else done.returncode}"


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def _cgroup(name: str) -> str:
    try:
        return Path("/sys/fs/cgroup", name).read_text().strip()
    except OSError:
        return ""
