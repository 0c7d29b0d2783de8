"""Which shared libraries of the system Open3D needs, which of them are missing, and the remedy.

Imports the standard library alone: `make` runs this file with the bare system Python, before
anything is installed. As root on Debian or Ubuntu it installs what is missing; otherwise it prints
the one command that does, and exits with 3.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys

DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libudev.so.1": "libudev1",
    "libidn2.so.0": "libidn2-0",
    "libstdc++.so.6": "libstdc++6",
}
"""Shared library -> Debian package: what libOpen3D.so links against (`objdump -p`) beyond the C
library and what pip brings. libusb comes from the PyPI package libusb-package."""


def missing_libraries() -> tuple[str, ...]:
    """Names of the libraries that the dynamic loader does not find; empty except on Linux."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(name for name in DEBIAN_PACKAGES if not _loads(name))


def remedy(missing: tuple[str, ...]) -> str:
    """The one shell command that installs the libraries `missing` on Debian and Ubuntu."""
    packages = " ".join(DEBIAN_PACKAGES[name] for name in missing)
    return f"sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends {packages}'"


def ensure_libraries() -> int:
    """Install what is missing if that is possible; returns the exit code, 0 or 3."""
    missing = missing_libraries()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing the system libraries {', '.join(missing)} ...", flush=True)
        _apt_install(missing)
        missing = missing_libraries()
    if not missing:
        return 0
    print(
        f"error: Open3D needs shared libraries that this system lacks: {', '.join(missing)}\n"
        f"On Debian and Ubuntu, this command installs them:\n  {remedy(missing)}",
        file=sys.stderr,
    )
    return 3


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _apt_install(missing: tuple[str, ...]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [DEBIAN_PACKAGES[name] for name in missing]
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    # a broken third-party list fails the update but need not hinder the installation
    subprocess.run(["apt-get", "update", "-q"], env=environment, check=False)
    subprocess.run(install, env=environment, check=False)


if __name__ == "__main__":
    sys.exit(ensure_libraries())
