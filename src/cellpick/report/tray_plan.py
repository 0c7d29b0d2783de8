"""The tray from above: estimates over the true cells, with the errors magnified."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cellpick.geometry import Floats, invert, transform
from cellpick.report.cell_lines import Line, cell_lines
from cellpick.report.overlay import STATUS_COLOURS, label_of
from cellpick.structures import CellEstimates, CellModel

MAGNIFIED = 50
"""How many times too long the lines from true to estimated centres are drawn."""
_WIDTH = 940.0
_MARGIN_M = 0.012


def tray_plan(
    estimates: CellEstimates,
    cell: CellModel,
    Ts_base_true: Floats,
    T_base_tray: Floats,
    tray_size_m: Floats,
) -> str:
    """SVG of the tray frame's x-y plane; `Ts_base_true` (m, 4, 4) are the true cells, or none."""
    T_tray_base = invert(T_base_tray)
    Ts_est, Ts_true = T_tray_base @ estimates.Ts_base_cell, T_tray_base @ Ts_base_true
    half = np.maximum(tray_size_m[:2] / 2, _reach(cell, np.concatenate([Ts_est, Ts_true])))
    half = half + _MARGIN_M
    scale = _WIDTH / (2 * half[0])
    height = 2 * half[1] * scale

    def place(points: Floats) -> Floats:
        on_page: Floats = (points[..., :2] * np.array([1.0, -1.0]) + half) * scale
        return on_page

    parts = [_floor(place(np.array([[-1, 1], [1, -1]]) * tray_size_m[:2] / 2))]
    for T in Ts_true:
        parts += [
            _path(place(transform(T, line.points)), "truth", True)
            for line in cell_lines(cell, _end_up(T))
            if line.kind == "outline"
        ]
    for row, T in enumerate(Ts_est):
        lines = cell_lines(cell, _end_up(T))
        parts += [_estimate(place(transform(T, x.points)), x, estimates.status[row]) for x in lines]
        x, y = place(T[:3, 3])
        text = escape(label_of(estimates, row))
        parts.append(f'<text class="label" x="{x:.1f}" y="{y - 10:.1f}">{text}</text>')
    parts += _errors(place(Ts_est[:, :3, 3]), place(Ts_true[:, :3, 3]), scale * cell.size_m.min())
    return (
        f'<svg class="tray" viewBox="0 0 {_WIDTH:g} {height:.0f}" role="img">{"".join(parts)}</svg>'
    )


def _reach(cell: CellModel, Ts: Floats) -> Floats:
    """Half extents (2,) of a centred rectangle that holds all cells."""
    if not len(Ts):
        return np.zeros(2)
    half = np.abs(Ts[:, :2, :3]) @ (cell.size_m / 2)
    result: Floats = (np.abs(Ts[:, :2, 3]) + half).max(axis=0)
    return result


def _end_up(T: Floats) -> int:
    return 1 if T[2, 2] >= 0 else -1


def _floor(corners: Floats) -> str:
    (x0, y0), (x1, y1) = corners
    return (
        f'<rect class="floor" x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" '
        f'height="{y1 - y0:.1f}"/>'
    )


def _estimate(points: Floats, line: Line, status: str) -> str:
    if line.kind in ("x", "y", "z"):
        return _path(points, f"axis-{line.kind}", False)
    kind = f"cell {status}" if line.kind == "outline" else line.kind
    return _path(points, kind, True)


def _path(points: Floats, kind: str, closed: bool) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    shape = "polygon" if closed else "polyline"
    return f'<{shape} class="{kind}" points="{text}"/>'


def _errors(estimated: Floats, true: Floats, gate_px: float) -> list[str]:
    """Lines from each true centre towards the estimate that is nearest to it."""
    parts: list[str] = []
    for p in true if len(estimated) else ():
        distance = np.linalg.norm(estimated - p, axis=1)
        if distance.min() > gate_px / 2:
            continue
        q = p + MAGNIFIED * (estimated[distance.argmin()] - p)
        parts.append(
            f'<line class="error" x1="{p[0]:.1f}" y1="{p[1]:.1f}" x2="{q[0]:.1f}" y2="{q[1]:.1f}"/>'
        )
    return parts


def statuses(estimates: CellEstimates) -> Sequence[str]:
    """The statuses that occur, the best first, for the legend."""
    return [status for status in STATUS_COLOURS if status in estimates.status]
