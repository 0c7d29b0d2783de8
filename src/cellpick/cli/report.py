"""`cellpick report`: a campaign's page and tables again, from its data alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of a `sweep` or a `bench`.")
    ],
) -> None:
    """Make `report.html` and the Parquet tables of a campaign again, from its records.

    Example: `cellpick report runs/sweep-gap_and_jitter`
    """
    from cellpick.campaign import write_pages

    typer.echo(f"report: {write_pages(folder)}")
