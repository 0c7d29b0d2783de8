"""Where along its axis a cell lies: readings on its side speak for it, readings behind against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, project, transform
from cellpick.perception.fusion import doubt
from cellpick.perception.heap.fit import Fitted
from cellpick.perception.heap.surface import Singles, Surface

ANGLES = np.radians([-60.0, -45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0, 60.0])
"""Lines along the side that are looked at, from the one nearest to the camera on."""
STEP_M = 0.0005
"""Pitch along the axis."""
ON_M = 0.0007
"""How far a reading may lie off the side, beside its noise."""
AGAINST = 2.0
"""What a reading behind the side weighs, against one on it. A missing one weighs nothing: what
hides a cell shadows its side from one of the stereo pair's eyes as well."""


@dataclass(frozen=True, eq=False)
class Profiles:
    """Of k axes at m places along each: sums over cameras and lines along the side."""

    t: Floats
    """(m,) places along the axis."""
    on: Singles
    """(k, m) readings on the side."""
    behind: Singles
    """(k, m) readings behind it: there is no cell."""
    blank: Singles
    """(k, m) missing readings."""
    hidden: Singles
    """(k, m) readings before it."""


def profiles_of(
    fitted: Fitted, surfaces: list[Surface], radius_m: float, reach_m: float
) -> Profiles:
    """What all cameras show along axes, `reach_m` to either side."""
    half = int(np.ceil(reach_m / STEP_M))
    t: Floats = np.arange(-half, half + 1, dtype=np.float64) * STEP_M
    sums = np.zeros((4, len(fitted.Ts), len(t)), np.float32)
    aside = fitted.aside_m(t).astype(np.float32)
    for surface in surfaces:
        sums += _seen_by(surface, fitted.Ts, aside, t, radius_m)
    return Profiles(t, *sums)


def _seen_by(surface: Surface, Ts: Floats, aside_m: Singles, t: Floats, radius_m: float) -> Singles:
    """(4, k, m) numbers of lines on the side, behind it, blank and hidden."""
    toward = np.einsum("kji,kj->ki", Ts[:, :3, :3], surface.eye_region - Ts[:, :3, 3])
    lead = np.arctan2(toward[:, 1], toward[:, 0])
    angle = lead[:, None] + ANGLES
    ring = np.stack([np.cos(angle), np.sin(angle)], -1) * radius_m
    p = np.empty((len(Ts), len(ANGLES), len(t), 3))
    p[..., :2], p[..., 2] = ring[:, :, None], t
    T = surface.T_camera_region @ Ts
    z, read = look_up(surface, transform(T[:, None], p))
    belief = surface.capture.calibration
    slack = ON_M + 2 * doubt(belief, z)
    # a slanted side is met farther off for the same distance from it
    off = read - z
    with np.errstate(invalid="ignore"):
        far = slack + 2 * aside_m[:, None]
        kinds = [np.abs(off) <= slack, off > far, np.isnan(off), off < -slack]
    return np.stack([k.sum(axis=1, dtype=np.float32) for k in kinds])


def look_up(surface: Surface, p_camera: Floats) -> tuple[Singles, Singles]:
    """Depth (k, l, m) of points (k, l, m, 3) and the reading that is there, NaN for none."""
    belief = surface.capture.calibration
    pixels = project(p_camera.reshape(-1, 3), belief.K, belief.distortion)
    u, v = (pixels - surface.corner).astype(np.float32).T.reshape(2, *p_camera.shape[:-1])
    h, w = surface.depth.shape
    with np.errstate(invalid="ignore"):
        u, v = np.rint(u), np.rint(v)
        on = (u >= 0) & (u < w) & (v >= 0) & (v < h)
    at = np.where(on, v, 0).astype(np.intp), np.where(on, u, 0).astype(np.intp)
    read = np.where(on, surface.depth[at], np.float32(np.nan))
    return p_camera[..., 2].astype(np.float32), read


NATS = 4.0
"""Lines that speak for one unit of log likelihood: neighbours see the same pixel."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where along its axis each of k cells lies."""

    middle: Floats
    """(k,) of the cell."""
    doubt_m: Floats
    """(k,) standard deviation of it."""
    gain: Floats
    """(k,) what speaks for it, in lines of `STEP_M`."""

    def rows(self, index: NDArray[np.int64]) -> Places:
        """Those of the rows `index` (j,)."""
        return Places(self.middle[index], self.doubt_m[index], self.gain[index])


def gains(profiles: Profiles, height_m: float) -> tuple[Floats, Floats]:
    """Places (m,) of a cell's middle along the axes, and what speaks for each (k, m)."""
    value = profiles.on - AGAINST * profiles.behind
    n = round(height_m / STEP_M)
    total = np.zeros((len(value), value.shape[1] + 1))
    np.cumsum(value, axis=1, out=total[:, 1:])
    gain = total[:, n:] - total[:, :-n]
    return profiles.t[: gain.shape[1]] + (n - 1) / 2 * STEP_M, gain


def slide(profiles: Profiles, height_m: float, free: NDArray[np.bool_] | None = None) -> Places:
    """The place that explains most readings, of those that are `free` (k, m): the mean of all by
    their likelihood."""
    middle, gain = gains(profiles, height_m)
    open_ = (
        gain if free is None else np.where(free | ~free.any(axis=1, keepdims=True), gain, -np.inf)
    )
    best = open_.max(axis=1)
    likely = np.exp(np.clip((open_ - best[:, None]) / NATS, -50, 0))
    likely[np.isneginf(open_)] = 0
    likely /= likely.sum(axis=1, keepdims=True)
    mean = likely @ middle
    spread = np.sqrt(np.einsum("km,km->k", likely, (middle - mean[:, None]) ** 2))
    return Places(mean, spread, best)
