"""Habits of the whole source that no linter checks."""

from __future__ import annotations

import ast
import builtins

import pytest
from source_tree import ROOT, SOURCE, calls_of, imports_of, modules, package_of, tree_of

LONGEST_FILE = 300
FOGGY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
SEEDS = {"campaign", "station", "cli"}
"""The packages that make a Generator out of a seed; all others take one as an argument."""


def line_count(path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_the_limit():
    paths = [*modules(), *ROOT.glob("setup/*.py"), *ROOT.glob("benchmarks/**/*.py")]
    assert {str(p.relative_to(ROOT)) for p in paths if line_count(p) > LONGEST_FILE} == set()


def test_no_module_has_a_name_that_says_nothing():
    assert [str(p) for p in modules() if FOGGY_NAMES & set(p.stem.split("_"))] == []


def test_nothing_prints_outside_the_command_line():
    found = [
        f"{path.relative_to(SOURCE)}:{line}"
        for path in modules()
        if package_of(path) != "cli"
        for line, name in calls_of(tree_of(path))
        if name == "print"
    ]
    assert found == []


def global_randomness(tree: ast.Module, path) -> list[str]:
    """Uses of NumPy's or Python's global random state, and generators made out of nothing."""
    allowed = {"Generator"} | (
        {"default_rng", "SeedSequence"} if package_of(path) in SEEDS else set()
    )
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in ("np.random", "numpy.random")
        and node.attr not in allowed
    ]
    for line, name in imports_of(tree, path):
        top, _, rest = name.partition(".")
        foreign = top == "random" or top == "secrets"
        if foreign or (rest.startswith("random.") and rest.split(".")[1] not in allowed):
            found.append(f"{path.relative_to(SOURCE)}:{line}: {name}")
    return found


def test_randomness_comes_from_a_generator_alone():
    assert [use for path in modules() for use in global_randomness(tree_of(path), path)] == []


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nnp.random.seed(0)",
        "import numpy as np\nrng = np.random.default_rng(0)",
        "import random",
        "from random import choice",
        "from numpy.random import default_rng",
    ],
)
def test_planted_global_randomness_is_found(code):
    assert len(global_randomness(ast.parse(code), SOURCE / "perception" / "planted.py")) == 1


def foreign_raises(tree: ast.Module) -> list[int]:
    """Lines that raise one of Python's own exceptions.

    `TypeError` is free: a developer causes it, no user can.
    """
    own = {name for name, value in vars(builtins).items() if isinstance(value, type)}
    own -= {"TypeError"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(raised, ast.Name) and raised.id in own:
                found.append(node.lineno)
    return found


def test_errors_come_from_the_own_tree():
    found = [
        f"{path.relative_to(SOURCE)}:{line}"
        for path in modules()
        if package_of(path) != "cli"
        for line in foreign_raises(tree_of(path))
    ]
    assert found == []
    assert foreign_raises(ast.parse("raise ValueError('x')")) == [1]


def test_a_package_says_in_five_lines_what_goes_in_and_out():
    long = {
        str(path.relative_to(SOURCE)): ast.get_docstring(tree_of(path))
        for path in SOURCE.glob("*/__init__.py")
        if not 1 <= len((ast.get_docstring(tree_of(path)) or "").splitlines()) <= 5
    }
    assert long == {}


def test_a_package_reexports_only_its_own_names():
    for path in SOURCE.glob("*/__init__.py"):
        package = package_of(path)
        foreign = {
            name
            for _, name in imports_of(tree_of(path), path)
            if name.startswith("cellpick.") and name.split(".")[1] != package
        }
        assert foreign == set(), path
