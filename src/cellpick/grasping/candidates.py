"""Grasp candidates of all cells in one table, and their clearance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, pose, rotation_z
from cellpick.geometry.solids import separation
from cellpick.grasping.bodies import Obstacles, Parts

HORIZON_M = 0.01
"""Clearance beyond this is all the same."""
_PAIRS_AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False)
class Candidates:
    """A table of m candidates; zero rows are legal."""

    cell_index: NDArray[np.int64]
    """(m,) row of the cell in the estimates."""
    Ts_cell_tcp: Floats
    """(m, 4, 4) TCP in the cell frame."""
    opening_m: Floats
    """(m,) travel of each jaw before closing; 0 for cups."""
    clearance_m: Floats
    """(m,) least distance to anything that must not be touched, predicted errors taken off."""
    offset_m: Floats
    """(m,) distance of the grip from the cell's axis."""

    def __len__(self) -> int:
        return int(self.cell_index.shape[0])

    def __getitem__(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Candidates:
        """The candidates at `rows`."""
        return Candidates(
            self.cell_index[rows],
            self.Ts_cell_tcp[rows],
            self.opening_m[rows],
            self.clearance_m[rows],
            self.offset_m[rows],
        )


def joined_candidates(tables: list[Candidates]) -> Candidates:
    """All rows of the tables, of which there is at least one."""
    return Candidates(
        np.concatenate([t.cell_index for t in tables]),
        np.concatenate([t.Ts_cell_tcp for t in tables]),
        np.concatenate([t.opening_m for t in tables]),
        np.concatenate([t.clearance_m for t in tables]),
        np.concatenate([t.offset_m for t in tables]),
    )


def top_down_poses(
    ends_up: NDArray[np.int64], yaw: Floats, xy_m: Floats, z_above_center_m: Floats
) -> Floats:
    """TCP poses (m, 4, 4) in the cell frame that look down onto the end that is up.

    `ends_up` (m,) is +1 or -1, `yaw` (m,) the angle of the TCP's x from the cell's x about the
    cell's z, `xy_m` (m, 2) the TCP's place, `z_above_center_m` (m,) its height over the cell's
    centre.
    """
    up = ends_up[:, None, None].astype(np.float64)
    flips = np.eye(3) * np.stack([np.ones_like(yaw), -up[:, 0, 0], -up[:, 0, 0]], axis=-1)[:, None]
    heights = (up[:, 0, 0] * z_above_center_m)[:, None]
    return pose(rotation_z(yaw) @ flips, np.concatenate([xy_m, heights], axis=1))


def clearance(
    Ts_base_tcp: Floats,
    parts: Parts,
    obstacles: Obstacles,
    own_row: NDArray[np.int64],
    own_margin_m: Floats,
) -> tuple[Floats, NDArray[np.int64]]:
    """Least distance (m,) in metres of gripper bodies to obstacles, and the obstacle (m,) it is to.

    `Ts_base_tcp` (m, 4, 4); `parts` (m, b) are in the TCP frame; bodies of the cell `own_row` (m,)
    do not count; `own_margin_m` (m,) is the predicted error of the TCP against the cell. Negative
    where they may touch; at most `HORIZON_M`; the obstacle is -1 where none is that near.
    """
    m, count = len(Ts_base_tcp), len(obstacles.parts.names)
    least, which = np.full(m, HORIZON_M), np.full(m, -1)
    if not count or not parts.names:
        return least, which
    step = max(1, _PAIRS_AT_ONCE // (count * len(parts.names)))
    for rows in (slice(start, start + step) for start in range(0, m, step)):
        gaps = separation(
            parts.shapes[rows, :, None],
            (Ts_base_tcp[rows, None] @ parts.poses[rows])[:, :, None],
            obstacles.parts.shapes[None, None],
            obstacles.parts.poses[None, None],
            horizon_m=HORIZON_M + float(obstacles.margin_m.max() + own_margin_m.max()),
        ).min(axis=1)
        gaps -= np.hypot(obstacles.margin_m, own_margin_m[rows, None])
        gaps[obstacles.cell_row == own_row[rows, None]] = np.inf
        nearest = gaps.argmin(axis=1)
        found = gaps.min(axis=1)
        least[rows] = np.minimum(found, HORIZON_M)
        which[rows] = np.where(found < HORIZON_M, nearest, -1)
    return least, which
