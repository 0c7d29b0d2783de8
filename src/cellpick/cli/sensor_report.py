"""`cellpick sensor-report`: cameras measured on virtual targets, beside the published figures."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellpick.cli.options import AsJson
from cellpick.cli.terminal import Progress, progress_line, show_table

if TYPE_CHECKING:
    from cellpick.metrology import CameraReport
    from cellpick.scene import CameraModel

MISSES_A_THRESHOLD = 1
ALL = "all"


def sensor_report(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="PRESET",
            help="A camera's file, the name of a shipped one, or `all` for every shipped one.",
        ),
    ],
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="All chance is drawn from it.")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the results.  [runs/sensors-PRESET]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure cameras on virtual targets, as a laboratory would: published, measured, ratio.

    Plates, a step, a ball plate and a grey scale; noise over distance and angle as plots. Exits
    with 1 when a published noise figure is missed by more than a tenth.

    Example: `cellpick sensor-report zivid_2plus_m60 --out report`
    """
    from cellpick.metrology import sensors_document
    from cellpick.report import json_text, make_folder, write_sensors
    from cellpick.report.sensor_table import HEADER, compared_rows

    with progress_line(silent=as_json) as progress:
        progress("reading the cameras' files")
        models = _models(preset)
        folder = make_folder(out or Path("runs") / f"sensors-{Path(preset).stem}")
        reports = _measured(models, seed, progress)
        document = sensors_document(reports, seed=seed, version=version("cellpick"))
        progress("writing the report")
        page = write_sensors(folder, document)
    if as_json:
        typer.echo(json_text(document, indent=1))
    else:
        rows = compared_rows(document)
        for name in dict.fromkeys(row[0] for row in rows):
            show_table(name, HEADER[1:7], [row[1:7] for row in rows if row[0] == name])
        typer.echo(f"report: {page}")
    if any(camera["missed"] for camera in document["cameras"]):
        raise typer.Exit(MISSES_A_THRESHOLD)


def _models(preset: str) -> list[tuple[CameraModel, CameraModel]]:
    """The cameras, each at the read-out of its file and at that of its full sensor."""
    from cellpick.scene import data_folder, find_model, load_camera

    if preset == ALL:
        paths = sorted((data_folder("models") / "cameras").glob("*.yaml"))
    else:
        paths = [find_model("cameras", preset, Path.cwd())]
    return [(load_camera(path), load_camera(path, subsample=1)) for path in paths]


def _measured(
    models: list[tuple[CameraModel, CameraModel]], seed: int, progress: Progress
) -> list[CameraReport]:
    import numpy as np

    from cellpick.metrology import measure_camera

    reports = []
    for done, (model, native) in enumerate(models):
        progress(f"measuring {model.name} ({done + 1} of {len(models)})")
        reports.append(measure_camera(model, native, np.random.default_rng(seed)))
    return reports
