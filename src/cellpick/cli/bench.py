"""`cellpick bench`: a suite of scenes, judged by its limits and beside its baseline."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellpick.cli.campaign_progress import campaign_progress
from cellpick.cli.engine import Cluster, Workers, engine_of
from cellpick.cli.options import AsJson
from cellpick.cli.terminal import show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellpick.campaign import Baseline, Suite

MISSES_A_THRESHOLD = 1
WIDTH = 110
"""Of the table in a log."""


def bench(
    suite: Annotated[
        str, typer.Argument(metavar="SUITE", help="A suite file, or the name of a shipped suite.")
    ],
    workers: Workers = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the results.  [runs/bench-SUITE]"),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Compare with it: a file of `--save-baseline`, or a result folder."
        ),
    ] = None,
    save_baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep this result as a baseline for later ones."),
    ] = None,
    cluster: Cluster = None,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="Stop as soon as the success rate is clear.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a benchmark suite; exits with 1 where a limit is missed or a figure has become worse.

    The folder gets `results.json`, `junit.xml`, `summary.md`, every episode's record and a report.
    The same command goes on where an earlier one was stopped.

    Example: `cellpick bench smoke --out runs/smoke --baseline smoke.baseline.json`
    """
    from cellpick.campaign import (
        EarlyStop,
        evaluate_suite,
        load_suite,
        run_campaign,
        write_pages,
        write_suite_files,
    )
    from cellpick.campaign.results_folder import read_records
    from cellpick.report import json_text, ready_file

    chosen = load_suite(suite)
    plan = chosen.plan()
    before = None if baseline is None else _baseline(baseline, chosen)
    early_stop = EarlyStop(chosen, plan) if sequential else None
    if save_baseline is not None:
        ready_file(save_baseline)
    engine = engine_of(workers, cluster)
    folder = out or Path("runs") / f"bench-{chosen.name}"
    if early_stop is not None:
        for record in read_records(folder):
            early_stop.observe(record)
    with campaign_progress(plan, read_records(folder), silent=as_json) as show:

        def observe(record: dict[str, Any]) -> bool:
            show(record)
            return early_stop is None or early_stop.observe(record)

        records = run_campaign(plan, folder, engine, observe)
    results = evaluate_suite(chosen, plan, records, before, early_stop)
    now = datetime.now().isoformat(timespec="seconds")
    write_suite_files(folder, results, records, now, socket.gethostname())
    page = write_pages(folder)
    if save_baseline is not None:
        _save(save_baseline, chosen, records)
    if as_json:
        typer.echo(json_text(results, indent=1))
    else:
        _show(results, page)
    if not results["passed"]:
        raise typer.Exit(MISSES_A_THRESHOLD)


def _baseline(path: Path, suite: Suite) -> Baseline:
    from cellpick.campaign import read_baseline, refuse_another_suite

    found = read_baseline(path)
    refuse_another_suite(found, suite.name, [case.name for case in suite.cases], path)
    return found


def _save(path: Path, suite: Suite, records: Sequence[dict[str, Any]]) -> None:
    from importlib.metadata import version

    from cellpick.campaign import Baseline
    from cellpick.campaign.sample import samples_of
    from cellpick.installation import revision
    from cellpick.report import json_text, write_whole

    kept = Baseline(suite.name, version("cellpick"), revision(), tuple(samples_of(records)))
    write_whole(path, json_text(kept.document(), indent=1).encode() + b"\n")


def _show(results: dict[str, Any], page: Path) -> None:
    """The table, what does not hold, and how to see it again."""
    from cellpick.report import campaign_words as words

    show_table(
        f"suite {results['name']}", words.SHORT_HEADER, words.short_rows(results), width=WIDTH
    )
    for verdict in results["verdicts"]:
        if verdict["status"] != "pass":
            typer.echo(f"missed: {words.verdict_line(verdict)}")
            if verdict["command"]:
                typer.echo(f"  seed {verdict['seed']}: {verdict['command']}")
    if results["sequential"]:
        typer.echo(words.sequential_words(results["sequential"]))
    if results["baseline"]:
        show_changes(results["baseline"])
    typer.echo(f"report: {page}")


def show_changes(compared: dict[str, Any]) -> None:
    """A line for every figure that the baseline has too, after one that says what made the two."""
    from cellpick.report.campaign_words import change_words

    before, now = compared["revisions"]
    if before != now:
        typer.echo(f"revisions of cellpick: {before} of the baseline, {now} of what is compared")
    changes = {n: c for n, c in compared["figures"].items() if all(c["episodes"])}
    same = [name for name, change in changes.items() if change["least_p"] == 1]
    for name in (n for n in changes if n not in same):
        typer.echo(f"since the baseline: {change_words(name, changes[name])}")
    if same:
        typer.echo(f"since the baseline: nothing differs in {', '.join(same)}")
