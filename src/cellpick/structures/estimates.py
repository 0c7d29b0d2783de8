"""What perception returns: one row a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, frozen

EstimateStatus = Literal["ok", "ambiguous", "uncertain", "inconsistent"]
"""ok: may be picked; ambiguous: polarity unknown; uncertain: predicted error too large or too
little seen; inconsistent: image or cloud speaks against it."""


CameraVerdict = Literal["ok", "degraded", "corrected", "distrusted", "missing"]
"""ok: used as calibrated; degraded: used, with a larger stated error; corrected: used with a pose
solved anew from the marks; distrusted: not used; missing: gave no picture."""


@dataclass(frozen=True)
class CameraStatus:
    """What perception makes of one camera in one look."""

    camera: str
    """Its name."""
    verdict: CameraVerdict
    """See `CameraVerdict`."""
    reason: str
    """Why it is not ok, in words; empty for ok."""


@dataclass(frozen=True, eq=False)
class ForeignObject:
    """Something among the cells that is none of them."""

    T_base_box: Floats
    """(4, 4) pose of the centre of a box round it."""
    size_m: Floats
    """(3,) full extents of that box."""
    reason: str
    """Why it is taken for no cell, in words."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_base_box", frozen("T_base_box", self.T_base_box, (4, 4)))
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (3,)))


@dataclass(frozen=True, eq=False)
class CellEstimates:
    """A table of n cells; zero rows are legal. Row order carries no meaning."""

    cell: str
    """Name of the cell model."""
    Ts_base_cell: Floats
    """(n, 4, 4) poses; with polarity known, the cell frame's own +x (+z) is the positive side."""
    covariance: Floats
    """(n, 6, 6) of the small motion (x, y, z, rx, ry, rz) in the cell frame (`geometry.perturb`),
    m^2 and rad^2; a free symmetry angle has a variance of (pi/2)^2."""
    polarity: tuple[str, ...]
    """`+x` (prismatic) or `+z` (cylindrical): the cell-frame direction of the positive terminal;
    `unknown` when its probability is below the task's confidence."""
    polarity_probability: Floats
    """(n,) probability that the pose's polarity is right."""
    code: tuple[str, ...]
    """Text of the 2D code; empty where it could not be read."""
    status: tuple[EstimateStatus, ...]
    """See `EstimateStatus`."""
    reason: tuple[str, ...]
    """Why the status is not ok, in words; empty for ok."""
    score: Floats
    """(n,) share of the evidence that agrees, 0 to 1."""
    cameras: tuple[CameraStatus, ...] = ()
    """One a camera that was triggered, in order of their names."""
    foreign: tuple[ForeignObject, ...] = ()
    """What stands or lies in the search region and is no cell."""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "Ts_base_cell", frozen("Ts_base_cell", self.Ts_base_cell, (None, 4, 4))
        )
        n = len(self)
        object.__setattr__(self, "covariance", frozen("covariance", self.covariance, (n, 6, 6)))
        for name in ("polarity_probability", "score"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,)))
        for name in ("polarity", "code", "status", "reason"):
            if len(getattr(self, name)) != n:
                raise ShapeError(f"{name} must have {n} entries", got=len(getattr(self, name)))

    def __len__(self) -> int:
        return int(self.Ts_base_cell.shape[0])

    def rows(self, index: NDArray[np.int64]) -> CellEstimates:
        """The table of the rows `index` (k,), in that order."""
        pick = np.asarray(index, dtype=np.int64)
        return CellEstimates(
            cell=self.cell,
            Ts_base_cell=self.Ts_base_cell[pick],
            covariance=self.covariance[pick],
            polarity=tuple(self.polarity[i] for i in pick),
            polarity_probability=self.polarity_probability[pick],
            code=tuple(self.code[i] for i in pick),
            status=tuple(self.status[i] for i in pick),
            reason=tuple(self.reason[i] for i in pick),
            score=self.score[pick],
            cameras=self.cameras,
            foreign=self.foreign,
        )

    @property
    def sigma_m(self) -> Floats:
        """(n,) root of the position covariance's largest eigenvalue."""
        if not len(self):
            return np.zeros(0)
        result: Floats = np.sqrt(np.linalg.eigvalsh(self.covariance[:, :3, :3])[:, -1])
        return result
