"""Depth of all 3D cameras -> one cloud in the search region's frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, invert, translation
from cellpick.perception.core.views import shared_by
from cellpick.perception.depth_points import (
    Raster,
    Singles,
    directions,
    noise_at_1m,
    points_seen,
)
from cellpick.structures import CameraCalibration, Capture, CaptureSet, CellModel

SURE = 3.0
"""Standard deviations beyond which a difference is no noise."""
ENOUGH = 2400
"""Readings a cell, over all cameras, that a sample has where none is missing."""
MEAN_SIGMA_M = 4e-6
"""The sample of noisy cameras is denser, up to all there is, so that a cell's mean is this sure."""


@dataclass(frozen=True, eq=False)
class DepthCameras:
    """What c cameras' calibrations state of their depth, and where they see the region."""

    T_base_region: Floats
    """(4, 4)."""
    axis: Floats
    """(c, 4) rows that give a region point's depth in each camera."""
    noise: Floats
    """(c,) axial standard deviation at 1 m; it grows with the square of the distance."""
    scale_sigma: Floats
    """(c,) what is left of the scale's error, as a share."""
    warp_m: Floats
    """(c,) standard deviation of the smooth error."""
    repeats: Floats
    """(c,) how many neighbouring readings carry the information of one independent reading."""

    @classmethod
    def of(cls, look: CaptureSet) -> DepthCameras:
        """Of a look's cameras, 2D ones too."""
        T_region = look.task.T_base_region
        beliefs = [capture.calibration for capture in look.captures]
        depth = [(invert(capture.T_base_camera) @ T_region)[2] for capture in look.captures]
        noise = [noise_at_1m(belief) for belief in beliefs]
        return cls(
            T_region,
            np.array(depth).reshape(-1, 4),
            np.array(noise),
            np.array([b.depth_scale_sigma for b in beliefs]),
            np.array([b.depth_warp_m for b in beliefs]),
            shared_by([b.depth_correlation_px for b in beliefs]),
        )


