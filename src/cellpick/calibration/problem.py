"""The joint problem: every corner in every picture, all cameras, one board, the arm's own error.

Unknown are each camera's pose on its mount, the board's one pose (on the base or, under fixed
cameras, on the flange), each camera's intrinsics round what was believed before, and the error of
each flange pose within what the encoders allow. Reprojection residuals are in units of their own
standard deviation, and so is what is known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.calibration.board import corner_points
from cellpick.calibration.pinhole import INTRINSICS, project_with_derivatives
from cellpick.calibration.sightings import Sightings
from cellpick.geometry import Floats, exp_rotation, invert, perturb, skew, transform


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where everything is: what the joint problem solves for."""

    Ts_mount_camera: Floats
    """(n, 4, 4) cameras on their mount."""
    T_home_board: Floats
    """(4, 4) the board in the base frame, or in the flange's under fixed cameras."""
    intrinsics: Floats
    """(n, 9) fx fy cx cy k1 k2 p1 p2 k3."""
    Ts_base_flange: Floats
    """(k, 4, 4) the flange, with its error taken off."""


class JointProblem:
    """Residuals and derivatives at small motions round a starting geometry."""

    def __init__(
        self, sightings: Sightings, start: Geometry, sigma_px: Floats, intrinsics_sigma: Floats
    ) -> None:
        """`sigma_px` (n,) of a corner; `intrinsics_sigma` (n, 9) of the beliefs, 0 to hold one."""
        self.sightings, self.start = sightings, start
        self.sigma_px, self.intrinsics_sigma = sigma_px, intrinsics_sigma
        self.flange_mount = sightings.cameras[0].mount == "flange"
        n, k = len(sightings.cameras), len(sightings.Ts_base_flange)
        self.poses = slice(0, 6 * n)
        self.board = slice(6 * n, 6 * n + 6)
        self.intrinsics = slice(6 * n + 6, 6 * n + 6 + INTRINSICS * n)
        self.flanges = slice(self.intrinsics.stop, self.intrinsics.stop + 6 * k)
        self.size = self.flanges.stop
        points = corner_points(sightings.board)
        pictures = sightings.pictures
        self._camera = np.array([p.camera for p in pictures])
        self._pose = np.array([p.pose for p in pictures])
        count = [len(p.corners) for p in pictures]
        self.picture = np.repeat(np.arange(len(pictures)), count)
        self._p_board = points[np.concatenate([p.corners for p in pictures])]
        self._pixels = np.concatenate([p.pixels for p in pictures])
        self._believed = start.intrinsics
        self._root = np.stack([_root(c) for c in sightings.flange_covariance])
        self._weight = 1 / np.repeat(sigma_px[self._camera[self.picture]], 2)

    @property
    def picture_rows(self) -> NDArray[np.int64]:
        """(r,) row of the picture that each reprojection residual belongs to."""
        return np.repeat(self.picture, 2)

    def geometry(self, x: Floats) -> Geometry:
        """What parameters (size,) stand for."""
        start = self.start
        intrinsics = (
            self._believed + x[self.intrinsics].reshape(-1, INTRINSICS) * self.intrinsics_sigma
        )
        return Geometry(
            perturb(start.Ts_mount_camera, x[self.poses].reshape(-1, 6)),
            perturb(start.T_home_board, x[self.board]),
            intrinsics,
            perturb(self.sightings.Ts_base_flange, self._flange_errors(x)),
        )

    def recentred(self, x: Floats, sigma_px: Floats) -> tuple[JointProblem, Floats]:
        """The same problem round the geometry of `x`, and the parameters that stand for it now."""
        here = replace(self.geometry(x), intrinsics=self._believed)
        moved = JointProblem(self.sightings, here, sigma_px, self.intrinsics_sigma)
        rest = x.copy()
        rest[self.poses], rest[self.board] = 0.0, 0.0
        return moved, rest

    def errors_px(self, x: Floats) -> Floats:
        """(c, 2) reprojection errors in pixels: seen less expected."""
        here = self.geometry(x)
        _, p_camera = self._points(here)
        camera = self._camera[self.picture]
        out = np.empty_like(self._pixels)
        for i, intrinsics in enumerate(here.intrinsics):
            rows = camera == i
            expected = project_with_derivatives(p_camera[rows], intrinsics).pixels
            out[rows] = self._pixels[rows] - expected
        return out

    def residuals(self, x: Floats) -> Floats:
        """All residuals, each in units of its standard deviation; the beliefs' come last."""
        priors = np.concatenate([x[self.intrinsics], x[self.flanges]])
        return np.concatenate([-self.errors_px(x).ravel() * self._weight, priors])

    def jacobian(self, x: Floats) -> Floats:
        """Derivatives (r, size) of `residuals`."""
        here = self.geometry(x)
        p_flange, p_camera = self._points(here)
        camera, pose = self._camera[self.picture], self._pose[self.picture]
        n_points, k = len(p_camera), len(here.Ts_base_flange)
        R_camera_mount = np.swapaxes(here.Ts_mount_camera[:, :3, :3], 1, 2)[camera]
        charts = _charts(x[self.poses].reshape(-1, 6))
        by_camera = np.concatenate([np.tile(-np.eye(3), (n_points, 1, 1)), skew(p_camera)], axis=2)
        by_camera = by_camera @ charts[camera]
        moved = np.concatenate([np.tile(np.eye(3), (n_points, 1, 1)), -skew(self._p_board)], axis=2)
        by_board = R_camera_mount @ self._R_mount_home(here)[pose] @ here.T_home_board[:3, :3]
        by_board = by_board @ moved @ _charts(x[self.board][None])[0]
        turn = _charts(self._flange_errors(x)) @ self._root
        own = np.concatenate([np.tile(-np.eye(3), (n_points, 1, 1)), skew(p_flange)], axis=2)
        if not self.flange_mount:
            own = here.Ts_base_flange[pose][:, :3, :3] @ -own
        by_flange = R_camera_mount @ own @ turn[pose]
        J = np.zeros((n_points, 2, self.size))
        rows = np.arange(n_points)
        for i, intrinsics in enumerate(here.intrinsics):
            mine = rows[camera == i]
            view = project_with_derivatives(p_camera[mine], intrinsics)
            D = view.by_point
            J[mine, :, 6 * i : 6 * i + 6] = D @ by_camera[mine]
            J[mine, :, self.board] = D @ by_board[mine]
            at = self.intrinsics.start + INTRINSICS * i
            J[mine, :, at : at + INTRINSICS] = view.by_intrinsics * self.intrinsics_sigma[i]
            for j in range(k):
                there = pose[mine] == j
                at = self.flanges.start + 6 * j
                J[mine[there], :, at : at + 6] = D[there] @ by_flange[mine[there]]
        top = J.reshape(2 * n_points, self.size) * self._weight[:, None]
        return np.concatenate([top, np.eye(self.size)[self.intrinsics.start :]])

    def corner_depths(self, x: Floats) -> Floats:
        """(c,) depth of every corner in its camera's frame."""
        _, p_camera = self._points(self.geometry(x))
        return p_camera[:, 2]

    def cameras_boards(self, here: Geometry) -> Floats:
        """(m, 4, 4) `T_camera_board` of each picture."""
        T_mount = self._Ts_mount_home(here)[self._pose] @ here.T_home_board
        result: Floats = invert(here.Ts_mount_camera)[self._camera] @ T_mount
        return result

    def _points(self, here: Geometry) -> tuple[Floats, Floats]:
        """All corners (c, 3) in the flange frame and in the camera frame."""
        pose, camera = self._pose[self.picture], self._camera[self.picture]
        p_home = transform(here.T_home_board, self._p_board)
        p_mount = transform(self._Ts_mount_home(here)[pose], p_home[:, None])[:, 0]
        p_camera = transform(invert(here.Ts_mount_camera)[camera], p_mount[:, None])[:, 0]
        return (p_mount if self.flange_mount else p_home), p_camera

    def _Ts_mount_home(self, here: Geometry) -> Floats:
        return invert(here.Ts_base_flange) if self.flange_mount else here.Ts_base_flange

    def _R_mount_home(self, here: Geometry) -> Floats:
        return self._Ts_mount_home(here)[:, :3, :3]

    def _flange_errors(self, x: Floats) -> Floats:
        z = x[self.flanges].reshape(-1, 6, 1)
        result: Floats = (self._root @ z)[..., 0]
        return result


def _root(covariance: Floats) -> Floats:
    """L (6, 6) with L L' = covariance, also where that is singular."""
    value, vector = np.linalg.eigh((covariance + covariance.T) / 2)
    result: Floats = vector * np.sqrt(np.maximum(value, 0))
    return result


def _charts(delta: Floats) -> Floats:
    """(n, 6, 6) small motions in the moved frame by changes of `delta` (n, 6) of `perturb`.

    Right Jacobian of SO(3): Chirikjian (2012), "Stochastic models, information theory, and Lie
    groups", volume 2, eq. 10.86.
    """
    w = delta[:, 3:]
    angle = np.linalg.norm(w, axis=1)[:, None, None]
    safe = np.where(angle > 1e-4, angle, 1.0)
    a = np.where(angle > 1e-4, (1 - np.cos(safe)) / safe**2, 0.5)
    b = np.where(angle > 1e-4, (safe - np.sin(safe)) / safe**3, 1 / 6)
    k = skew(w)
    out = np.zeros((len(delta), 6, 6))
    out[:, :3, :3] = np.swapaxes(exp_rotation(w), 1, 2)
    out[:, 3:, 3:] = np.eye(3) - a * k + b * (k @ k)
    return out
