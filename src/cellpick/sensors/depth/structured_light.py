"""Depth by structured light: patterns from a projector beside the camera, decoded pixel by pixel.

The axial noise grows with the square of the distance, as triangulation's does (Khoshelham and
Oude Elberink 2012, "Accuracy and resolution of Kinect depth data", eq. 10), and with the inverse
cosine of the incidence angle: over a tilted surface the footprint grows so, and its light falls so.
"""

from __future__ import annotations

import numpy as np

from cellpick.scene.depth_specs import StructuredLight
from cellpick.sensors.depth.decoding import decoded
from cellpick.sensors.depth.edges import with_flying
from cellpick.sensors.depth.microstructure import Relief
from cellpick.sensors.depth.noise import shared_noise, warp_field
from cellpick.sensors.depth.projector import place, returned_light, shadow
from cellpick.sensors.depth.sensor import Array, DepthSensor, Sight, image_of, true_depth
from cellpick.sensors.lens import Lens
from cellpick.sensors.shading import Palette, dot

DARK = 1e-6
"""Light of a pixel that sees nothing, so that its logarithm exists."""
FRINGE_PX = 20.0
"""Period of the finest fringes in disparity, in pixels of the read-out; assumed."""
STEEPEST = 1.0
"""Bound on the change of log light between neighbours that a blurred reading answers to."""


class StructuredLightSensor(DepthSensor):
    """One structured-light device."""

    def __init__(
        self, spec: StructuredLight, lens: Lens, palette: Palette, rng: np.random.Generator
    ) -> None:
        scale_rng, warp_rng, relief_rng = rng.spawn(3)
        super().__init__(spec, scale_rng)
        self._spec, self._palette, self._pixel_rad = spec, palette, lens.pixel_rad
        self._warp = np.float32(spec.warp_m) * warp_field(lens.shape, warp_rng)
        self._relief = Relief(relief_rng)

    def _read(self, sight: Sight, rng: np.random.Generator) -> Array:
        spec, glare = self._spec, sight.glare
        shape = glare.shape
        noise_rng, edge_rng = rng.spawn(2)
        depth = true_depth(sight)
        pixels, surface = sight.renderer.surface()
        projector = place(sight.T_world_camera, spec.baseline_m)
        slant = dot(surface.normal, surface.to_eye)
        light = returned_light(surface, projector, self._palette, self._relief)
        ambient = np.float32(spec.ambient) * glare.reshape(-1)[pixels]
        pattern = decoded(light, ambient, spec)
        far = (depth.reshape(-1)[pixels] / np.float32(spec.reference_m)) ** 2
        sigma = np.float32(spec.sigma_m) * far / np.maximum(slant, 0.1) * pattern.noise
        error = image_of(shape, pixels, sigma, 0) * shared_noise(
            (shape[0], shape[1]), spec.correlation_px, noise_rng
        )
        error += image_of(shape, pixels, far, 0) * self._warp
        error += self._misplaced(depth, image_of(shape, pixels, light, DARK))
        error += self._clipped(depth, image_of(shape, pixels, pattern.phase_error, 0))
        noisy = with_flying(
            depth + error, depth, spec.flying_px, spec.flying_share, self._pixel_rad, edge_rng
        )
        lost = pattern.lost | shadow(sight.scene, surface, projector)
        lost |= slant < np.cos(spec.max_angle_rad)
        noisy.reshape(-1)[pixels[lost]] = np.nan
        return noisy

    def _stored(self, depth: Array) -> Array:
        quantum = np.float32(self._spec.quantum_m)
        if quantum == 0:
            return depth
        stored: Array = np.round(depth / quantum) * quantum
        return stored

    def _misplaced(self, depth: Array, light: Array) -> Array:
        """Error (h, w) where neighbours are of unlike brightness: contrast distortion.

        A blurred pixel decodes the place at which its light has its centre, blur^2 d(ln light)/du
        beside its own, as if that were the disparity's.
        """
        log = np.log(np.maximum(light, DARK))
        slope = np.zeros_like(log)
        slope[:, 1:-1] = np.clip((log[:, 2:] - log[:, :-2]) / 2, -STEEPEST, STEEPEST)
        error: Array = self._per_pixel(depth) * np.float32(self._spec.blur_px**2) * slope
        return error

    def _clipped(self, depth: Array, phase_error: Array) -> Array:
        """Error (h, w) where crests of the fringes are clipped: a ripple of their period."""
        focal = np.float32(1 / self._pixel_rad)
        with np.errstate(divide="ignore", invalid="ignore"):
            disparity = focal * np.float32(self._spec.baseline_m) / depth
            ripple = np.sin(np.float32(2 * np.pi * 3 / FRINGE_PX) * disparity)
        error = np.float32(FRINGE_PX / (2 * np.pi)) * phase_error * ripple
        result: Array = self._per_pixel(depth) * error
        return result

    def _per_pixel(self, depth: Array) -> Array:
        """Depth error (h, w) a pixel of disparity."""
        result: Array = depth**2 * np.float32(self._pixel_rad / self._spec.baseline_m)
        return result
