"""What the terminal shows: progress while it works, tables at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

Progress = Callable[[str], None]
"""Told in words what the program does now."""


@contextmanager
def progress_line(*, silent: bool) -> Iterator[Progress]:
    """A line on stderr that always says what goes on; none when `silent` or not a terminal."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield lambda _: None
        return
    with console.status("starting") as status:
        yield status.update


def counted(number: int, noun: str) -> str:
    """`1 look`, `2 looks`: a number before a noun whose plural ends in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def show_ideal(cameras: Sequence[str]) -> None:
    """A line on stdout that names cameras whose depth has no error; none where there are none."""
    if cameras:
        typer.echo(f"ideal depth, without any error as no real camera's: {', '.join(cameras)}")


def show_json(value: Mapping[str, Any]) -> None:
    """Print `value` as JSON on stdout."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def show_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None
) -> None:
    """Print a table on stdout; no line for a header of empty names.

    `width` in characters is for where stdout is no terminal; one that is narrower than the table
    gets up to this width all the same and wraps its lines, as it would cut figures otherwise.
    """
    # as Text: a name in square brackets is a name, no markup
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    table.show_header = any(header)
    for index, name in enumerate(header):
        table.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    if width is not None:
        uncut = Measurement.get(console, console.options.update(width=width), table).maximum
        console.width = max(console.width, uncut) if console.is_terminal else width
    console.print(table)
