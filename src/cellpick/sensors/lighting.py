"""All light of a scene, and what a surface makes of it.

Radiance is in units of a white matt surface under the default light. A lamp is a disc that shines
downwards; its irradiance falls with the square of the distance and the cosine at the disc, and its
strength holds on the table straight below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import Light
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.shading import Palette, brushed, dot, fresnel, lobe, unit
from cellpick.sensors.surface import Surface
from cellpick.sensors.surroundings import Surroundings
from cellpick.sensors.visibility import Sampling, lamp_share, lifted, mirrored, sky

Array = NDArray[np.float32]
METAL_F0 = 0.15
"""Specular reflectance above which the mirrored surroundings are worth rays of their own."""


@dataclass(frozen=True, eq=False)
class _Incident:
    """Light that reaches n points, whatever they are made of."""

    n_v: Array
    """(n,) cosine between normal and view."""
    spread: Array
    """(n,) standard deviation of the normals within a pixel."""
    sky: Array
    """(n,) radiance of a white matt surface under the surroundings."""
    mirror: Array
    """(n,) radiance that a mirror would show."""
    beams: list[_Beam]
    """The lamps."""


@dataclass(frozen=True, eq=False)
class _Beam:
    """One lamp's light at n points."""

    irradiance: Array
    """(n,) of the surface, in units of a white matt surface's radiance; 0 in shadow."""
    n_l: Array
    """(n,) cosine between normal and lamp."""
    n_h: Array
    """(n,) cosine between normal and half vector."""
    v_h: Array
    """(n,) cosine between view and half vector."""
    along: Array
    """(n,) square of the cosine between the brush and the half vector, both in the surface."""
    angle: Array
    """(n,) angular radius of the lamp."""


