"""The scale of a 3D camera's readings: measured against the plane of the board as it was solved."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellpick.calibration.pinhole import pinhole_of
from cellpick.calibration.problem import Geometry, JointProblem
from cellpick.geometry import Floats, rays

STEP = 1e-6
"""Difference for derivatives: parameters are metres, radians or standard deviations."""
THIN = 40
"""Readings a picture that derivatives are taken with."""
LEAST_READINGS = 50
"""A picture with fewer says nothing of depth."""


class DepthScale(NamedTuple):
    """Factor that makes a camera's readings right."""

    factor: float
    by_picture: Floats
    """(j,) the factor from each picture alone."""
    by_parameters: Floats
    """(size,) its derivatives by the joint problem's parameters."""
    own_sigma: float
    """Its standard deviation from the readings alone: the scatter over pictures."""


NONE = DepthScale(1.0, np.zeros(0), np.zeros(0), 0.0)
"""A camera without depth."""


def depth_scale(problem: JointProblem, x: Floats, camera: int) -> DepthScale:
    """The scale of one camera at the solution `x`; `NONE` for one that reads no depth."""
    pictures = problem.sightings.pictures
    rows = [
        row
        for row, picture in enumerate(pictures)
        if picture.camera == camera and len(picture.depth_m) >= LEAST_READINGS
    ]
    if len(rows) < 2:
        return NONE
    here = problem.geometry(x)
    ratio = np.array(
        [
            np.median(plane / pictures[row].depth_m)
            for row, plane in zip(rows, _planes(problem, here, camera, rows, 1), strict=True)
        ]
    )
    slope = np.zeros(problem.size)
    middle = _mean_log(problem, here, camera, rows)
    for k in range(problem.size):
        step = x.copy()
        step[k] += STEP
        slope[k] = (_mean_log(problem, problem.geometry(step), camera, rows) - middle) / STEP
    factor = float(ratio.mean())
    own = float(ratio.std(ddof=1) / np.sqrt(len(ratio)))
    return DepthScale(factor, ratio, factor * slope, own)


def _mean_log(problem: JointProblem, here: Geometry, camera: int, rows: list[int]) -> float:
    planes = _planes(problem, here, camera, rows, THIN)
    return float(np.mean([np.log(plane).mean() for plane in planes]))


def _planes(
    problem: JointProblem, here: Geometry, camera: int, rows: list[int], thin: int
) -> list[Floats]:
    """Depth of the board's plane at the pixels of each picture; every nth where `thin` > 1."""
    Ts = problem.cameras_boards(here)
    K, distortion = pinhole_of(here.intrinsics[camera])
    planes = []
    for row in rows:
        pixels = problem.sightings.pictures[row].depth_pixels
        every = max(1, len(pixels) // thin) if thin > 1 else 1
        normal, origin = Ts[row, :3, 2], Ts[row, :3, 3]
        planes.append(normal @ origin / (rays(pixels[::every], K, distortion) @ normal))
    return planes
