"""Where pictures see the ends of cells: the colour of the side ends at the rim."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, exp_rotation, invert
from cellpick.perception.heap.zbuffer import ZBuffer
from cellpick.perception.pattern import brightness
from cellpick.perception.polarity import LOG_LEVEL
from cellpick.perception.rectify import pixels_of, sample
from cellpick.structures import Capture, CaptureSet, CellModel, SearchTask

ANGLES = np.radians([-40.0, -20.0, 0.0, 20.0, 40.0])
"""Lines along the side that are looked at, from the one nearest to the camera on."""
STEP_M = 0.00025
"""Pitch along them."""
REACH_M = 0.006
"""How far off its place along its axis a cell is sought at least."""
REACH = 3.0
"""The same in standard deviations of that place: a nearer border would feign a surer place."""
INNER_M = 0.002
"""How much of the side before a place is compared with what follows it."""
OUTER_M = 0.0005
"""How much of what follows: of some ends the rim alone is seen."""
RIM_SLOPE = 0.1
"""Slope from which on the rim is bare; assumed, wraps end about where the side bends."""
LEAST_TINT = 0.7
"""Expected step of log red over blue below which colours do not tell a side from its end."""
NATS = 6.0
"""Log likelihood of a step of the expected size."""
FINE_M = 0.0005
"""Pixel on the cell above which a camera's steps weigh less."""
PRIOR_M = 0.0005
"""Standard deviation of an end that is read from depth."""
FINEST_M = 0.00015
"""Least standard deviation of the place along the axis: wraps are cut no more evenly."""


def end_shifts(
    look: CaptureSet, Ts_region_cell: Floats, doubt_m: Floats, before: list[ZBuffer]
) -> tuple[Floats, Floats]:
    """How far (n,) cells (n, 4, 4), `doubt_m` (n,) uncertain, lie off along their +z, and the
    standard deviation (n,) that is left."""
    shift, left = np.zeros(len(doubt_m)), doubt_m.copy()
    if abs(side_step(look.task)) < LEAST_TINT:
        return shift, left
    far = REACH * doubt_m > REACH_M
    for rows in (np.flatnonzero(~far), np.flatnonzero(far)):
        if len(rows):
            shift[rows], left[rows] = _shifts(look, Ts_region_cell[rows], doubt_m, rows, before)
    return shift, left


