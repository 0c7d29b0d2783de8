"""What was measured of cameras, as files: JSON, Markdown, plots, and a page that opens offline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cellpick.report.files import make_folder, write_whole
from cellpick.report.plain_json import json_text
from cellpick.report.sensor_plots import curve_svg
from cellpick.report.sensor_table import amount, compared_rows, markdown, place


def write_sensors(folder: Path, document: Mapping[str, Any]) -> Path:
    """Write `sensors.json`, `sensors.md`, `plots/` and `sensors.html`; returns the page.

    `document` is what `metrology.sensors_document` gives. Raises `UnavailableError` naming the
    path.
    """
    plots = {
        camera["name"]: {curve["key"]: curve_svg(curve) for curve in camera["curves"]}
        for camera in document["cameras"]
    }
    make_folder(folder)
    pictures = make_folder(folder / "plots")
    for name, pictured in plots.items():
        for key, svg in pictured.items():
            write_whole(pictures / f"{name}-{key}.svg", svg.encode())
    write_whole(folder / "sensors.json", (json_text(document, indent=1) + "\n").encode())
    write_whole(folder / "sensors.md", markdown(document).encode())
    return write_whole(folder / "sensors.html", _page(document, plots).encode())


def _page(document: Mapping[str, Any], plots: Mapping[str, Mapping[str, str]]) -> str:
    environment = Environment(
        loader=PackageLoader("cellpick.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["amount"] = amount
    environment.filters["place"] = place
    text: str = environment.get_template("sensors.html.j2").render(
        d=document, rows=compared_rows(document), plots=plots
    )
    return text