@dataclass(frozen=True, eq=False)
class Cloud:
    """n points, camera by camera, in row order; what follows from them is float32."""

    p_region: Singles
    """(n, 3) in the region frame, one contiguous array an axis."""
    counts: NDArray[np.int64]
    """(c,) how many each camera has."""
    stride: tuple[int, ...]
    """(c,) every so many-th pixel of a row, and every so many-th row, was asked."""
    cameras: DepthCameras
    """Whose they are."""

    def __len__(self) -> int:
        return len(self.p_region)

    def lowered(self, by_m: float) -> Cloud:
        """The same points in the frame of a region that lies higher by so much."""
        p_region = self.p_region - np.array([0.0, 0.0, by_m], np.float32)
        raised = translation(np.array([0.0, 0.0, by_m]))
        cameras = replace(
            self.cameras,
            T_base_region=self.cameras.T_base_region @ raised,
            axis=self.cameras.axis @ raised,
        )
        return replace(self, p_region=p_region, cameras=cameras)

    @property
    def camera(self) -> NDArray[np.int64]:
        """(n,) index of the capture."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def p_base(self) -> Singles:
        """(n, 3) in the base frame."""
        return move(self.cameras.T_base_region, self.p_region)

    @property
    def depth_m(self) -> Singles:
        """(n,) depth in the camera that saw each."""
        own = np.split(self.p_region.T, np.cumsum(self.counts), axis=1)[:-1]
        axes = self.cameras.axis.astype(np.float32)
        depths = [axis[:3] @ p + axis[3] for axis, p in zip(axes, own, strict=True)]
        return np.concatenate([np.zeros(0, np.float32), *depths])

    @property
    def sigma_m(self) -> Singles:
        """(n,) axial standard deviation."""
        result: Singles = self._of_each(self.cameras.noise) * np.square(self.depth_m)
        return result

    @property
    def shared_m(self) -> Singles:
        """(n,) standard deviation of the error that a reading shares with all near it."""
        scaled = np.square(self._of_each(self.cameras.scale_sigma) * self.depth_m)
        result: Singles = np.sqrt(scaled + self._of_each(np.square(self.cameras.warp_m)))
        return result

    @property
    def doubt_m(self) -> Singles:
        """(n,) standard deviation of one reading, both kinds of error together."""
        result: Singles = np.sqrt(np.square(self.sigma_m) + np.square(self.shared_m))
        return result

    @property
    def repeats(self) -> Singles:
        """(n,) how many neighbouring points carry the information of one independent reading."""
        return self._of_each(np.maximum(self.cameras.repeats / np.square(self.stride), 1.0))

    def _of_each(self, values: Floats) -> Singles:
        """Each point's camera's value, of values (c, ...)."""
        return np.repeat(values.astype(np.float32), self.counts, axis=0)


@dataclass(frozen=True, eq=False)
class Clouds:
    """The readings of one look."""

    dense: Cloud
    """As many as tell what is where."""
    sample: Cloud
    """As many of them as poses and verdicts need."""


def to_scale(look: CaptureSet) -> CaptureSet:
    """The look with its depth corrected by the factors that the calibrations found."""
    return replace(look, captures=tuple(_to_scale(capture) for capture in look.captures))


def _to_scale(capture: Capture) -> Capture:
    scale = capture.calibration.depth_scale
    if capture.depth is None or scale == 1:
        return capture
    belief = replace(capture.calibration, depth_scale=1.0)
    # what a camera gives for no reading may be infinite, or the largest number there is
    with np.errstate(over="ignore", invalid="ignore"):
        depth = capture.depth * np.float32(scale)
    return replace(capture, calibration=belief, depth=depth)


def fuse(look: CaptureSet) -> Clouds:
    """All trustworthy readings inside the search region, camera by camera, in row order.

    Depth is taken as it stands: `to_scale` corrects it.
    """
    cameras = DepthCameras.of(look)
    seen = [points_seen(capture, look.task) for capture in look.captures]
    every = [_every(seen[k], cameras.noise[k], look.task.cell, seen) for k in range(len(seen))]
    return Clouds(_gathered(seen, [1] * len(seen), cameras), _gathered(seen, every, cameras))


def _every(own: Raster | None, noise: float, cell: CellModel, seen: list[Raster | None]) -> int:
    """Of a raster, every so many-th row and column serves as a sample."""
    if own is None:
        return 1
    wanted = max(ENOUGH, (noise * own.depth_m**2 / MEAN_SIGMA_M) ** 2)
    share = wanted / sum(raster is not None for raster in seen)
    there = float(np.prod(cell.size_m[:2])) / own.pitch_m**2
    return max(1, int(np.sqrt(there / share)))


def _gathered(seen: list[Raster | None], every: list[int], cameras: DepthCameras) -> Cloud:
    """The good points of all rasters, every so many-th row and column."""
    planes: list[tuple[Singles, ...]] = [(np.zeros(0, np.float32),) * 3]
    counts = np.zeros(len(seen), np.int64)
    for k, (raster, step) in enumerate(zip(seen, every, strict=True)):
        if raster is None:
            continue
        lattice = (slice(step // 2, None, step),) * 2
        rows = np.flatnonzero(raster.good[lattice])
        counts[k] = len(rows)
        planes.append(tuple(plane[lattice].ravel().take(rows) for plane in raster.p_region))
    strides = tuple(
        step * (1 if raster is None else raster.stride)
        for raster, step in zip(seen, every, strict=True)
    )
    axes = np.array([np.concatenate(axis) for axis in zip(*planes, strict=True)])
    return Cloud(axes.T, counts, strides, cameras)


def ray_image(belief: CameraCalibration) -> Singles:
    """(h, w, 3) ray directions with z = 1 of all pixels."""
    shape = (belief.height_px, belief.width_px)
    return np.stack(directions(belief, np.eye(3), (0, 0), 1, shape), axis=-1)


def move(T: Floats, p: Singles) -> Singles:
    """Float32 points (n, 3) in another frame."""
    moved: Singles = p @ T[:3, :3].T.astype(np.float32) + T[:3, 3].astype(np.float32)
    return moved


def axial_sigma(belief: CameraCalibration, z: NDArray[Any]) -> Singles:
    """Stated noise of readings at depths z; it grows with the square of the distance."""
    sigma: Singles = np.float32(noise_at_1m(belief)) * z * z
    return sigma


def shared_sigma(belief: CameraCalibration, z: NDArray[Any]) -> Singles:
    """Stated error at depths z that neighbours share: what is left of the scale, and the warp."""
    scale = np.float32(belief.depth_scale_sigma)
    result: Singles = np.hypot(scale * z, np.float32(belief.depth_warp_m))
    return result


def doubt(belief: CameraCalibration, z: NDArray[Any]) -> Singles:
    """Stated error of one reading at depths z, both kinds together."""
    result: Singles = np.hypot(axial_sigma(belief, z), shared_sigma(belief, z))
    return result


def hidden(
    capture: Capture, read: NDArray[Any], z: NDArray[Any], margin_m: float
) -> NDArray[np.bool_]:
    """Whether readings (...) show something nearer than a surface at depths z (...), by more than
    a margin and what the camera's noise may feign; False where there is no reading."""
    belief = capture.calibration
    # SURE standard deviations of noise, scale and warp together, squared, as a polynomial in z^2
    noise, scale, warp = (
        np.float32((SURE * a) ** 2)
        for a in (noise_at_1m(belief), belief.depth_scale_sigma, belief.depth_warp_m)
    )
    square = z * z
    variance = square * noise
    variance += scale
    variance *= square
    variance += warp
    nearer = z - read
    nearer -= np.float32(margin_m)
    result: NDArray[np.bool_] = (nearer > 0) & (nearer * nearer > variance)
    return result
