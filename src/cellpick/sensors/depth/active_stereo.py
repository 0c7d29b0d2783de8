"""Depth by active stereo: two infrared images with projected dots, matched by OpenCV's SGBM.

Nothing is added to the depth: all its errors come from the images, their noise and the matcher
(Hirschmueller 2008, "Stereo processing by semiglobal matching and mutual information").
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, translation
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.depth_specs import ActiveStereo
from cellpick.sensors.depth.dots import Dots
from cellpick.sensors.depth.microstructure import Relief
from cellpick.sensors.depth.projector import place, returned_light, shadow
from cellpick.sensors.depth.sensor import Array, DepthSensor, Sight, image_of
from cellpick.sensors.lens import Lens
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette

TARGET = 0.35
"""Mean level that the automatic exposure aims at, as a share of the white level; assumed."""
STRONGEST = 20.0
"""Bound on its gain."""
FRACTIONS = 16
"""Steps of a disparity a pixel in OpenCV's matcher."""
ROUNDING = 1 / 32
"""Mean error in pixels of OpenCV's integer rounding of a sub-pixel disparity; a device's own
calibration takes such a constant out."""
PENALTIES = (0, 1)
"""SGBM's penalties for a small and a large step of disparity, per pixel of its block. The usual
ones are far larger and pull disparities to whole pixels."""
SLOPE_CAP = 63
"""Bound on the image gradients that SGBM compares; OpenCV's 15 clips dots to black and white."""


class ActiveStereoSensor(DepthSensor):
    """One device: left imager at the camera, right imager a baseline beside, projector between.

    Geometry and dots are seen at the matcher's full resolution; the lamps' light and the surface's
    reflectance, which change slowly, at that of the read-out.
    """

    def __init__(
        self, spec: ActiveStereo, camera: CameraSpec, palette: Palette, rng: np.random.Generator
    ) -> None:
        scale_rng, dots_rng, relief_rng = rng.spawn(3)
        super().__init__(spec, scale_rng)
        self._spec, self._palette = spec, palette
        self._lens, self._white_level = Lens(camera), np.float32(camera.imager.white_level)
        n = spec.subsample
        w, h = camera.width_px * n, camera.height_px * n
        # the read-out's pixels lie on pixels of the matcher's image, n apart
        K = np.array(camera.K) * n
        K[:2, 2] = camera.K[:2, 2] * n + n // 2
        K[2, 2] = 1
        self._focal_px = float(K[0, 0])
        self._rays = Lens(
            replace(camera, width_px=w, height_px=h, K=K, distortion=np.zeros(5))
        ).directions.reshape(h, w, 3)
        half = (w / 2 / self._focal_px, h / 2 / self._focal_px)
        self._dots = Dots(half, spec.dot_pitch_rad, spec.dot_rad, dots_rng)
        self._relief = Relief(relief_rng)
        self._matcher = _matcher(spec, self._focal_px, w)

    def _read(self, sight: Sight, rng: np.random.Generator) -> Array:
        n, spec = self._spec.subsample, self._spec
        if self._matcher is None:
            return np.full(self._lens.shape, np.nan, dtype=np.float32)
        left_rng, right_rng = rng.spawn(2)
        T_right = sight.T_world_camera @ translation([spec.baseline_m, 0, 0])
        beside = Renderer(self._lens, T_right, sight.scene, sight.table, sight.lighting)
        lamps = beside.radiance().mean(axis=2) / self._white_level
        left = self._picture(sight, sight.renderer, sight.T_world_camera, sight.light.mean(axis=2))
        right = self._picture(sight, beside, T_right, lamps)
        gain = min(TARGET / max(float(left.mean()), 1e-6), STRONGEST)
        disparity = self._matcher.compute(
            self._exposed(left * gain, left_rng), self._exposed(right * gain, right_rng)
        )
        chosen = disparity[n // 2 :: n, n // 2 :: n].astype(np.float32) / FRACTIONS
        matched = chosen >= self._matcher.getMinDisparity()
        chosen[~matched] = np.nan
        depth: Array = np.float32(self._focal_px * spec.baseline_m) / (
            chosen - np.float32(ROUNDING)
        )
        return depth

    def _picture(
        self, sight: Sight, renderer: Renderer, T_world_imager: Floats, lamps: Array
    ) -> Array:
        """Light (h, w) on an imager in units of the white level, at full resolution."""
        spec, shape = self._spec, self._rays.shape[:2]
        projector = place(sight.T_world_camera, spec.baseline_m / 2)
        pixels, surface = renderer.surface()
        light = returned_light(surface, projector, self._palette, self._relief)
        light[shadow(sight.scene, surface, projector)] = 0
        size = shape[::-1]
        back = cv2.resize(image_of(lamps.shape, pixels, light, 0), size)
        out = np.float32(spec.ambient) * cv2.resize(lamps.astype(np.float32), size)
        R, p = T_world_imager[:3, :3].astype(np.float32), T_world_imager[:3, 3].astype(np.float32)
        t = sight.scene.cast(p, self._rays.reshape(-1, 3) @ R.T).t.reshape(shape)
        # imagers and projector stand in one row, so that only x differs between their frames
        shift = float(np.linalg.inv(T_world_imager)[0] @ np.append(projector.astype(float), 1))
        seen = np.isfinite(t)
        z = np.where(seen, t, np.float32(1))
        x = self._rays[..., 0] - np.float32(shift) / z
        y = self._rays[..., 1]
        fall = (np.float32(spec.reference_m) / z) ** 2 / (1 + x * x + y * y)
        dots = np.float32(spec.dot_light) * self._dots.light(x, np.ascontiguousarray(y)) * fall
        result: Array = out + np.where(seen, back * dots, np.float32(0))
        return result

    def _exposed(self, light: Array, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The 8-bit image of `light` (h, w), with shot noise."""
        noise = np.float32(self._spec.noise) * np.sqrt(2 * np.maximum(light, 1e-3))
        noisy = light + noise * rng.standard_normal(light.shape, dtype=np.float32)
        image: NDArray[np.uint8] = np.clip(np.round(noisy * 255), 0, 255).astype(np.uint8)
        return image


def _matcher(spec: ActiveStereo, focal_px: float, width_px: int) -> cv2.StereoSGBM | None:
    """None for an image so narrow that nothing in it has a partner."""
    nearest, farthest = (focal_px * spec.baseline_m / z for z in (spec.near_m, spec.far_m))
    least = int(np.floor(farthest))
    widest = (width_px - least - 1) // 16 * 16
    count = min(int(np.ceil((nearest - least + 1) / 16)) * 16, widest)
    if count <= 0:
        return None
    small, large = (p * spec.block_px**2 for p in PENALTIES)
    return cv2.StereoSGBM.create(
        minDisparity=least,
        numDisparities=count,
        blockSize=spec.block_px,
        P1=small,
        P2=large,
        disp12MaxDiff=1,
        preFilterCap=SLOPE_CAP,
        uniquenessRatio=spec.uniqueness,
        speckleWindowSize=spec.speckle_px,
        speckleRange=1,
        mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )
