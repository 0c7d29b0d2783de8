"""The set-up script: what it needs, what it remembers, and what it says when it cannot."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """The set-up script as a module, on a checkout of its own."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "setup" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    inputs = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt")
    for path in inputs:
        path.write_text("first")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", venv)
    monkeypatch.setattr(module, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", venv / "cellpick-setup")
    monkeypatch.setattr(module, "INPUTS", inputs)
    return module


@pytest.fixture
def steps(environment, monkeypatch):
    """What the script does, without doing it."""
    taken: list[str] = []

    def create():
        environment.VENV.mkdir()
        taken.append("create")

    monkeypatch.setattr(environment, "_environment_works", lambda: environment.VENV.exists())
    monkeypatch.setattr(environment, "_create", create)
    monkeypatch.setattr(environment, "_install", lambda: taken.append("install"))
    return taken


@pytest.mark.parametrize("script", ["setup/environment.py", "src/cellpick/cli/shared_libraries.py"])
def test_a_script_of_the_set_up_imports_the_standard_library_alone(script):
    tree = ast.parse((ROOT / script).read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names


def test_repeated_calls_install_nothing(environment, steps):
    assert [environment.main() for _ in range(3)] == [0, 0, 0]
    assert steps == ["create", "install"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_pin_installs_again_into_the_same_environment(environment, steps, name):
    environment.main()
    (environment.ROOT / name).write_text("second")
    assert environment.main() == 0
    assert steps == ["create", "install", "install"]


def test_a_failed_installation_is_told_and_tried_again(environment, steps, monkeypatch, capsys):
    def fail():
        raise subprocess.CalledProcessError(1, ["pip", "install"])

    with monkeypatch.context() as broken:
        broken.setattr(environment, "_install", fail)
        assert environment.main() == 3
    assert "error: the set-up of" in capsys.readouterr().err
    assert environment.main() == 0
    assert steps == ["create", "install"]


def test_without_ensurepip_the_system_s_pip_lends_one(environment, monkeypatch):
    """Debian's python3 has neither ensurepip nor leave to install beside it (PEP 668)."""
    commands = []
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda n: n == "pip" or None)
    monkeypatch.setattr(environment.subprocess, "run", lambda c, **k: commands.append((c, k)))
    environment._create()
    [(command, options)] = commands
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    target = command[command.index("--target") + 1]
    assert Path(target).is_dir()
    assert options["env"]["PIP_USER"] == "0"


def test_without_any_pip_the_package_that_brings_it_is_named(environment, monkeypatch, capsys):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    assert environment.main() == 3
    assert "on Debian and Ubuntu, python3-pip brings it" in capsys.readouterr().err


def test_an_environment_of_another_python_does_not_work(environment, monkeypatch):
    class Answer:
        returncode, stdout = 0, "3 12\n"

    monkeypatch.setattr(environment.subprocess, "run", lambda *a, **k: Answer)
    assert not environment._environment_works()
    Answer.stdout = "3 11\n"
    assert environment._environment_works()


def test_constraints_hold_names_and_versions_alone():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert not [line for line in pins if "/" in line or "@" in line or "==" not in line]


def test_every_direct_dependency_is_pinned():
    from importlib.metadata import requires

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    pinned = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    wanted = [Requirement(text) for text in requires("cellpick") or []]
    here = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": "dev"})]
    assert {canonicalize_name(r.name) for r in here} <= pinned


def test_a_wrong_python_is_refused_with_a_clear_message():
    done = subprocess.run(
        ["make", "-s", "-C", str(ROOT), "setup", "PYTHON="], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "cellpick needs Python 3.10 or 3.11" in done.stderr
