"""`cellpick sweep`: one scene over many values of its keys."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellpick.cli.campaign_progress import campaign_progress
from cellpick.cli.engine import Cluster, Workers, engine_of
from cellpick.cli.options import AsJson
from cellpick.cli.terminal import counted, show_json, show_table

WIDTH = 130
"""Of the table in a log."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def sweep(
    name_or_path: Annotated[
        str, typer.Argument(metavar="SWEEP", help="A sweep file, or the name of a shipped sweep.")
    ],
    workers: Workers = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the results.  [runs/sweep-NAME]"),
    ] = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Run a sweep; the same command goes on where an earlier one was stopped.

    The folder gets every episode's record, `episodes.parquet`, `attempts.parquet` and a report.
    Episodes that fail are part of the data: the command exits with 0 once all have run, and tells
    the strongest effects of the swept keys on each figure.

    Example: `cellpick sweep gap_and_jitter --workers 2`
    """
    from cellpick.campaign import load_sweep, run_campaign, sweep_plan, write_pages
    from cellpick.campaign.pages import read_effects
    from cellpick.campaign.results_folder import read_records

    chosen = load_sweep(name_or_path)
    plan = sweep_plan(chosen)
    engine = engine_of(workers, cluster)
    folder = out or Path("runs") / f"sweep-{chosen.name}"
    with campaign_progress(plan, read_records(folder), silent=as_json) as show:
        records = run_campaign(plan, folder, engine, show)
    page = write_pages(folder)
    if as_json:
        show_json({"folder": str(folder), **counts(records)})
    else:
        rows = [(name.replace("_", " "), str(value)) for name, value in counts(records).items()]
        show_table(f"sweep {chosen.name}", ("", ""), rows)
        show_effects(read_effects(folder))
        typer.echo(f"report: {page}")


def show_effects(effects: Mapping[str, Any]) -> None:
    """The strongest effects on each figure, and what did not vary."""
    from cellpick.report import effect_lines

    table, still = effect_lines(effects)
    header = ("figure", "key", "mean", "of the variance", "chance")
    if table:
        show_table("strongest effects", header, table, width=WIDTH)
        typer.echo(f"p is adjusted for all {counted(effects['tests'], 'test')} (Holm)")
    if still:
        typer.echo(f"did not vary: {'; '.join(still)}")


def counts(records: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How the episodes ended, and what became of their cells."""
    ended, cells = Counter[str](), Counter[str]()
    for record in records:
        ended[record["status"]] += 1
        found = ("cells", "found") if record["kind"] == "look" else ("cells_total", "placed_ok")
        for name in found:
            cells[name] += (record["summary"] or record["first_look"]).get(name, 0)
    return {"episodes": ended.total(), **ended, **cells}