def _shifts(
    look: CaptureSet,
    Ts: Floats,
    doubt_m: Floats,
    rows: NDArray[np.int64],
    before: list[ZBuffer],
) -> tuple[Floats, Floats]:
    """The same of the cells `rows` (n,), whose poses are `Ts` (n, 4, 4)."""
    sigma = np.hypot(doubt_m[rows], PRIOR_M)
    half = round(max(REACH_M, REACH * float(doubt_m[rows].max())) / STEP_M)
    shifts = np.arange(-half, half + 1) * STEP_M
    prior = -0.5 * (shifts / sigma[:, None]) ** 2
    seen = np.zeros_like(prior)
    for capture, buffer in zip(look.captures, before, strict=True):
        seen += _seen_by(capture, Ts, rows, buffer, look.task.cell, half)
    total = prior + NATS * seen / side_step(look.task)
    likely = np.exp(total - total.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    mean = likely @ shifts
    spread = np.sqrt(np.einsum("ns,ns->n", likely, (shifts - mean[:, None]) ** 2))
    return mean, np.maximum(spread, FINEST_M)


def side_step(task: SearchTask) -> float:
    """Log red over blue of the end less that of the side."""
    cell, materials = task.cell, task.materials
    side, end = (brightness(materials[name]) for name in (cell.case_material, cell.top_material))
    return float(np.log(end[0] / end[2]) - np.log(side[0] / side[2]))


def _seen_by(
    capture: Capture,
    Ts_region_cell: Floats,
    rows: NDArray[np.int64],
    before: ZBuffer,
    cell: CellModel,
    half: int,
) -> Floats:
    """(n, s) step of log red over blue at the rims, both added, for each shift of the cells `rows`
    (n,)."""
    Ts = towards(Ts_region_cell, invert(before.T_camera_region)[:3, 3])
    inner, outer = round(INNER_M / STEP_M), round(OUTER_M / STEP_M)
    t = np.arange(-half - inner, half + outer + 1) * STEP_M
    rim_z = cell.height_m / 2 - (1 - RIM_SLOPE) * cell.rim_radius_m
    radius = float(cell.size_m[0]) / 2
    total: Floats = np.zeros((len(Ts), 2 * half + 1))
    for side in (1.0, -1.0):
        x, y = radius * np.cos(ANGLES), radius * np.sin(ANGLES)
        z = np.broadcast_to(side * (rim_z + t), (len(ANGLES), len(t)))
        p = np.stack([*(np.broadcast_to(a[:, None], z.shape) for a in (x, y)), z], -1)
        tint, weight = tints(capture, before, Ts, p.reshape(-1, 3), rows)
        shape = (len(Ts), *z.shape)
        profile = _mean_over_lines(tint.reshape(shape), weight.reshape(shape))
        step = _step_at(profile, inner, outer)
        total += step[:, :: int(side)]
    pitch = np.linalg.norm((before.T_camera_region @ Ts)[:, :3, 3], axis=1)
    pitch = pitch / capture.calibration.K[0, 0]
    result: Floats = total * np.minimum(FINE_M / pitch, 1.0)[:, None] ** 2
    return result


def towards(Ts: Floats, eye: Floats) -> Floats:
    """The frames (n, 4, 4) turned about their z so that x points to the camera."""
    away = np.einsum("nji,nj->ni", Ts[:, :3, :3], eye - Ts[:, :3, 3])
    turn = np.zeros((len(Ts), 3))
    turn[:, 2] = np.arctan2(away[:, 1], away[:, 0])
    out: Floats = Ts.copy()
    out[:, :3, :3] = Ts[:, :3, :3] @ exp_rotation(turn)
    return out


def tints(
    capture: Capture,
    before: ZBuffer,
    Ts: Floats,
    p: Floats,
    cell: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Log red over blue (n, m) at points (m, 3) of the cells `cell` (n,), by default all, and
    where it is seen."""
    u, v, _ = pixels_of(capture.calibration, before.T_camera_region @ Ts, p)
    u, v = np.nan_to_num(u, nan=-1e4), np.nan_to_num(v, nan=-1e4)
    h, w = capture.image.shape[:2]
    seen = (u >= 0) & (u <= w - 1) & (v >= 0) & (v <= h - 1) & before.open(Ts, p, cell)
    colour = sample(capture.image, u, v, cv2.INTER_LINEAR)
    tint: NDArray[np.float32] = LOG_LEVEL[colour[..., 0]] - LOG_LEVEL[colour[..., 2]]
    return tint, np.asarray(seen, np.bool_)


def _mean_over_lines(tint: NDArray[np.float32], seen: NDArray[np.bool_]) -> Floats:
    """(n, t) mean over the lines (n, lines, t) that are seen, NaN without any."""
    count = seen.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean: Floats = (tint * seen).sum(axis=1) / np.where(count > 0, count, np.nan)
    return mean


def _step_at(profile: Floats, inner: int, outer: int) -> Floats:
    """(n, s) mean of what follows a place less that of what precedes it; 0 where either is
    hidden."""
    holes = np.isnan(profile)
    first = np.zeros((len(profile), 1))
    # a NaN would spoil all sums behind it
    sums = np.concatenate([first, np.cumsum(np.where(holes, 0.0, profile), axis=1)], axis=1)
    gaps = np.concatenate([first, np.cumsum(holes, axis=1)], axis=1)
    at = np.arange(profile.shape[1] - inner - outer) + inner
    before = (sums[:, at] - sums[:, at - inner]) / inner
    after = (sums[:, at + outer] - sums[:, at]) / outer
    hidden = gaps[:, at + outer] > gaps[:, at - inner]
    result: Floats = np.where(hidden, 0.0, after - before)
    return result
