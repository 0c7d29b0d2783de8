"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Scene = Annotated[
    str, typer.Argument(metavar="SCENE", help="A scene file, or the name of a shipped scene.")
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, max=2**63 - 1, help="All chance is drawn from it.  [default: the scene's own]"
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Override a key of the scene, such as `tray.yaw_deg=5`; may be repeated.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines, and nothing else.")]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")]
Calibration = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="What is believed of the cameras: the file that `cellpick calibrate` wrote.",
    ),
]
