"""Polarity of cells that lie anyhow: whether an end that a camera sees has the ring or lacks it.

In each direction from the face's middle the ring is compared with what lies inside and outside of
it; slopes of the light cancel, and the median over directions is blind to a glint on some.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.heap.rings import EndRing
from cellpick.perception.heap.zbuffer import ZBuffer
from cellpick.perception.orient import UPSIDE_DOWN
from cellpick.perception.polarity import LIGHT
from cellpick.perception.rectify import View, rectify
from cellpick.structures import Capture, CaptureSet

LEAST_SECTORS = 8
"""Directions in which a face must be seen."""
LEAST_WIDTH_PX = 0.7
"""Width of the ring in a picture, foreshortened, below which it is not read."""
DARK = 0.003
"""Share of full scale added before logarithms: noise in the dark is no contrast."""
CONTRAST = 0.8
"""Scale of the log brightness of a matt ring over metal away from its glint (Rayleigh);
rendered faces have medians from 0.3 at a slant to 1.5."""
FAINT = (0.1, 0.08, 0.06)
"""Share of matt rings with little contrast, in the shade; its mean and standard deviation."""
PLAIN = (0.03, 0.025)
"""Standard deviations of log brightness and of log colour where there is no ring, for one that
would be wide in the picture; a ring one pixel wide has twice as much."""
TINT_SHARE = (0.55, 0.25)
"""Part of the drawn step of colour that is seen, and its standard deviation: metal mirrors its
coloured surroundings."""
ASTRAY = (0.03, 0.15)
"""Share of views that show something else, and the standard deviation of what they show."""
CAP = 6.0
"""Most that one view can say, in nats."""
CLEAR_PX = 3.0
"""Width of the ring in a picture below which its absence says less, in proportion: blur, the
face's slant and the pose's error hide it."""


def end_odds(
    look: CaptureSet, Ts_region_cell: Floats, before: list[ZBuffer], ring: EndRing | None
) -> Floats:
    """(n,) log odds that the +z end of poses (n, 4, 4) is the positive one."""
    n = len(Ts_region_cell)
    odds = np.zeros(n)
    if ring is None or not n:
        return odds
    sign = 1.0 if ring.on_plus else -1.0
    for Ts, side in ((Ts_region_cell, sign), (Ts_region_cell @ UPSIDE_DOWN, -sign)):
        views = [
            _has_ring(capture, look.task.T_base_region, Ts, buffer, ring)
            for capture, buffer in zip(look.captures, before, strict=True)
        ]
        odds += side * _together(np.stack(views))
    return odds


def _together(nats: Floats) -> Floats:
    """Log odds (n,) of views (c, n) of one end: what hides a ring hides it in all of them, but
    what feigns one does so in one."""
    result: Floats = np.maximum(nats, 0).sum(axis=0) + np.minimum(nats, 0).min(axis=0)
    return result


def _has_ring(
    capture: Capture, T_base_region: Floats, Ts_region: Floats, before: ZBuffer, ring: EndRing
) -> Floats:
    """(n,) log odds that the +z faces of frames (n, 4, 4) have the ring, as one camera sees it."""
    Ts_base = T_base_region @ Ts_region
    toward = capture.T_base_camera[:3, 3] - (Ts_base @ [0, 0, ring.p_face[0, 2], 1])[:, :3]
    away = np.linalg.norm(toward, axis=1)
    cosine = np.einsum("ni,ni->n", toward, Ts_base[:, :3, 2]) / away
    width_px = ring.width_m * cosine * capture.calibration.K[0, 0] / away
    odds = np.zeros(len(Ts_base))
    rows = np.flatnonzero(width_px > LEAST_WIDTH_PX)
    view = rectify(capture, Ts_base[rows], ring.p_face)
    seen = view.seen & before.open(Ts_region[rows], ring.p_face, rows)
    contrast, tint, known = _medians(view, seen, ring)
    scale = 1 + 1 / width_px[rows]
    nats = _brightness_odds(contrast, scale) + _tint_odds(tint, scale, ring.tint)
    least = -CAP * np.minimum(width_px[rows] / CLEAR_PX, 1.0)
    odds[rows] = np.where(known, np.clip(nats, least, CAP), 0.0)
    return odds


def _medians(
    view: View, seen: NDArray[np.bool_], ring: EndRing
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Median over sectors of the ring's log brightness and log red over blue less those round
    it (n,), and whether (n,) enough sectors are seen."""
    light = [LIGHT[channel] + np.float32(DARK) for channel in view.colour]
    values = np.stack([np.log(sum(light) / 3), np.log(light[0] / light[2])])
    cells = ring.zone[:, :, None] * ring.sector[:, None]
    flat = cells.reshape(len(cells), -1)
    count = (seen @ flat).reshape(-1, *cells.shape[1:])
    whole = (count == cells.sum(axis=0)).all(axis=1)
    means = ((values * seen) @ flat).reshape(2, -1, *cells.shape[1:]) / np.maximum(count, 1)
    step = means[:, :, 1] - (means[:, :, 0] + means[:, :, 2]) / 2
    known = whole.sum(axis=1) >= LEAST_SECTORS
    step = np.where(whole & known[:, None], step, np.where(known[:, None], np.nan, 0.0))
    median = np.nanmedian(step, axis=2) if len(seen) else step[:, :, 0]
    return median[0], median[1], known


def _brightness_odds(contrast: Floats, scale: Floats) -> Floats:
    share, astray = ASTRAY
    other = share * _normal(contrast, 0.0, astray * scale)
    up = np.maximum(contrast, 0.0)
    matt = up / CONTRAST**2 * np.exp(-0.5 * (up / CONTRAST) ** 2)
    matt = (1 - FAINT[0]) * matt + FAINT[0] * _normal(contrast, FAINT[1], FAINT[2])
    plain = _normal(contrast, 0.0, PLAIN[0] * scale)
    result: Floats = np.log((1 - share) * matt + other) - np.log((1 - share) * plain + other)
    return result


def _tint_odds(tint: Floats, scale: Floats, drawn: float) -> Floats:
    share, astray = ASTRAY
    other = share * _normal(tint, 0.0, astray * scale)
    spread = np.hypot(TINT_SHARE[1] * drawn, PLAIN[1] * scale)
    coloured = _normal(tint, TINT_SHARE[0] * drawn, spread)
    plain = _normal(tint, 0.0, PLAIN[1] * scale)
    result: Floats = np.log((1 - share) * coloured + other) - np.log((1 - share) * plain + other)
    return result


def _normal(x: Floats, mean: float, sigma: float | Floats) -> Floats:
    density: Floats = np.exp(-0.5 * ((x - mean) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return density
