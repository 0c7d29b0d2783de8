"""What small residuals do not show: whether board, distance, depth and lens are as they should be.

No truth is needed: the arm's own motions are a ruler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cellpick.calibration.depth import DepthScale
from cellpick.calibration.problem import JointProblem
from cellpick.calibration.solve import Solution
from cellpick.geometry import Floats

STRETCH = 1e-5
"""Relative difference for the derivative by the board's size."""
SCALE_SIGMAS = 4.0
"""A board's size is wrong beyond so many standard deviations ..."""
LEAST_SCALE = 3e-4
"""... and when it matters: 0.2 mm in 0.6 m."""
DEPTH_SCALE = 5e-3
"""Scale error beyond which a 3D camera is defect: makers state 1 to 2 per mille."""
BEYOND = 0.10
"""Share of the working distance that may lie outside the distances that the board was seen at."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    """Such as `board size`."""
    passed: bool
    """Whether all is well."""
    words: str
    """What was found, with figures."""


def all_checks(
    solution: Solution, scales: Sequence[DepthScale], working_m: Sequence[Floats]
) -> tuple[Check, ...]:
    """`working_m` (n, 2): nearest and farthest depth of each camera's work."""
    names = [camera.camera for camera in solution.problem.sightings.cameras]
    checks = [check_board_size(solution)]
    checks += [
        check_distance(solution, row, name, working_m[row]) for row, name in enumerate(names)
    ]
    checks += [
        check_depth_scale(scale, name)
        for name, scale in zip(names, scales, strict=True)
        if scale.status != "no depth"
    ]
    checks += [
        Check(
            f"lens of {name}",
            name not in solution.contradicted,
            "the pictures contradict the intrinsics that were believed: solved from them alone"
            if name in solution.contradicted
            else "as believed, within what a maker's calibration is worth",
        )
        for name in names
    ]
    return tuple(checks)


def board_scale(solution: Solution) -> tuple[float, float]:
    """Size of the board by the arm's own motions over the stated one, and its sigma.

    One Gauss-Newton step of the joint problem with the size as a further unknown.
    """
    problem, x = solution.problem, solution.x
    sightings = problem.sightings
    larger = replace(sightings.board, square_m=sightings.board.square_m * (1 + STRETCH))
    stretched = JointProblem(
        replace(sightings, board=larger),
        problem.start,
        problem.sigma_px,
        problem.intrinsics_sigma,
    )
    r = problem.residuals(x)
    column = (stretched.residuals(x) - r) / STRETCH
    J = np.column_stack([problem.jacobian(x), column])
    H = J.T @ J
    step = -np.linalg.solve(H, J.T @ r)
    sigma = np.sqrt(np.linalg.inv(H)[-1, -1]) * max(1.0, solution.spread_ratio)
    return float(1 + step[-1]), float(sigma)


def check_board_size(solution: Solution) -> Check:
    """Whether the board is as large as stated, by the arm's motions."""
    scale, sigma = board_scale(solution)
    stated = 1e3 * solution.problem.sightings.board.square_m
    off = abs(scale - 1)
    passed = off <= max(SCALE_SIGMAS * sigma, LEAST_SCALE)
    words = (
        f"by the arm's motions a square is {stated * scale:.3f} mm "
        f"(standard deviation {stated * sigma:.3f}), stated as {stated:.3f} mm"
    )
    return Check("board size", passed, words)


def check_depth_scale(scale: DepthScale, name: str) -> Check:
    """Whether a 3D camera's depth scale was measured, and is that of a sound device."""
    passed = scale.status == "measured" and abs(scale.factor - 1) <= DEPTH_SCALE
    words = scale.reason or (
        f"readings times {scale.factor:.5f} fit the board's plane; at most "
        f"{1e3 * DEPTH_SCALE:.0f} per mille is usual"
    )
    return Check(f"depth scale of {name}", passed, words)


def check_distance(solution: Solution, row: int, name: str, working_m: Floats) -> Check:
    """Whether the board was seen at the distances that the camera works at."""
    problem = solution.problem
    depth = problem.corner_depths(solution.x)
    mine = np.array([p.camera == row for p in problem.sightings.pictures])[problem.picture]
    near, far = np.quantile(depth[mine], [0.01, 0.99])
    low, high = float(working_m[0]), float(working_m[1])
    outside = max(0.0, near - low) + max(0.0, high - far)
    words = (
        f"the board was seen from {near:.3f} to {far:.3f} m, the work is from {low:.3f} to "
        f"{high:.3f} m"
    )
    return Check(f"distance of {name}", bool(outside <= BEYOND * high), words)
