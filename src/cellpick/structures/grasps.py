"""Grasp candidates, best first: one row a candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, frozen


@dataclass(frozen=True, eq=False)
class Grasps:
    """A ranked table of n grasps over all cells; zero rows are legal.

    `refused` says for each cell without a grasp why it has none.
    """

    cell_index: NDArray[np.int64]
    """(n,) row of the cell in the estimates."""
    Ts_base_tcp: Floats
    """(n, 4, 4) TCP at the moment of gripping; +z is the approach direction."""
    Ts_tcp_cell: Floats
    """(n, 4, 4) estimated cell pose in the TCP frame."""
    opening_m: Floats
    """(n,) travel of each jaw before closing; 0 for cups."""
    approach_m: Floats
    """(n,) length of the straight approach and retreat."""
    clearance_m: Floats
    """(n,) least distance from the gripper to anything it must not touch."""
    score: Floats
    """(n,) rank value, largest first."""
    refused: dict[int, str]
    """Cell row -> why it has no grasp."""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "cell_index", frozen("cell_index", self.cell_index, (None,), dtype=np.int64)
        )
        n = len(self)
        for name in ("Ts_base_tcp", "Ts_tcp_cell"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n, 4, 4)))
        for name in ("opening_m", "approach_m", "clearance_m", "score"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,)))

    def __len__(self) -> int:
        return int(self.cell_index.shape[0])
