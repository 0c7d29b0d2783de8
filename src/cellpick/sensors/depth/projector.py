"""The projector beside a camera: what it lights, and how much of its light comes back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.sensors.depth.microstructure import Relief
from cellpick.sensors.raycast import SKIN_M, RayScene
from cellpick.sensors.shading import Palette, dot, fresnel, lobe, unit
from cellpick.sensors.surface import Surface

Array = NDArray[np.float32]


def place(T_world_camera: Floats, x_m: float) -> Array:
    """(3,) world place of a projector `x_m` along the camera's +x."""
    result: Array = (T_world_camera @ [x_m, 0, 0, 1])[:3].astype(np.float32)
    return result


def shadow(scene: RayScene, surface: Surface, projector: Array) -> NDArray[np.bool_]:
    """(n,) whether something stands between the points and the projector, or they face away."""
    start = surface.p + SKIN_M * surface.facet_normal
    way = projector - start
    return scene.is_blocked(start, way, 1.0) | (dot(surface.facet_normal, way) <= 0)


def returned_light(surface: Surface, projector: Array, palette: Palette, relief: Relief) -> Array:
    """The projector's light (n,) that comes back, in units of a white matt surface's square on.

    On bare metal it is patchy, by the `relief` at the scale of a pixel.
    """
    metal = palette.diffuse[surface.coat.under].max(axis=1) == 0
    normal, gain = surface.normal, np.ones(len(metal), dtype=np.float32)
    rows: NDArray[np.int64] = np.flatnonzero(metal)
    if len(rows):
        normal = normal.copy()
        normal[rows], gain[rows] = relief.at(surface.p[rows], normal[rows])
    return gain * _reflected(surface, normal, projector, palette)


def _reflected(surface: Surface, normal: Array, projector: Array, palette: Palette) -> Array:
    to_projector = unit(projector - surface.p)
    half = unit(to_projector + surface.to_eye)
    n_l = np.maximum(dot(normal, to_projector), 1e-4)
    n_v = np.maximum(dot(normal, surface.to_eye), 1e-3)
    n_h = np.clip(dot(normal, half), 0, 1)
    coat = surface.coat
    material = np.where(coat.weight > 0.5, coat.over, coat.under)
    specular = fresnel(palette.f0[material], np.clip(dot(half, surface.to_eye), 0, 1))
    alpha = np.sqrt(palette.alpha[material] ** 2 + 2 * surface.spread**2)
    light = palette.diffuse[material] + specular * lobe(n_h, n_v, n_l, alpha)[:, None]
    result: Array = light.mean(axis=1) * n_l
    return result
