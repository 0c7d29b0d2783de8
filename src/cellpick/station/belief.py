"""What the station believes of the tray between two looks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.structures import CellEstimates

SAME_CELL_M = 0.010
"""Two looks saw the same cell when its centre moved by less; half the thinnest cell's pitch."""

STALE_SIGMAS = 3.0
"""A neighbour may have been moved when the gap to it is below this many predicted errors."""


@dataclass
class TrayBelief:
    """The last look's cells, less those taken since; their names outlive the look."""

    estimates: CellEstimates
    """The cells believed to be in the tray."""
    keys: tuple[str, ...] = ()
    """A name for each, the same over looks."""
    stale: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Which may have been moved since the look."""
    known: dict[str, Floats] = field(default_factory=dict)
    """Where each named cell was last seen, (3,) in the base frame."""

    @classmethod
    def empty(cls, cell: str) -> TrayBelief:
        """Nothing seen yet."""
        none = np.zeros(0)
        return cls(
            CellEstimates(
                cell, np.zeros((0, 4, 4)), np.zeros((0, 6, 6)), (), none, (), (), (), none
            )
        )

    def renew(self, estimates: CellEstimates) -> None:
        """Take over a new look; cells keep their names when they are where they were."""
        taken: set[str] = set()
        keys = []
        for p in estimates.Ts_base_cell[:, :3, 3]:
            near = [
                (float(np.linalg.norm(p - p_known)), key)
                for key, p_known in self.known.items()
                if key not in taken
            ]
            distance, key = min(near, default=(np.inf, ""))
            if distance > SAME_CELL_M:
                key = f"cell{len(self.known):03d}"
            taken.add(key)
            keys.append(key)
            self.known[key] = p
        self.estimates, self.keys = estimates, tuple(keys)
        self.stale = np.zeros(len(keys), dtype=bool)

    def take(self, row: int, gap_m: Floats) -> None:
        """Forget a cell that was lifted; `gap_m` (n,) is each cell's distance to it before."""
        keep = np.flatnonzero(np.arange(len(self.estimates)) != row)
        reach = STALE_SIGMAS * np.hypot(self.estimates.sigma_m, self.estimates.sigma_m[row])
        self.stale = (self.stale | (gap_m < reach))[keep]
        self.estimates = self.estimates.rows(keep)
        self.keys = tuple(self.keys[i] for i in keep)
