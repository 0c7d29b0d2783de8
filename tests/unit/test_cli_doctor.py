"""What the machine lacks is found, named and, where possible, put right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from cellpick.cli import machine, main, shared_libraries

SCRIPT = Path(shared_libraries.__file__)


@pytest.fixture
def doctor(monkeypatch, capsys):
    def run(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["cellpick", "doctor", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capsys.readouterr()
        return SimpleNamespace(code=caught.value.code or 0, out=streams.out, err=streams.err)

    return run


@pytest.fixture
def quick(monkeypatch):
    """Skip the loading of every dependency, which takes seconds."""
    found = [machine.Dependency("numpy", "2.0", "")]
    monkeypatch.setattr(machine, "dependencies", lambda: found)
    return found


@pytest.fixture
def without_libegl(monkeypatch):
    loads = shared_libraries._loads
    monkeypatch.setattr(
        shared_libraries, "_loads", lambda name: name != "libEGL.so.1" and loads(name)
    )


def test_a_whole_machine_is_well_and_described(doctor):
    done = doctor("--json")
    found = json.loads(done.out)
    assert (done.code, done.err, found["problems"]) == (0, "", [])
    assert found["dependencies"]["numpy"]
    assert found["missing_libraries"] == []
    assert 0 < found["usable_cores"] <= found["cores"]
    assert found["memory_gib"] > 0.1
    assert "OMP_NUM_THREADS" in found["threads"]


def test_the_words_say_the_same(doctor, quick, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    done = doctor()
    assert done.code == 0
    for words in ("numpy", "shared libraries missing: none", "OMP_NUM_THREADS=2", "GiB"):
        assert words in done.out


def test_a_missing_library_ends_with_3_and_the_command_that_helps(doctor, quick, without_libegl):
    done = doctor("--json")
    assert json.loads(done.out)["missing_libraries"] == ["libEGL.so.1"]
    assert done.code == 3
    assert "shared libraries missing: libEGL.so.1; sudo sh -c 'apt-get update" in done.err
    assert "libegl1'" in done.err


def test_a_dependency_that_will_not_do_ends_with_3(doctor, quick):
    quick.append(machine.Dependency("open3d", "0.19", "does not load: ImportError: libGL"))
    done = doctor()
    assert done.code == 3
    assert done.err == "error: open3d 0.19: does not load: ImportError: libGL\n"


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ("numpy>=1.26", ""),
        ("numpy>=1000", "need >=1000"),
        ("cellpick-no-such-package", "not installed"),
    ],
)
def test_dependencies_are_examined(requirement, problem):
    assert machine.examine(Requirement(requirement)).problem == problem


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import no_such_module", "does not load: ModuleNotFoundError: No module named"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "crashes when loaded: Illegal"),
        ("import json", ""),
    ],
)
def test_a_dependency_that_fails_or_crashes_when_loaded_is_named(code, problem, monkeypatch):
    monkeypatch.setitem(machine.IMPORTS, "numpy", code)
    found = machine.examine(Requirement("numpy")).problem
    assert found.startswith(problem)
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("files", "cores", "gib"),
    [
        ({"cpu.max": "50000 100000", "memory.max": str(2**29)}, 0.5, 0.5),
        ({"cpu.max": "max 100000", "memory.max": "max"}, None, None),
        ({}, None, None),
    ],
)
def test_a_container_s_limits_are_told(monkeypatch, files, cores, gib):
    monkeypatch.setattr(machine, "_cgroup", lambda name: files.get(name, ""))
    found = machine.machine()
    assert cores is None or found.usable_cores == cores
    assert gib is None or found.memory_gib == gib
    assert found.usable_cores <= found.cores


def ensure(monkeypatch, *, root: bool, apt: bool, cures: bool) -> tuple[int, list[list[str]]]:
    """The exit code of the set-up's check, and the commands that it ran."""
    missing, commands = ["libGL.so.1"], []

    def run(command, **_):
        commands.append(command)
        if cures and "install" in command:
            missing.clear()

    monkeypatch.setattr(shared_libraries, "missing_libraries", lambda: tuple(missing))
    monkeypatch.setattr(shared_libraries.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(shared_libraries.shutil, "which", lambda _: "/x" if apt else None)
    monkeypatch.setattr(shared_libraries.subprocess, "run", run)
    return shared_libraries.ensure_libraries(), commands


def test_as_root_on_debian_the_packages_are_installed(monkeypatch, capsys):
    code, commands = ensure(monkeypatch, root=True, apt=True, cures=True)
    assert code == 0
    assert [command[:2] for command in commands] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[1][-2:] == ["--no-install-recommends", "libgl1"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("root", "apt"), [(False, True), (True, False), (True, True)])
def test_otherwise_the_one_command_is_printed(monkeypatch, capsys, root, apt):
    code, _ = ensure(monkeypatch, root=root, apt=apt, cures=False)
    assert code == 3
    assert capsys.readouterr().err == (
        "error: Open3D needs shared libraries that this system lacks: libGL.so.1\n"
        "On Debian and Ubuntu, this command installs them:\n"
        "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends libgl1'\n"
    )


def test_a_library_that_is_not_there_is_found_missing(monkeypatch):
    packages = {"libm.so.6": "libc6", "libnosuch.so.9": "libnosuch9"}
    monkeypatch.setattr(shared_libraries, "DEBIAN_PACKAGES", packages)
    assert shared_libraries.missing_libraries() == ("libnosuch.so.9",)


def test_the_check_runs_before_anything_is_installed():
    """Isolated and without site-packages: the standard library must do."""
    done = subprocess.run([sys.executable, "-I", "-S", SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
