"""The measured cameras as one document of plain values, for files and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cellpick.geometry import Floats
from cellpick.metrology.definitions import DEFINITIONS
from cellpick.metrology.records import AGREES, CameraReport, Curve, Figure

SCHEMA = "cellpick.sensors/1"
DIGITS = 5


def sensors_document(reports: Sequence[CameraReport], *, seed: int, version: str) -> dict[str, Any]:
    """Everything that was measured, with what each figure means; None stands for no value."""
    used = {figure.key for report in reports for figure in report.figures}
    return {
        "schema": SCHEMA,
        "version": version,
        "seed": seed,
        "agrees_within": AGREES,
        "cameras": [_camera(report) for report in reports],
        "definitions": {key: d._asdict() for key, d in DEFINITIONS.items() if key in used},
    }


def _camera(report: CameraReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "principle": report.principle,
        "read_out_px": list(report.read_out_px),
        "native_px": list(report.native_px),
        "figures": [_figure(figure) for figure in report.figures],
        "missed": [figure.key for figure in report.missed],
        "curves": [_curve(curve) for curve in report.curves],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    compared = figure.published is not None and figure.measured == figure.measured
    return {
        "key": figure.key,
        "at_mm": _short(figure.at_mm),
        "published": figure.published,
        "measured": _short(figure.measured),
        "uncertainty": _short(figure.uncertainty),
        "ratio": _short(figure.ratio),
        "agrees": figure.agrees if compared else None,
        "source": figure.source,
        "certainty": figure.certainty,
    }


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "key": curve.key,
        "title": curve.title,
        "x_label": curve.x_label,
        "y_label": curve.y_label,
        "logarithmic": curve.logarithmic,
        "x": _all_short(curve.x),
        "series": [
            {"name": line.name, "style": line.style, "y": _all_short(line.y)}
            for line in curve.series
        ],
    }


def _all_short(values: Floats) -> list[float | None]:
    return [_short(float(value)) for value in values]


def _short(value: float | None) -> float | None:
    """So many digits as mean something; None for what is not finite."""
    if value is None or not abs(value) < float("inf"):
        return None
    return float(f"{value:.{DIGITS}g}")
