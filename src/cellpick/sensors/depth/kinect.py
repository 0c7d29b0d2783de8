"""The first Kinect: axial and lateral noise as Nguyen, Izadi and Lovell (2012) measured them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.depth_specs import KinectDepth, kinect_lateral_px, kinect_sigma_m
from cellpick.sensors.depth.projector import place, shadow
from cellpick.sensors.depth.sensor import Array, DepthSensor, Sight
from cellpick.sensors.lens import Lens
from cellpick.sensors.shading import dot

PIXEL_VARIANCE = 1 / 12
"""Of a step rounded to whole pixels."""
GRAZING = 0.05
"""Least cosine between a neighbour's plane and the ray that reads it."""


class KinectSensor(DepthSensor):
    """One Kinect. Its infrared projector is a laser behind a narrow filter: lamps do not matter."""

    def __init__(self, spec: KinectDepth, lens: Lens, rng: np.random.Generator) -> None:
        super().__init__(spec, rng)
        self._spec, self._lens = spec, lens

    def _read(self, sight: Sight, rng: np.random.Generator) -> Array:
        spec, (h, w) = self._spec, self._lens.shape
        axial_rng, lateral_rng = rng.spawn(2)
        pixels, surface = sight.renderer.surface()
        cosine = np.clip(dot(surface.normal, surface.to_eye), GRAZING, 1)
        angle = np.arccos(cosine)
        lost = angle > spec.max_angle_rad
        lost |= shadow(sight.scene, surface, place(sight.T_world_camera, spec.baseline_m))
        # every pixel reads the surface that another one sees, extended to its own ray: edges move
        # by the lateral noise, and a tilted plane stays a plane
        row = np.full(h * w, -1, dtype=np.int64)
        row[pixels] = np.arange(len(pixels))
        spread = np.zeros(h * w)
        # a pixel's own square is part of the spread that the whole steps make
        spread[pixels] = np.sqrt(
            np.maximum((spec.noise * kinect_lateral_px(angle)) ** 2 - PIXEL_VARIANCE, 0)
        )
        step = np.rint(spread[:, None] * lateral_rng.standard_normal((h * w, 2))).astype(np.int64)
        v, u = np.divmod(np.arange(h * w), w)
        source = np.clip(v + step[:, 1], 0, h - 1) * w + np.clip(u + step[:, 0], 0, w - 1)
        read = row[source]
        seen = np.flatnonzero(read >= 0)
        read = read[seen]
        depth = np.full(h * w, np.nan, dtype=np.float32)
        depth[seen] = self._on_plane(sight, surface.p[read], surface.facet_normal[read], seen)
        depth[seen[lost[read]]] = np.nan
        z = np.maximum(np.nan_to_num(depth[seen].astype(float), nan=1.0), 1e-3)
        sigma = spec.noise * kinect_sigma_m(z, np.minimum(angle[read], spec.max_angle_rad))
        depth[seen] += (sigma * axial_rng.standard_normal(h * w)[seen]).astype(np.float32)
        return depth.reshape(h, w)

    def _on_plane(self, sight: Sight, p: Array, normal: Array, pixels: NDArray[np.int64]) -> Array:
        """Depth (n,) at which the rays of `pixels` (n,) meet planes through `p` (n, 3)."""
        T = sight.T_world_camera.astype(np.float32)
        way = self._lens.directions[pixels] @ T[:3, :3].T
        level = dot(normal, way)
        level = np.where(np.abs(level) < GRAZING, np.copysign(np.float32(GRAZING), level), level)
        result: Array = dot(normal, p - T[:3, 3]) / level
        return result
