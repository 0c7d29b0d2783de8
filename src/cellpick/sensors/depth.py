"""Depth by structured light: noise, flying pixels, the projector's shadow, blinded pixels.

The axial noise grows with the square of the distance, as triangulation's does (Khoshelham and
Oude Elberink 2012, "Accuracy and resolution of Kinect depth data", eq. 10), and with the inverse
cosine of the incidence angle; neighbours share part of it, as decoded phases do.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from cellpick.geometry import Floats
from cellpick.scene.depth_specs import DepthSpec
from cellpick.sensors.raycast import SKIN_M, RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette, dot, fresnel, lobe, unit
from cellpick.sensors.surface import Surface

Array = NDArray[np.float32]
SHARED = 0.5
"""Share of the noise's variance that neighbouring pixels have in common; assumed."""
SHARED_PX = 1.0
"""Standard deviation of the kernel that spreads the shared part; assumed."""
BLIND = 8.0
"""Projector light, in units of a white matt surface's, beyond which pixels go blind; assumed: an
exposure series spans about three stops above a white part."""
STARVED = 0.02
"""Projector light below which pixels have too little contrast; assumed."""
GLARE = 3.0
"""Lamp light, in units of the image's white level, beyond which pixels go blind; assumed."""
PATCHY = 0.9
"""Share of the variance that neighbours have in common in which pixels drop out; assumed."""
STEEP = 5.0
"""Slope (depth change over lateral distance) from which two pixels lie across a depth edge."""


class DepthSensor:
    """The 3D half of one camera."""

    def __init__(self, spec: DepthSpec, pixel_rad: float, palette: Palette) -> None:
        self._spec, self._pixel_rad, self._palette = spec, pixel_rad, palette

    def measure(
        self,
        renderer: Renderer,
        scene: RayScene,
        T_world_camera: Floats,
        glare: Array,
        rng: np.random.Generator,
    ) -> Array:
        """Depth image (h, w) in metres along z, NaN where there is no reading.

        `glare` (h, w) is the lamps' light in units of the white level.
        """
        spec, shape = self._spec, glare.shape
        depth = np.where(np.isfinite(renderer.depth()), renderer.depth(), np.float32(np.nan))
        if spec.model == "ideal":
            return depth
        normal = rng.standard_normal((4, *shape), dtype=np.float32)
        uniform = rng.random((2, *shape), dtype=np.float32)
        pixels, surface = renderer.surface()
        slant = _image(shape, pixels, dot(surface.normal, surface.to_eye), 0)
        projector = (T_world_camera @ [spec.baseline_m, 0, 0, 1])[:3].astype(np.float32)
        lost = slant < np.cos(spec.max_angle_rad)
        lost |= _image(shape, pixels, _shadow(scene, surface, projector), True)
        light = _image(shape, pixels, _projector_light(surface, projector, self._palette), STARVED)
        chance = _dropout_chance(light, glare, spec.dropout_gain)
        lost |= ndtr(_correlated(normal[2], normal[3], PATCHY)) < chance
        sigma = spec.sigma_m * (depth / spec.reference_m) ** 2 / np.maximum(slant, 0.1)
        noisy = depth + sigma * _correlated(normal[0], normal[1], SHARED)
        noisy = _with_flying(noisy, depth, spec, self._pixel_rad, uniform)
        lost |= ~((noisy >= spec.near_m) & (noisy <= spec.far_m))
        if spec.quantum_m > 0:
            noisy = np.round(noisy / spec.quantum_m) * spec.quantum_m
        return np.where(lost, np.nan, noisy).astype(np.float32)


def _image(
    shape: tuple[int, ...], pixels: NDArray[np.int64], value: NDArray[Any], rest: float
) -> NDArray[Any]:
    out = np.full(shape, rest, dtype=value.dtype)
    out.reshape(-1)[pixels] = value
    return out


def _shadow(scene: RayScene, surface: Surface, projector: Array) -> NDArray[np.bool_]:
    start = surface.p + SKIN_M * surface.facet_normal
    return scene.is_blocked(start, projector - start, 1.0)


def _projector_light(surface: Surface, projector: Array, palette: Palette) -> Array:
    """The projector's light (n,) that comes back, in units of a white matt surface's."""
    to_projector = unit(projector - surface.p)
    half = unit(to_projector + surface.to_eye)
    n_l = np.maximum(dot(surface.normal, to_projector), 1e-4)
    n_v = np.maximum(dot(surface.normal, surface.to_eye), 1e-3)
    n_h = np.clip(dot(surface.normal, half), 0, 1)
    coat = surface.coat
    material = np.where(coat.weight > 0.5, coat.over, coat.under)
    specular = fresnel(palette.f0[material], np.clip(dot(half, surface.to_eye), 0, 1))
    light = (
        palette.diffuse[material] + specular * lobe(n_h, n_v, n_l, palette.alpha[material])[:, None]
    )
    result: Array = light.mean(axis=1) * n_l
    return result


def _dropout_chance(light: Array, glare: Array, gain: float) -> Array:
    excess = (
        np.maximum(light / BLIND - 1, 0)
        + np.maximum(STARVED / np.maximum(light, 1e-4) - 1, 0)
        + np.maximum(glare / GLARE - 1, 0)
    )
    result: Array = 1 - np.exp(-np.float32(gain) * excess)
    return result


def _correlated(white: Array, source: Array, share: float) -> Array:
    """Unit normal noise (h, w), of whose variance `share` is spread over neighbours."""
    radius = int(np.ceil(4 * SHARED_PX))
    kernel = cv2.getGaussianKernel(2 * radius + 1, SHARED_PX).ravel()
    kernel = kernel / np.sqrt((kernel**2).sum())
    spread = cv2.sepFilter2D(source, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
    result: Array = np.float32(np.sqrt(1 - share)) * white + np.float32(np.sqrt(share)) * spread
    return result


def _with_flying(
    noisy: Array, depth: Array, spec: DepthSpec, pixel_rad: float, uniform: Array
) -> Array:
    """Readings in the band round a depth edge, some of them somewhere between its two sides."""
    radius = int(np.ceil(spec.flying_px))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    low = cv2.erode(np.where(np.isnan(depth), np.float32(np.inf), depth), kernel)
    high = cv2.dilate(np.where(np.isnan(depth), np.float32(0), depth), kernel)
    # where nothing is seen, low is infinite: never an edge, as no comparison with NaN holds
    slope = STEEP * pixel_rad * depth * (2 * radius)
    flies = (high - low > slope) & (uniform[0] < spec.flying_share)
    out: Array = noisy.copy()
    out[flies] = low[flies] + uniform[1][flies] * (high - low)[flies]
    return out
