"""How a load on a held cell spreads over suction cups, and which cups it tears off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, checked

LossCause = Literal["overload", "shear_slip"]


@dataclass(frozen=True, eq=False)
class CupLoads:
    """One row a cup."""

    pull_n: Floats
    """(n,) force away from the lip; negative when the cell is pressed on."""
    peel_nm: Floats
    """(n,) tilting moment on the lip."""
    shear_n: Floats
    """(n,) force in the lip's plane, torsion of the lip included as torsion over radius."""


def cup_loads(force: Floats, moment: Floats, centers: Floats, radius_m: float) -> CupLoads:
    """Spread a load over cups with equal, elastic, thin lips.

    `force` (3,) and `moment` (3,) about the TCP's origin act on the cups, in TCP axes with +z away
    from the lips; `centers` (n, 3). A ring of radius r on springs of total stiffness k resists tilt
    with k r^2 / 2 and torsion with k r^2, so that n equal rings with centres rho share:
    pull_i = F_z / n + (theta x rho_i)_z, peel_i = r^2 / 2 theta, with theta from the balance of
    moments; likewise in the plane.
    """
    rho = checked("centers", centers, (None, 3))
    n = len(rho)
    middle = rho.mean(axis=0)
    x, y = (rho - middle)[:, 0], (rho - middle)[:, 1]
    m = moment - np.cross(middle, force)
    ring = n * radius_m**2
    tilt = np.array([[y @ y + ring / 2, -(x @ y)], [-(x @ y), x @ x + ring / 2]])
    theta = np.linalg.solve(tilt, m[:2])
    spin = m[2] / (x @ x + y @ y + ring)
    pull = force[2] / n + theta[0] * y - theta[1] * x
    shear = np.hypot(force[0] / n - spin * y, force[1] / n + spin * x) + abs(spin) * radius_m
    peel = np.full(n, radius_m**2 / 2 * np.linalg.norm(theta))
    return CupLoads(pull, peel, shear)


def normal_ratio(loads: CupLoads, holding_n: Floats, radius_m: float) -> Floats:
    """(n,) how far each cup is above its normal limit, as a ratio; it lets go above 1.

    A rigid lip tips over its rim when the peel exceeds what presses it on, times its radius.
    """
    result: Floats = (loads.pull_n + loads.peel_nm / radius_m) / holding_n
    return result


def shear_ratio(loads: CupLoads, holding_n: Floats, friction: float) -> Floats:
    """(n,) shear as a ratio of friction times what presses the lip on; it slips above 1."""
    pressed = np.maximum(friction * (holding_n - loads.pull_n), 1e-9)
    result: Floats = loads.shear_n / pressed
    return result


def survivors(
    force: Floats,
    moment: Floats,
    centers: Floats,
    radius_m: float,
    holding_n: Floats,
    friction: float,
) -> tuple[NDArray[np.bool_], LossCause | None]:
    """Which cups still hold under the load, and why the first was lost.

    The worst cup lets go first and leaves its load to the others, until all that are left hold.
    """
    holds = np.ones(len(centers), dtype=np.bool_)
    cause: LossCause | None = None
    while holds.any():
        rows = np.flatnonzero(holds)
        loads = cup_loads(force, moment, centers[rows], radius_m)
        normal = normal_ratio(loads, holding_n[rows], radius_m)
        shear = shear_ratio(loads, holding_n[rows], friction)
        worst = np.maximum(normal, shear)
        k = int(worst.argmax())
        if worst[k] <= 1.0:
            break
        cause = cause or ("overload" if normal[k] >= shear[k] else "shear_slip")
        holds[rows[k]] = False
    return holds, cause
