"""`report.html`: one run on one page that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from cellpick.geometry import Floats
from cellpick.report.files import make_folder, write_whole
from cellpick.report.overlay import draw_estimates
from cellpick.report.pictures import data_uri
from cellpick.report.plain_json import plain
from cellpick.report.svg import histogram, stacked_bar
from cellpick.report.tray_plan import MAGNIFIED, statuses, tray_plan
from cellpick.structures import CaptureSet, CellEstimates, Recipe

_PICTURE_WIDTH_PX = 1200


@dataclass(frozen=True, eq=False)
class ReportData:
    """All that the page shows."""

    summary: Mapping[str, Any]
    """The fields of `summary.json`."""
    command: str
    """How to reproduce the run, from its own folder."""
    recipe: Recipe
    """What the station was told: the cell, the tray's nominal place, the tolerances."""
    look: CaptureSet
    """The first look."""
    estimates: CellEstimates
    """What perception made of it."""
    Ts_base_true: Floats = field(default_factory=lambda: np.zeros((0, 4, 4)))
    """(m, 4, 4) true cells at that look, in the base frame; zero rows where none are known."""
    pose_errors_mm: Sequence[float] = ()
    """Position errors of the estimates, all looks."""
    pose_errors_deg: Sequence[float] = ()
    """Their angle errors."""
    place_errors_mm: Sequence[float] = ()
    """Position errors of the placed cells."""
    place_errors_deg: Sequence[float] = ()
    """Their angle errors."""
    simulated_s: Mapping[str, float] = field(default_factory=dict)
    """Station time by stage."""
    measured_s: Mapping[str, float] = field(default_factory=dict)
    """Computing time on this machine by stage."""
    picks: Sequence[Mapping[str, Any]] = ()
    """The attempts: `number`, `code`, `slot`, `status`, `cause`, `place_error_mm`,
    `place_error_deg`, `cycle_time_s`; a missing one is left blank."""
    note: str = ""
    """A label for all to see, such as that an oracle took the place of perception."""


def write_html(folder: Path, data: ReportData) -> Path:
    """Write `report.html`, all of it or nothing; raises `UnavailableError` naming the path."""
    return write_whole(make_folder(folder) / "report.html", render(data).encode())


def render(data: ReportData) -> str:
    """The page as HTML text; it loads nothing from elsewhere."""
    recipe, cell = data.recipe, data.look.task.cell
    pictures = [
        {
            "name": capture.calibration.camera,
            "kind": "2D" if capture.depth is None else "3D",
            "uri": data_uri(draw_estimates(capture, data.estimates, cell, _PICTURE_WIDTH_PX)),
        }
        for capture in data.look.captures
    ]
    plots = {
        "pose_mm": histogram(data.pose_errors_mm, "mm"),
        "pose_deg": histogram(data.pose_errors_deg, "degrees"),
        "place_mm": histogram(data.place_errors_mm, "mm", 1e3 * recipe.place_tolerance_m),
        "place_deg": histogram(
            data.place_errors_deg, "degrees", float(np.degrees(recipe.place_tolerance_rad))
        ),
        "simulated": stacked_bar(data.simulated_s),
        "measured": stacked_bar(data.measured_s),
        "tray": tray_plan(
            data.estimates, cell, data.Ts_base_true, recipe.T_base_tray, recipe.tray_size_m
        ),
    }
    text: str = (
        page_environment()
        .get_template("report.html.j2")
        .render(
            s=plain(data.summary),
            command=data.command,
            note=data.note,
            pictures=pictures,
            plots=plots,
            statuses=statuses(data.estimates),
            estimates=_refused(data.estimates),
            has_truth=len(data.Ts_base_true) > 0,
            magnified=MAGNIFIED,
            picks=plain(list(data.picks)),
            tolerance_mm=1e3 * recipe.place_tolerance_m,
            tolerance_deg=float(np.degrees(recipe.place_tolerance_rad)),
        )
    )
    return text


def _refused(estimates: CellEstimates) -> list[dict[str, str]]:
    """Cells whose status is not ok, with the reason."""
    return [
        {"row": str(i), "status": status, "reason": estimates.reason[i]}
        for i, status in enumerate(estimates.status)
        if status != "ok"
    ]


@cache
def page_environment() -> Environment:
    """Where the pages' templates are; undefined names are errors."""
    environment = Environment(
        loader=PackageLoader("cellpick.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    return environment


def _figure(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals; a dash where there is none."""
    return "\u2013" if value is None else f"{value:.{digits}f}"
