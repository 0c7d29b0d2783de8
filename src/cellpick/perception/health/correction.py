"""Solves a camera anew from the marks, and states how well it is then known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats, invert, perturb, skew, transform
from cellpick.perception.health.mark_model import FOCAL, SCALE, residuals
from cellpick.perception.health.mark_reading import MarkReadings
from cellpick.perception.health.pose_filter import Belief, jacobian, surprise, updated
from cellpick.structures import CameraCalibration, Capture, ReferenceMark, SearchTask

ROUNDS = 4
"""Linearisations; a bump of some millimetres needs two."""
LOOSE = np.array([0.02] * 3 + [0.05] * 3 + [3e-3])
"""Standard deviations of a camera of which nothing is known but that it hangs where it did: metres,
radians, share of the focal length."""
MOST_ERROR_M = 1e-3
"""Error over the search region beyond which a camera solved anew is of no use."""
FLOOR = (1e-5, 2e-5)
"""Stated errors, in metres and radians, that scale a new error when calibration states none."""


@dataclass(frozen=True, eq=False)
class Solved:
    """A camera solved from the marks of one look."""

    belief: Belief
    """The unknowns after it."""
    fits: bool
    """Whether the marks then agree with one another."""
    error_m: float
    """Largest standard deviation of where the camera places points of the search region."""


def solve(
    capture: Capture,
    marks: Sequence[ReferenceMark],
    readings: MarkReadings,
    prior: Belief,
    task: SearchTask,
    rate: float,
) -> Solved:
    """The camera's unknowns from `marks`, those of the readings, with `prior` round its calibration
    and `rate` the false alarms of the test that they agree."""
    prior_sigma = np.sqrt(np.diag(prior.covariance)[: len(prior.camera)])
    at, after, fits = prior.camera, prior, True
    for _ in range(ROUNDS):
        seen = residuals(corrected(capture, at), marks, _refocused(readings, at))
        # residuals are taken where the camera now stands; the state counts from its calibration
        seen = replace(seen, value=seen.value + seen.by_camera @ at)
        H = jacobian(prior, seen, readings.number)
        after = updated(prior, seen, H)
        fits = surprise(prior, seen, H, prior_sigma).rest >= rate
        at = after.camera
    scatter = region_covariance(corrected(capture, at), after.covariance[:6, :6], task)
    return Solved(after, fits, float(np.sqrt(np.linalg.eigvalsh(scatter)[:, -1].max())))


def corrected(capture: Capture, camera: Floats) -> Capture:
    """The capture with a calibration that is off by `camera` (8,) no more."""
    belief = capture.calibration
    K = belief.K.copy()
    K[0, 0], K[1, 1] = K[0, 0] * (1 + camera[FOCAL]), K[1, 1] * (1 + camera[FOCAL])
    return replace(
        capture,
        calibration=replace(
            belief,
            K=K,
            T_mount_camera=perturb(belief.T_mount_camera, camera[:6]),
            depth_scale=belief.depth_scale / (1 + camera[SCALE]),
        ),
    )


def restated(capture: Capture, after: Belief, task: SearchTask) -> Capture:
    """`capture`, corrected, with stated errors so large that nowhere in the search region the
    camera is worse than it states; never smaller than calibration's."""
    belief = capture.calibration
    scatter = region_covariance(capture, after.covariance[:6, :6], task)
    old = np.maximum([belief.translation_sigma_m, belief.rotation_sigma_rad], FLOOR)
    stated = region_covariance(capture, np.diag(np.repeat(old, 3) ** 2), task)
    white = np.linalg.inv(np.linalg.cholesky(stated))
    ratio = np.linalg.eigvalsh(white @ scatter @ np.swapaxes(white, -1, -2))[:, -1].max()
    factor = max(float(np.sqrt(ratio)), 1.0)
    new = _scaled(belief, old, factor)
    return replace(capture, calibration=new)


def region_covariance(capture: Capture, covariance: Floats, task: SearchTask) -> Floats:
    """(k, d, d) of where a camera whose pose has `covariance` (6, 6) places the corners of the
    search region: across the rays (d = 2), and along them too for a 3D camera (d = 3)."""
    half = np.append(task.region_size_m[:2] / 2, task.cell.height_m)
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (0, 1)])
    p = transform(invert(capture.T_base_camera) @ task.T_base_region, signs * half)
    eye = np.broadcast_to(np.eye(3), (len(p), 3, 3))
    J = np.concatenate([-eye, skew(p)], axis=-1)
    if capture.depth is None:
        along = p / np.linalg.norm(p, axis=-1, keepdims=True)
        frames = np.linalg.svd(along[:, None])[2][:, 1:]
        J = frames @ J
    result: Floats = J @ covariance @ np.swapaxes(J, -1, -2)
    return result


def _scaled(belief: CameraCalibration, old: Floats, factor: float) -> CameraCalibration:
    return replace(
        belief,
        translation_sigma_m=float(factor * old[0]),
        rotation_sigma_rad=float(factor * old[1]),
    )


def _refocused(readings: MarkReadings, camera: Floats) -> MarkReadings:
    """Readings through a lens whose focal length is longer by what `camera` says."""
    return replace(readings, corners=readings.corners / (1 + camera[FOCAL]))
