"""Axes moved onto the readings round them: least squares of radial distances, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, exp_rotation

ROUNDS = 4
"""Gauss-Newton steps."""
OUTLIER = 0.025
"""Radial distance beyond which a reading is not counted, in diameters."""
DAMPING = 1e-3
"""Information in the weakest direction, in readings."""
LEAST_RMS_M = 1e-5
"""Readings are not thought to agree better than this."""
REPEATS = 2.0
"""Fitted readings that count as one: curvature, speckle and warp leave something in common."""
WIDEST = (1.0, 0.2)
"""Standard deviations of place (m) and turn (rad) without a reading: normals of the smallest pieces
tell the direction to that."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """k cylinders of unknown length; their frame's z is the axis."""

    Ts: Floats
    """(k, 4, 4)."""
    information: Floats
    """(k, 4, 4) sums over readings of J^T J for (x, y, rx, ry), in readings."""
    used: NDArray[np.int64]
    """(k,) readings that agree."""
    rms_m: Floats
    """(k,) root mean square radial distance of those."""
    lean: Floats
    """(k,) turn per step between the first source of readings and all others."""

    def covariance(self) -> Floats:
        """(k, 4, 4) of the small motion (x, y, rx, ry) that the readings leave open."""
        rms = np.maximum(self.rms_m, LEAST_RMS_M)[:, None, None]
        place, turn = (1 / sigma**2 for sigma in WIDEST)
        floor = np.diag([place, place, turn, turn])
        information = self.information / (REPEATS * rms**2) + floor
        return np.asarray(np.linalg.inv(information), np.float64)

    def aside_m(self, t: Floats) -> Floats:
        """(k, m) standard deviation across the axes at places t (m,) along them."""
        c = self.covariance()
        still, leaning = c[:, 0, 0] + c[:, 1, 1], c[:, 2, 2] + c[:, 3, 3]
        both = c[:, 0, 3] - c[:, 1, 2]
        squares = still[:, None] + 2 * both[:, None] * t + leaning[:, None] * t**2
        result: Floats = np.sqrt(np.maximum(squares, 0.0))
        return result

    def rows(self, index: NDArray[np.int64]) -> Fitted:
        """Those of the rows `index` (j,)."""
        return Fitted(
            self.Ts[index],
            self.information[index],
            self.used[index],
            self.rms_m[index],
            self.lean[index],
        )


def frames_along(p: Floats, d: Floats) -> Floats:
    """(k, 4, 4) frames at points (k, 3) whose z are unit directions (k, 3)."""
    helper = np.eye(3)[np.abs(d).argmin(axis=1)] if len(d) else d
    x = np.cross(helper, d)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    Ts = np.tile(np.eye(4), (len(p), 1, 1))
    Ts[:, :3, 0], Ts[:, :3, 1], Ts[:, :3, 2], Ts[:, :3, 3] = x, np.cross(d, x), d, p
    return Ts


def fit_axes(
    Ts: Floats,
    points: NDArray[np.float32],
    row: NDArray[np.int64],
    radius_m: float,
    source: NDArray[np.int64] | None = None,
) -> Fitted:
    """Move frames (k, 4, 4) so that their points (m, 3) of cell `row` (m,) are `radius_m` off z.

    `source` (m,) is the camera of each point; by default they are all of one.
    """
    n = len(Ts)
    p = points.astype(np.float64)
    count = np.bincount(row, minlength=n)
    sums = np.stack([np.bincount(row, p[:, k], n) for k in range(3)], -1)
    middle = sums / np.maximum(count, 1)[:, None]
    along = np.einsum("ki,ki->k", middle - Ts[:, :3, 3], Ts[:, :3, 2])
    Ts = Ts.copy()
    Ts[:, :3, 3] += along[:, None] * Ts[:, :3, 2]
    A = np.zeros((n, 4, 4))
    for step in range(ROUNDS + 1):
        q = np.einsum("mji,mj->mi", Ts[row, :3, :3], p - Ts[row, :3, 3])
        rho = np.maximum(np.hypot(q[:, 0], q[:, 1]), 1e-9)
        off = rho - radius_m
        limit = 2 * radius_m * OUTLIER * max(1.0, 4.0 - 1.5 * step)
        weight = np.maximum(1 - (off / limit) ** 2, 0) ** 2
        nx, ny = q[:, 0] / rho, q[:, 1] / rho
        scaled = q[:, 2] / radius_m
        J = np.stack([nx, ny, -ny * scaled, nx * scaled], -1)
        A, b = _normal_equations(J, off, weight, row, n)
        if step == ROUNDS:
            break
        delta = np.linalg.solve(A + DAMPING * np.eye(4), b[..., None])[..., 0]
        turn = np.zeros((n, 3))
        turn[:, :2] = delta[:, 2:] / radius_m
        Ts[:, :3, 3] += np.einsum("kij,kj->ki", Ts[:, :3, :2], delta[:, :2])
        Ts[:, :3, :3] = Ts[:, :3, :3] @ exp_rotation(turn)
    good = weight > 0
    used = np.bincount(row[good], minlength=n)
    squares = np.bincount(row[good], off[good] ** 2, n)
    # turns were counted in radii of way
    unit = np.array([1, 1, 1 / radius_m, 1 / radius_m])
    first = np.zeros(len(row)) if source is None else (source == 0).astype(np.float64)
    lean = _slopes(q[:, 2], first, row, n)
    rms = np.sqrt(squares / np.maximum(used, 1))
    return Fitted(Ts, A / np.outer(unit, unit), used, rms, lean)


def _slopes(z: Floats, y: Floats, row: NDArray[np.int64], n: int) -> Floats:
    """Size (n,) of the slope of the line through values y (m,) at places z (m,), for each row."""
    count = np.maximum(np.bincount(row, minlength=n), 1)
    mz, my, zz, zy = (np.bincount(row, v, n) / count for v in (z, y, z * z, z * y))
    slope: Floats = np.abs(zy - mz * my) / np.maximum(zz - mz * mz, 1e-12)
    return slope


def _normal_equations(
    J: Floats, off: Floats, weight: Floats, row: NDArray[np.int64], n: int
) -> tuple[Floats, Floats]:
    """Sums (n, 4, 4) and (n, 4) over the readings of each cell."""
    A, b = np.zeros((n, 4, 4)), np.zeros((n, 4))
    for i in range(4):
        b[:, i] = np.bincount(row, weight * J[:, i] * off, n)
        for j in range(i, 4):
            A[:, i, j] = A[:, j, i] = np.bincount(row, weight * J[:, i] * J[:, j], n)
    return A, b
