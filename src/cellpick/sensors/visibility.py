"""Which share of a lamp, of the surroundings and of a metal's reflection a point sees.

All three are sums over one fixed set of 16 directions or places, a spiral on a disc (Vogel 1979),
so that smooth surfaces come out smooth. A point may use a part of the set: points with different
`phase` use different parts, and together they use all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import Light
from cellpick.sensors.raycast import SKIN_M, RayScene
from cellpick.sensors.shading import dot, unit
from cellpick.sensors.surface import Surface
from cellpick.sensors.surroundings import Surroundings

Array = NDArray[np.float32]
SAMPLES = 16
"""Size of the set."""
PROBES = 6
"""Rays to a lamp's rim after which one that is all seen or all hidden needs no more."""
BOUNCE = 0.15
"""Radiance of nearby things, as a share of the ambient radiance; assumed (grey at half light)."""
_TURN = np.arange(SAMPLES) * np.pi * (3 - np.sqrt(5))
_SPIRAL = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_AREA = ((np.arange(SAMPLES) + 0.5) / SAMPLES)[:, None]
DISC = (_SPIRAL * np.sqrt(_AREA)).astype(np.float32)
"""(16, 2) places on the unit disc, equally dense."""
UP = np.sqrt(1 - (DISC**2).sum(axis=1))
"""(16,) heights above those places on the unit sphere."""
SLOPES = (_SPIRAL * np.minimum(np.sqrt(_AREA / (1 - _AREA)), 3)).astype(np.float32)
"""(16, 2) slopes of GGX microfacets in units of alpha, equally likely (Walter et al. 2007, eq. 35);
the far tail is cut."""


@dataclass(frozen=True, eq=False)
class Sampling:
    """Which part of the set each of n points uses."""

    phase: NDArray[np.int32]
    """(n,) first sample of each point."""
    count: int
    """Samples a point: a power of two up to 16."""

    def rows(self) -> NDArray[np.int32]:
        """(count, n) rows of the set."""
        steps = np.arange(self.count, dtype=np.int32) * (SAMPLES // self.count)
        result: NDArray[np.int32] = (self.phase + steps[:, None]) % SAMPLES
        return result

    def at(self, points: NDArray[np.int64]) -> Sampling:
        """The same for some of the points."""
        return Sampling(self.phase[points], self.count)


def lifted(p: Array, normal: Array) -> Array:
    """Where rays start that leave a surface with points and normals (n, 3)."""
    result: Array = p + np.float32(SKIN_M) * normal
    return result


def lamp_share(scene: RayScene, start: Array, light: Light, sampling: Sampling) -> Array:
    """Share (n,) of a lamp's disc that is seen from points `start` (n, 3)."""
    if sampling.count <= PROBES:
        return _mean(_seen(scene, start, light, sampling.rows()))
    # the spiral ends at the rim, where a shadow comes first; its border is worth the whole set
    rows = np.repeat(np.arange(SAMPLES)[:, None], len(start), axis=1)
    seen = _mean(_seen(scene, start, light, rows[-PROBES:]))
    partly = np.flatnonzero((seen > 0) & (seen < 1))
    seen[partly] = _mean(_seen(scene, start[partly], light, rows[:, partly]))
    return seen


def _mean(seen: NDArray[np.bool_]) -> Array:
    result: Array = seen.mean(axis=0, dtype=np.float32)
    return result


def _seen(
    scene: RayScene, start: Array, light: Light, rows: NDArray[np.signedinteger]
) -> NDArray[np.bool_]:
    lamp = np.zeros((SAMPLES, 3), dtype=np.float32)
    lamp[:, :2] = DISC * np.float32(light.radius_m)
    lamp += light.position_m.astype(np.float32)
    way = lamp[rows] - start
    return _free(scene, start, way, 1.0)


def sky(scene: RayScene, surface: Surface, sampling: Sampling, outside: Surroundings) -> Array:
    """Radiance (n,) of a white matt surface under the surroundings alone."""
    x, y = tangents(surface.normal)
    disc = DISC[sampling.rows()]
    up = np.sqrt(1 - (disc**2).sum(axis=2, keepdims=True))
    way = disc[..., :1] * x + disc[..., 1:] * y + up * surface.normal
    bright = _gathered(scene, surface, way, outside)
    if sampling.count == SAMPLES:
        return bright
    # where nothing hides the sky, each part of the set must tell what the whole set does
    rise = DISC[:, :1] * x[:, 2] + DISC[:, 1:] * y[:, 2] + UP[:, None] * surface.normal[:, 2]
    whole = outside.radiance(rise).mean(axis=0)
    part = outside.radiance(way[..., 2]).mean(axis=0)
    result: Array = bright * whole / np.maximum(part, 1e-9)
    return result


def mirrored(
    scene: RayScene,
    surface: Surface,
    widths: Array,
    sampling: Sampling,
    outside: Surroundings,
) -> Array:
    """Radiance (n,) that a perfect mirror would show that is rough.

    `widths` (n, 2) are those of its GGX lobe along and across the brush.
    """
    n_v = dot(surface.normal, surface.to_eye)
    mirror = 2 * n_v[:, None] * surface.normal - surface.to_eye
    x, y = tangents(mirror)
    rows = np.flatnonzero(widths[:, 0] != widths[:, 1])
    x[rows], y[rows] = _along(surface.brush[rows], mirror[rows], x[rows])
    # a facet tilted by a slope turns the reflection by twice that
    slope = 2 * widths * SLOPES[sampling.rows()]
    way = mirror + slope[..., :1] * x + slope[..., 1:] * y
    way /= np.sqrt((way**2).sum(axis=2, keepdims=True))
    return _gathered(scene, surface, way, outside)


def _gathered(scene: RayScene, surface: Surface, way: Array, outside: Surroundings) -> Array:
    start = lifted(surface.p, surface.facet_normal)
    free = _free(scene, start, way, np.inf)
    free &= np.einsum("knc,nc->kn", way, surface.facet_normal) > 0
    ambient = np.float32(outside.ambient)
    result: Array = np.where(free, outside.radiance(way[..., 2]), BOUNCE * ambient).mean(axis=0)
    return result


def _free(scene: RayScene, start: Array, way: Array, stop: float) -> NDArray[np.bool_]:
    """(k, n) whether rays from `start` (n, 3) along `way` (k, n, 3) are free."""
    return ~scene.is_blocked(start, way, stop)


def _along(brush: Array, axis: Array, rest: Array) -> tuple[Array, Array]:
    """Unit vectors (n, 3) square to `axis` along and across the brush, or `rest`."""
    along = brush - dot(brush, axis)[:, None] * axis
    along = np.where(dot(along, along)[:, None] > 1e-6, along, rest)
    along = unit(along)
    return along, np.cross(axis, along)


def tangents(normal: Array) -> tuple[Array, Array]:
    """Two unit vectors (n, 3) that make a right-handed frame with `normal` (n, 3).

    Duff et al. (2017), "Building an orthonormal basis, revisited".
    """
    x, y, z = normal.T
    sign = np.where(z < 0, -1, 1).astype(np.float32)
    a = -1 / (sign + z)
    b = x * y * a
    return (
        np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1),
        np.stack([b, sign + y * y * a, -y], axis=1),
    )
