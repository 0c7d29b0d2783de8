"""How a campaign comes along: done, rate, time left, success so far with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from cellpick.campaign import Plan

Record = dict[str, Any]
LINES = 10
"""In all, where the output is no terminal: CI's logs shall show that it lives."""


@contextmanager
def campaign_progress(
    plan: Plan, done: Iterable[Record], *, silent: bool
) -> Iterator[Callable[[Record], None]]:
    """Told each new record; a bar on stderr, or a few lines where that is no terminal."""
    tally = Tally(len(plan.episodes))
    for record in done:
        tally.add(record)
    console = Console(stderr=True)
    if silent:
        yield tally.add
    elif console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task("", total=tally.planned, completed=tally.done, told=tally.words)

            def show(record: Record) -> None:
                tally.add(record)
                bar.update(task, completed=tally.done, told=tally.words)

            yield show
    else:

        def tell(record: Record) -> None:
            tally.add(record)
            if tally.done * LINES // tally.planned > (tally.done - 1) * LINES // tally.planned:
                typer.echo(f"{tally.done} of {tally.planned} episodes, {tally.words}", err=True)

        yield tell


def _bar(console: Console) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.fields[told]}"), console=console)


class _Rate(TextColumn):
    """Episodes a minute."""

    def __init__(self) -> None:
        super().__init__("{task.speed}")

    def render(self, task: Any) -> Any:
        """In words; a dash before the first episode."""
        return f"{60 * task.speed:.1f}/min" if task.speed else "-"


class Tally:
    """Cells placed by the episodes so far; cells found, where all of them are looks."""

    def __init__(self, planned: int) -> None:
        self.planned = planned
        self._placed = _Share("success")
        self._found = _Share("found")
        self.done = 0
        self._broken = 0

    def add(self, record: Record) -> None:
        """Count a record."""
        self.done += 1
        self._broken += record["status"] != "done"
        summary, look = record["summary"], record["first_look"]
        if summary:
            self._placed.add(summary["placed_ok"], summary["cells_total"])
        elif look:
            self._found.add(look["found"], look["cells"])

    @property
    def words(self) -> str:
        """`success 98.3 % (96.1 to 99.2)`, and how many episodes did not end."""
        told = self._placed.words or self._found.words or "no cells yet"
        return told + (f", {self._broken} without a result" if self._broken else "")


class _Share:
    """Of the cells of episodes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._successes: list[int] = []
        self._cells: list[int] = []

    def add(self, successes: int, cells: int) -> None:
        """Count an episode."""
        self._successes.append(successes)
        self._cells.append(cells)

    @property
    def words(self) -> str:
        """Its rate with the interval; empty where there are no cells."""
        from cellpick.campaign.statistics import clustered_interval

        cells = sum(self._cells)
        if not cells:
            return ""
        low, high = clustered_interval(self._successes, self._cells)
        rate = sum(self._successes) / cells
        return f"{self._name} {100 * rate:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