class Lighting:
    """All light of one scene."""

    def __init__(self, lights: tuple[Light, ...], ambient: float, palette: Palette) -> None:
        self.lights = lights
        """The lamps."""
        self._palette = palette
        self.surroundings = Surroundings(ambient)
        """What rays see that hit nothing."""

    def radiance(self, scene: RayScene, surface: Surface, sampling: Sampling) -> Array:
        """Radiance (n, 3) that the surface sends to the eye."""
        light = self._incident(scene, surface, sampling)
        coat = surface.coat
        out = self._reflected(light, coat.under, slice(None))
        rows = np.flatnonzero(coat.weight > 0)
        if len(rows):
            over = self._reflected(light, coat.over[rows], rows)
            out[rows] += coat.weight[rows, None] * (over - out[rows])
        return out

    def apart(self, scene: RayScene, surface: Surface, sampling: Sampling) -> Array:
        """Radiance (1 + lamps, n, 3): by the surroundings, and by each lamp if nothing hides it.

        Of the coat, only what is under it counts.
        """
        light = self._incident(scene, surface, sampling, hidden=False)
        return np.stack(self._terms(light, surface.coat.under, slice(None)))

    def shares(self, scene: RayScene, start: Array, sampling: Sampling) -> Array:
        """Shares (lamps, n) of the lamps that are seen from points just above a surface."""
        seen = [lamp_share(scene, start, light, sampling) for light in self.lights]
        return np.array(seen, dtype=np.float32).reshape(len(self.lights), len(start))

    def _incident(
        self, scene: RayScene, surface: Surface, sampling: Sampling, hidden: bool = True
    ) -> _Incident:
        """Lamps may be `hidden`, or else count as if nothing were in their way."""
        n_v = np.maximum(dot(surface.normal, surface.to_eye), 1e-3)
        bright = sky(scene, surface, sampling, self.surroundings)
        up = 2 * n_v * surface.normal[:, 2] - surface.to_eye[:, 2]
        open_sky = np.float32(self.surroundings.ambient) * (0.6 + 0.4 * surface.normal[:, 2])
        mirror = self.surroundings.radiance(up) * np.minimum(bright / (open_sky + 1e-6), 1)
        metal = np.flatnonzero(self._palette.f0[surface.coat.under].max(axis=1) > METAL_F0)
        if len(metal):
            widths = self._palette.widths[surface.coat.under[metal]]
            part, some = surface.rows(metal), sampling.at(metal)
            mirror[metal] = mirrored(scene, part, widths, some, self.surroundings)
        shadowed = (scene, sampling) if hidden else None
        beams = [_beam(surface, light, shadowed) for light in self.lights]
        return _Incident(n_v, surface.spread, bright, mirror, beams)

    def _reflected(
        self, light: _Incident, material: NDArray[np.int32], rows: NDArray[np.int64] | slice
    ) -> Array:
        terms = self._terms(light, material, rows)
        for term in terms[1:]:
            terms[0] += term
        return terms[0]

    def _terms(
        self, light: _Incident, material: NDArray[np.int32], rows: NDArray[np.int64] | slice
    ) -> list[Array]:
        """What (n, 3) of the surroundings' light and of each lamp's is reflected."""
        palette, n_v = self._palette, light.n_v[rows]
        diffuse, f0 = palette.diffuse[material], palette.f0[material]
        # Kaplanyan et al. (2016), "Filtering distributions of normals": a curved edge's highlight
        # is as wide as the normals in the pixel spread
        alpha = np.sqrt(palette.alpha[material] ** 2 + 2 * light.spread[rows] ** 2)
        brush = (palette.widths[material, 0] != palette.widths[material, 1]).any()
        out: Array = diffuse * light.sky[rows, None]
        out += fresnel(f0, n_v) * light.mirror[rows, None]
        terms = [out]
        for beam in light.beams:
            # Karis (2013), "Real shading in Unreal Engine 4": a wider lobe for the lamp's extent
            wide = np.minimum(alpha + beam.angle[rows] / 2, 1)
            height = np.float32(1)
            if brush:
                wide, height = brushed(wide, palette.widths[material], beam.along[rows])
            strength = height * lobe(beam.n_h[rows], n_v, beam.n_l[rows], wide)
            specular = fresnel(f0, beam.v_h[rows]) * strength[:, None]
            terms.append((diffuse + specular) * beam.irradiance[rows, None])
        return terms


def _beam(surface: Surface, light: Light, shadowed: tuple[RayScene, Sampling] | None) -> _Beam:
    lamp = light.position_m.astype(np.float32)
    way = lamp - surface.p
    distance = np.sqrt(dot(way, way))
    to_lamp = unit(way)
    n_l = dot(surface.normal, to_lamp)
    half = unit(to_lamp + surface.to_eye)
    lit = np.flatnonzero((n_l > 0) & (to_lamp[:, 2] > 0))
    irradiance = np.zeros(len(way), dtype=np.float32)
    fall = (lamp[2] / distance[lit]) ** 2 * to_lamp[lit, 2]
    irradiance[lit] = np.float32(light.strength) * fall * n_l[lit]
    if shadowed is not None:
        scene, sampling = shadowed
        start = lifted(surface.p[lit], surface.facet_normal[lit])
        irradiance[lit] *= lamp_share(scene, start, light, sampling.at(lit))
    return _Beam(
        irradiance,
        np.maximum(n_l, 1e-4),
        np.clip(dot(surface.normal, half), 0, 1),
        np.clip(dot(surface.to_eye, half), 0, 1),
        _along(surface, half),
        np.float32(light.radius_m) / distance,
    )


def _along(surface: Surface, half: Array) -> Array:
    normal = surface.normal
    across = half - dot(half, normal)[:, None] * normal
    brush = unit(surface.brush - dot(surface.brush, normal)[:, None] * normal)
    length2 = np.maximum(dot(across, across), np.float32(1e-12))
    result: Array = np.clip(dot(across, brush) ** 2 / length2, 0, 1)
    return result
