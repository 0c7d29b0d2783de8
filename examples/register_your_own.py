"""Registers your own point clouds to cells: NumPy arrays in, poses with covariances out.

python examples/register_your_own.py
"""

from __future__ import annotations

import numpy as np

from cellpick.perception import CellShape, register_cells

NOISE_M = 2e-4


def main() -> None:
    """Makes two clouds and registers them."""
    rng = np.random.default_rng(7)
    shape = CellShape.box(0.148, 0.026, 0.091)

    # two cells side by side; a camera above sees their tops and one large side of each
    truth = np.tile(np.eye(4), (2, 1, 1))
    truth[1, 1, 3] = 0.04
    q = rng.uniform(-0.5, 0.5, (2, 2000, 3)) * shape.size_m
    q[:, :1200, 2], q[:, 1200:, 1] = 0.091 / 2, 0.026 / 2
    points = q + truth[:, None, :3, 3] + rng.normal(0, NOISE_M, q.shape)
    instance = np.repeat([0, 1], 2000)

    starts = truth.copy()
    starts[:, :3, 3] += [0.002, -0.001, 0.0015]
    found = register_cells(starts, shape, points.reshape(-1, 3), instance, NOISE_M)

    for cell, status in enumerate(found.status):
        error_mm = 1e3 * np.linalg.norm(found.Ts_base_cell[cell, :3, 3] - truth[cell, :3, 3])
        sigma_mm = 1e3 * np.sqrt(np.trace(found.covariance[cell, :3, :3]))
        print(f"cell {cell}: {status}, off by {error_mm:.2f} mm, predicted {sigma_mm:.2f} mm")


if __name__ == "__main__":
    main()
