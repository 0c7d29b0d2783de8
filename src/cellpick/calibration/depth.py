"""The scale of a 3D camera's readings: measured against the plane of the board as it was solved."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from cellpick.calibration.pinhole import INTRINSICS, pinhole_of
from cellpick.calibration.problem import Geometry, JointProblem
from cellpick.geometry import Floats, rays

STEP = 1e-6
"""Difference for derivatives: parameters are metres, radians or standard deviations."""
THIN = 40
"""Readings a picture that derivatives are taken with."""
WARP_LEFT = 0.5
"""Share of a device's smooth error that is left in the mean over the board; assumed: the board
covers about four of its patches, the same ones in most pictures."""
LEAST_READINGS = 50
"""A picture with fewer says nothing of depth."""
LEAST_PICTURES = 2
"""Pictures that tell a scale and its scatter."""
Status = Literal["measured", "unmeasured", "no depth"]
"""Whether a scale was measured, could not be, or does not exist."""


class DepthScale(NamedTuple):
    """Factor that makes a camera's readings right."""

    factor: float
    by_picture: Floats
    """(j,) the factor from each picture alone; fewer than two measure nothing."""
    by_parameters: Floats
    """(size,) its derivatives by the joint problem's parameters."""
    own_sigma: float
    """Its standard deviation from the readings alone: their scatter over pictures, and the smooth
    error that no number of pictures averages out. Unmeasured, that of the former belief."""
    status: Status

    @property
    def reason(self) -> str:
        """Why nothing was measured; empty for a measured one and a camera without depth."""
        if self.status != "unmeasured":
            return ""
        return (
            f"fewer than {LEAST_PICTURES} pictures of the board have {LEAST_READINGS} readings: "
            f"believed as before, {self.factor:.5f} with a standard deviation of "
            f"{1e3 * self.own_sigma:.2f} per mille"
        )


def depth_scale(problem: JointProblem, x: Floats, camera: int) -> DepthScale:
    """The scale of one camera at the solution `x`; the former belief where too little was read."""
    pictures, belief = problem.sightings.pictures, problem.sightings.cameras[camera]
    rows = [
        row
        for row, picture in enumerate(pictures)
        if picture.camera == camera and len(picture.depth_m) >= LEAST_READINGS
    ]
    if len(rows) < LEAST_PICTURES:
        status: Status = "unmeasured" if belief.depth_sigma_m > 0 else "no depth"
        nothing = np.zeros(problem.size)
        former = belief.depth_scale, np.zeros(0), nothing, belief.depth_scale_sigma
        return DepthScale(*former, status)
    here = problem.geometry(x)
    used = [problem.sightings.pictures[row] for row in rows]
    lens = here.intrinsics[camera]
    full = [_rays(lens, picture.depth_pixels) for picture in used]
    planes = _planes(problem, here, rows, full)
    ratio = np.array([np.median(plane / p.depth_m) for plane, p in zip(planes, used, strict=True)])
    slope = _slope(problem, x, camera, rows)
    factor = float(ratio.mean())
    scatter = float(ratio.std(ddof=1) / np.sqrt(len(ratio)))
    warp_m = WARP_LEFT * belief.depth_warp_m
    own = float(np.hypot(scatter, warp_m / np.mean(np.concatenate(planes))))
    return DepthScale(factor, ratio, factor * slope, own, "measured")


def _slope(problem: JointProblem, x: Floats, camera: int, rows: list[int]) -> Floats:
    """(size,) derivatives of the mean logarithm of the planes' depths by the parameters."""
    pixels = [_thinned(problem.sightings.pictures[row].depth_pixels) for row in rows]
    here = problem.geometry(x)
    still = [_rays(here.intrinsics[camera], p) for p in pixels]
    first = problem.intrinsics.start + INTRINSICS * camera
    lens = range(first, first + INTRINSICS)
    places = [
        *range(6 * camera, 6 * camera + 6),
        *range(problem.board.start, problem.board.stop),
        *range(problem.flanges.start, problem.flanges.stop),
    ]
    middle = _mean_log(_planes(problem, here, rows, still))
    slope = np.zeros(problem.size)
    for k in (*lens, *places):
        step = x.copy()
        step[k] += STEP
        there = problem.geometry(step)
        seen = [_rays(there.intrinsics[camera], p) for p in pixels] if k in lens else still
        slope[k] = (_mean_log(_planes(problem, there, rows, seen)) - middle) / STEP
    return slope


def _thinned(pixels: Floats) -> Floats:
    return pixels[:: max(1, len(pixels) // THIN)]


def _rays(intrinsics: Floats, pixels: Floats) -> Floats:
    return rays(pixels, *pinhole_of(intrinsics))


def _mean_log(planes: list[Floats]) -> float:
    return float(np.mean([np.log(plane).mean() for plane in planes]))


def _planes(
    problem: JointProblem, here: Geometry, rows: list[int], directions: list[Floats]
) -> list[Floats]:
    """Depth of the board's plane along rays (m, 3) of each picture."""
    Ts = problem.cameras_boards(here)[rows]
    return [T[:3, 2] @ T[:3, 3] / (d @ T[:3, 2]) for T, d in zip(Ts, directions, strict=True)]
