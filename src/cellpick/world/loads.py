"""How a load on a held cell spreads over suction cups, and which cups it tears off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, checked, skew

LossCause = Literal["overload", "shear_slip"]
PULLED_SHARE = 0.9
"""A cup that is pulled so near to its limit has no friction left: what it slips by is overload."""


@dataclass(frozen=True, eq=False)
class CupLoads:
    """One row a cup."""

    pull_n: Floats
    """(n,) force away from the lip; negative when the cell is pressed on."""
    peel_nm: Floats
    """(n,) tilting moment on the lip."""
    shear_n: Floats
    """(n,) force in the lip's plane, torsion of the lip included as torsion over radius."""


@dataclass(frozen=True, eq=False)
class CupArray:
    """Cups that hold one cell together, with equal, elastic, thin lips."""

    centers_m: Floats
    """(n, 3) centres of the lips in the TCP frame."""
    radius_m: float
    """Radius of a lip."""
    holding_n: float
    """Pressure times area of one cup."""
    friction: float
    """Shear limit over what presses a lip on."""
    spread: Floats = field(init=False)
    """(3 n + 3, 6) pulls, shears along x and y, tilt (2) and spin of a unit load."""

    def __post_init__(self) -> None:
        checked("centers_m", self.centers_m, (None, 3))
        object.__setattr__(self, "spread", _spread(self.centers_m, self.radius_m))

    def loads(self, wrench: Floats) -> CupLoads:
        """Loads of each cup under a force and a moment (6,) about the TCP, in TCP axes.

        They act on the cups; +z is away from the lips.
        """
        n = len(self.centers_m)
        shares = self.spread @ wrench
        tilt, spin = shares[3 * n : 3 * n + 2], abs(shares[-1])
        return CupLoads(
            pull_n=shares[:n],
            peel_nm=np.full(n, self.radius_m**2 / 2 * np.hypot(*tilt)),
            shear_n=np.hypot(shares[n : 2 * n], shares[2 * n : 3 * n]) + spin * self.radius_m,
        )

    def ratios(self, wrench: Floats) -> tuple[Floats, Floats]:
        """(n,) normal load and (n,) shear over what each cup holds; it lets go above 1.

        A rigid lip tips over its rim when the peel exceeds what presses it on, times its radius.
        """
        loads = self.loads(wrench)
        normal = (loads.pull_n + loads.peel_nm / self.radius_m) / self.holding_n
        pressed = self.friction * (self.holding_n - loads.pull_n)
        return normal, loads.shear_n / np.maximum(pressed, 1e-9)

    def survivors(self, wrench: Floats) -> tuple[NDArray[np.bool_], LossCause | None]:
        """Which cups still hold under the load, and why the first was lost.

        The worst cup lets go first and leaves its load to the others, until all that are left hold.
        """
        holds = np.ones(len(self.centers_m), dtype=np.bool_)
        cause: LossCause | None = None
        cups = self
        while holds.any():
            normal, shear = cups.ratios(wrench)
            worst = np.maximum(normal, shear)
            k = int(worst.argmax())
            if worst[k] <= 1.0:
                break
            cause = cause or ("overload" if normal[k] > PULLED_SHARE else "shear_slip")
            holds[np.flatnonzero(holds)[k]] = False
            if holds.any():
                cups = self.subset(holds)
        return holds, cause

    def subset(self, keep: NDArray[np.bool_]) -> CupArray:
        """The cups that `keep` (n,) marks; at least one."""
        return CupArray(self.centers_m[keep], self.radius_m, self.holding_n, self.friction)


def _spread(centers: Floats, radius_m: float) -> Floats:
    """The linear map of `CupArray.spread`.

    A ring of radius r on springs of total stiffness k resists tilt with k r^2 / 2 and torsion with
    k r^2, so that n equal rings with centres rho share: pull_i = F_z / n + (theta x rho_i)_z,
    peel_i = r^2 / 2 theta, with theta from the balance of moments; likewise in the plane.
    """
    n = len(centers)
    middle = centers.mean(axis=0)
    x, y = (centers - middle)[:, 0], (centers - middle)[:, 1]
    force, moment = np.eye(6)[:3], np.eye(6)[3:]
    moment = moment - skew(middle) @ force
    ring = n * radius_m**2
    tilt = np.array([[y @ y + ring / 2, -(x @ y)], [-(x @ y), x @ x + ring / 2]])
    theta = np.linalg.solve(tilt, moment[:2])
    spin = moment[2] / (x @ x + y @ y + ring)
    pull = force[2] / n + np.outer(y, theta[0]) - np.outer(x, theta[1])
    shear_x = force[0] / n - np.outer(y, spin)
    shear_y = force[1] / n + np.outer(x, spin)
    return np.concatenate([pull, shear_x, shear_y, theta, spin[None]])
