"""`cellpick compare`: two campaigns of one suite or sweep, figure by figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellpick.cli.bench import MISSES_A_THRESHOLD, show_changes
from cellpick.cli.options import AsJson


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="A", help="A result folder or a baseline file: the baseline.")
    ],
    after: Annotated[
        Path,
        typer.Argument(metavar="B", help="A result folder or a baseline file: what is judged."),
    ],
    as_json: AsJson = False,
) -> None:
    """Say of each figure whether B is better or worse than A, or that there is no evidence.

    Episodes are compared as pairs where both have them, else within each case. Exits with 1 where
    a figure has become worse.

    Example: `cellpick compare runs/before runs/after`
    """
    from cellpick.campaign import comparison_document, read_baseline, refuse_another_suite
    from cellpick.report import json_text

    baseline, current = read_baseline(before), read_baseline(after)
    cases = list(dict.fromkeys(sample.case for sample in current.samples))
    refuse_another_suite(baseline, current.suite, cases, before)
    compared = comparison_document(baseline, current.samples, current.revision)
    if as_json:
        typer.echo(json_text(compared, indent=1))
    else:
        show_changes(compared)
        typer.echo(f"worse: {', '.join(compared['worse']) or 'nothing'}")
    if compared["worse"]:
        raise typer.Exit(MISSES_A_THRESHOLD)
