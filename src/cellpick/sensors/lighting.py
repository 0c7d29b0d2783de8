"""Light in the scene: lamps with shadows, diffuse surroundings, and what they add to a surface.

Radiance is in units of a white matt surface under the default light. A lamp is a disc that shines
downwards; its irradiance falls with the square of the distance and the cosine at the disc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import Light
from cellpick.sensors.raycast import SKIN_M, RayScene
from cellpick.sensors.shading import Palette, dot, fresnel, lobe
from cellpick.sensors.surface import Surface

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Beam:
    """One lamp's light at n points."""

    irradiance: Array
    """(n,) in units of a white matt surface's radiance; 0 in shadow."""
    n_h: Array
    n_v: Array
    n_l: Array
    v_h: Array
    angle: Array
    """(n,) angular radius of the lamp."""


class Lighting:
    """All light of one scene."""

    def __init__(self, lights: tuple[Light, ...], ambient: float, palette: Palette) -> None:
        self._lights, self._ambient, self._palette = lights, ambient, palette

    def radiance(self, scene: RayScene, surface: Surface) -> Array:
        """Radiance (n, 3) that the surface sends to the eye."""
        beams = [_beam(scene, surface, light) for light in self._lights]
        coat = surface.coat
        out = self._reflected(surface, beams, coat.under, slice(None))
        rows = np.flatnonzero(coat.weight > 0)
        if len(rows):
            share = coat.weight[rows, None]
            over = self._reflected(surface, beams, coat.over[rows], rows)
            out[rows] += share * (over - out[rows])
        return out

    def _reflected(
        self,
        surface: Surface,
        beams: list[_Beam],
        material: NDArray[np.int32],
        rows: NDArray[np.int64] | slice,
    ) -> Array:
        palette = self._palette
        diffuse, f0, alpha = (
            palette.diffuse[material],
            palette.f0[material],
            palette.alpha[material],
        )
        normal, to_eye = surface.normal[rows], surface.to_eye[rows]
        n_v = np.maximum(dot(normal, to_eye), 1e-3)
        mirror = 2 * n_v * normal[:, 2] - to_eye[:, 2]
        sky = self._ambient * (0.6 + 0.4 * normal[:, 2])
        out: Array = diffuse * sky[:, None] + fresnel(f0, n_v) * self.surroundings(mirror)[:, None]
        for beam in beams:
            wide = np.minimum(alpha + beam.angle[rows] / 2, 1)
            # Karis (2013): a wider lobe stands for the lamp's extent; energy is kept by its ratio
            strength = lobe(beam.n_h[rows], beam.n_v[rows], beam.n_l[rows], wide)
            specular = fresnel(f0, beam.v_h[rows]) * strength[:, None]
            out += (diffuse + specular) * (beam.irradiance * beam.n_l)[rows, None]
        return out

    def surroundings(self, up: Array) -> Array:
        """Radiance (n,) of the surroundings in directions with z-component `up` (n,).

        Linear in `up` above the horizon and such that a white matt surface facing up has the
        ambient radiance; dim below it.
        """
        result: Array = self._ambient * np.where(up > 0, 0.5 + 0.75 * up, 0.25).astype(np.float32)
        return result


def _beam(scene: RayScene, surface: Surface, light: Light) -> _Beam:
    lamp = light.position_m.astype(np.float32)
    way = lamp - surface.p
    distance = np.sqrt(dot(way, way))
    to_lamp = way / distance[:, None]
    n_l = dot(surface.normal, to_lamp)
    half = to_lamp + surface.to_eye
    half /= np.maximum(np.sqrt(dot(half, half)), 1e-6)[:, None]
    lit = np.flatnonzero((n_l > 0) & (to_lamp[:, 2] > 0))
    start = surface.p[lit] + SKIN_M * surface.facet_normal[lit]
    free = ~scene.is_blocked(start, lamp - start, 1.0)
    irradiance = np.zeros(len(way), dtype=np.float32)
    fall = (lamp[2] / distance[lit]) ** 2 * to_lamp[lit, 2]
    irradiance[lit] = np.float32(light.strength) * fall * free
    return _Beam(
        irradiance,
        np.clip(dot(surface.normal, half), 0, 1),
        np.maximum(dot(surface.normal, surface.to_eye), 1e-3),
        np.maximum(n_l, 1e-4),
        np.clip(dot(surface.to_eye, half), 0, 1),
        np.float32(light.radius_m) / distance,
    )
