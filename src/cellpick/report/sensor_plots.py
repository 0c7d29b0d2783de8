"""Curves of a measured camera as SVG pictures that suit light and dark pages alike."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

COLOURS = ("#2a8fb0", "#d18b2c", "#6f9f3c", "#a24e8f", "#5a6acf", "#b5553c")
GREY = "#7b8694"
"""Reads on white and on black."""
SIZE_INCHES = (5.2, 3.3)
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cellpick",
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
}
FINE, COARSE = (1.0, 2.0, 3.0, 5.0), (1.0,)
"""Where a decade is marked, when there are up to two of them and when there are more."""


def curve_svg(curve: Mapping[str, Any]) -> str:
    """A curve of a sensors document as the text of one `<svg>` element."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        _draw(axes, curve)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": "cellpick"})
    text = file.getvalue()
    return text[text.index("<svg") :]


def _draw(axes: Any, curve: Mapping[str, Any]) -> None:
    x = np.array(curve["x"], dtype=np.float64)
    several = sum(line["style"] != "model" for line in curve["series"]) > 2
    drawn = 0
    for line in curve["series"]:
        y = np.array(line["y"], dtype=np.float64)
        if line["style"] == "model":
            colour = COLOURS[(drawn - 1) % len(COLOURS)] if several else GREY
            axes.plot(x, y, "--", color=colour, linewidth=1.3, label=line["name"] or "_", zorder=3)
            continue
        joined = "" if several or line["style"] == "points" else "-"
        colour = COLOURS[drawn % len(COLOURS)]
        marker = "o" if len(x) <= 20 else ""
        axes.plot(
            x, y, joined + marker, color=colour, markersize=4, linewidth=1.6, label=line["name"]
        )
        drawn += 1
    _scale(axes, curve, x)
    axes.set_xlabel(curve["x_label"])
    axes.set_ylabel(curve["y_label"])
    axes.grid(visible=True, which="major", color=GREY, alpha=0.2, linewidth=0.6)
    count = len(axes.get_legend_handles_labels()[0])
    if count > 1:
        where = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": count}
        axes.legend(frameon=False, labelcolor=GREY, fontsize=8, **(where if several else {}))


def _scale(axes: Any, curve: Mapping[str, Any], x: Any) -> None:
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    values = [v for line in curve["series"] for v in line["y"] if v is not None]
    if not curve["logarithmic"]:
        low, high = min([0.0, *values]), max([0.0, *values]) or 1.0
        axes.set_ylim(low * 1.06, high * 1.06)
        return
    if not any(v > 0 for v in values):
        # an ideal camera: no noise has a logarithm
        return
    axes.set_xscale("log")
    axes.set_yscale("log")
    positive = [v for v in values if v > 0]
    for axis, places in ((axes.xaxis, x[x > 0]), (axes.yaxis, positive)):
        wide = max(places) > 100 * min(places)
        axis.set_major_locator(LogLocator(subs=COARSE if wide else FINE))
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_formatter(NullFormatter())
