"""Makes `.venv` ready: creates it, installs cellpick with its pinned dependencies, remembers that.

Imports the standard library alone and needs neither `ensurepip` nor Debian's python3-venv package:
where Python cannot bring its own pip, the system's pip lends one. Repeated calls do nothing as long
as pyproject.toml, constraints.txt and this file stay the same.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "cellpick-setup"
INPUTS = (ROOT / "pyproject.toml", ROOT / "constraints.txt", Path(__file__))
SUPPORTED = ((3, 10), (3, 11))
# settings of the user's own pip that would send packages elsewhere, or stop it as root
PIP_SETTINGS = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"}


def main() -> int:
    """Set up what is not set up yet; returns the exit code, 0 or 3."""
    if _environment_works() and STAMP.exists() and STAMP.read_text() == _fingerprint():
        return 0
    try:
        if not _environment_works():
            print(f"Creating the environment {VENV} ...", flush=True)
            _create()
        print("Installing cellpick and its dependencies (minutes, the first time) ...", flush=True)
        _install()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"error: the set-up of {VENV} failed: {error}", file=sys.stderr)
        return 3
    STAMP.write_text(_fingerprint())
    return 0


def _fingerprint() -> str:
    digest = hashlib.sha256(str(ROOT).encode())
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _environment_works() -> bool:
    """Whether `.venv` has a Python of a supported version, and pip."""
    probe = "import sys, pip; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([PYTHON, "-I", "-c", probe], capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and tuple(map(int, answer.stdout.split())) in SUPPORTED


def _create() -> None:
    venv.create(VENV, clear=True, symlinks=True, with_pip=False)
    if importlib.util.find_spec("ensurepip"):
        subprocess.run([PYTHON, "-I", "-m", "ensurepip", "--default-pip"], check=True)
        return
    site_packages = VENV / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    # --target is free of PEP 668 ("externally managed") and of any version of pip
    subprocess.run(
        [*_system_pip(), "install", "-q", "--target", str(site_packages), "pip"],
        env={**os.environ, **PIP_SETTINGS},
        check=True,
    )


def _system_pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if path := shutil.which(name):
            return [path]
    raise OSError("there is neither ensurepip nor pip; on Debian and Ubuntu, python3-pip brings it")


def _install() -> None:
    quiet = [] if sys.stdout.isatty() else ["-q"]
    command = [str(PYTHON), "-I", "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    subprocess.run(
        [*command, "-c", "constraints.txt", "-e", ".[dev,bench]"],
        cwd=ROOT,
        env={**os.environ, **PIP_SETTINGS},
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
