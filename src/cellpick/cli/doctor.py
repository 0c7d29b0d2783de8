"""`cellpick doctor`: whether this machine can run cellpick, and what it lacks."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from typing import Any

import typer

from cellpick.cli.options import AsJson
from cellpick.cli.shared_libraries import missing_libraries, remedy
from cellpick.cli.terminal import progress_line, show_json, show_table
from cellpick.errors import UnavailableError


def doctor(as_json: AsJson = False) -> None:
    """Tell versions, missing libraries, cores, threads and memory; exit 3 if something is missing.

    Example: `cellpick doctor --json`
    """
    with progress_line(silent=as_json) as progress:
        progress("loading every dependency once")
        found = _examine()
    if as_json:
        show_json(found)
    else:
        _show(found)
    if found["problems"]:
        raise UnavailableError("; ".join(found["problems"]))


def _examine() -> dict[str, Any]:
    from cellpick.cli.machine import dependencies, machine, threads

    needed = dependencies()
    missing = missing_libraries()
    problems = [f"{d.name} {d.version}: {d.problem}" for d in needed if d.problem]
    if missing:
        problems.append(f"shared libraries missing: {', '.join(missing)}; {remedy(missing)}")
    return {
        "cellpick": version("cellpick"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "executable": sys.executable,
        "dependencies": {d.name: d.version for d in needed},
        "missing_libraries": list(missing),
        **machine()._asdict(),
        "threads": threads(),
        "problems": problems,
    }


def _show(found: dict[str, Any]) -> None:
    show_table(
        f"cellpick {found['cellpick']}",
        ("dependency", "version"),
        [(name, number or "missing") for name, number in found["dependencies"].items()],
    )
    libraries = ", ".join(found["missing_libraries"]) or "none"
    limits = ", ".join(f"{name}={value or 'unset'}" for name, value in found["threads"].items())
    typer.echo(f"Python {found['python']} at {found['executable']} on {found['platform']}")
    typer.echo(f"shared libraries missing: {libraries}")
    typer.echo(f"cores {found['cores']}, usable {found['usable_cores']:g}; {limits}")
    typer.echo(f"memory {found['memory_gib']:.1f} GiB")
