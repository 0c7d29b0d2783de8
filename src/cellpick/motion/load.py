"""How hard a motion pulls on the grip, and how much slower it must be to keep the cell.

The grip carries m (a - g) at the cell's centre. Cups: the pull on the most loaded lip, from the
mean pull and the tilting moments as in a bolted joint (N / A + M / W, each lip a thin ring), and
the shear over all cups. Jaws: friction on two faces, and a jaw's force along its travel.
"""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.structures import Cups, Jaws, Recipe

GRAVITY_M_S2 = 9.80665
REST_SHARE = 0.9
"""Largest share at rest: what is left is for starting and stopping."""


class GripLoad:
    """The load of one held cell, as a share of what the grip may take."""

    def __init__(self, recipe: Recipe, T_tcp_cell: Floats, grip_safety: float, up: Floats) -> None:
        """`T_tcp_cell` (4, 4); the grip bears `grip_safety` times its share 1; `up` (3,)."""
        self.T_tcp_cell = T_tcp_cell
        self.grip_safety = grip_safety
        self._arm, self._gripper, self._up = recipe.arm, recipe.gripper, up
        self._mass_kg = recipe.cell.mass_kg

    def motion(self, q: Floats) -> tuple[Floats, Floats]:
        """The cell's centres (n, 3) and the TCP's rotations (n, 3, 3) at q (n, 6), base frame."""
        Ts = self._arm.flange_pose(q) @ self._gripper.T_flange_tcp
        return (Ts @ self.T_tcp_cell)[..., :3, 3], Ts[..., :3, :3]

    def share(self, Rs_base_tcp: Floats, acceleration: Floats) -> Floats:
        """Share (n,) at TCP rotations (n, 3, 3) with the cell accelerated by (n, 3), base frame."""
        force = self._mass_kg * (acceleration + GRAVITY_M_S2 * self._up)
        f_tcp = (np.swapaxes(Rs_base_tcp, -1, -2) @ force[..., None])[..., 0]
        if self._gripper.cups is not None:
            return self.grip_safety * self._cup_use(self._gripper.cups, f_tcp)
        assert self._gripper.jaws is not None
        return self.grip_safety * _jaw_use(self._gripper.jaws, f_tcp)

    def share_at_rest(self, q: Floats) -> Floats:
        """Share (n,) while the arm stands still at q (n, 6)."""
        return self.share(self.motion(q)[1], np.zeros((len(q), 3)))

    def too_heavy(self, share: float) -> str:
        """Message about a share that is too large at rest."""
        return (
            f"the grip takes {share / self.grip_safety:.2f} of its capacity at rest; at most "
            f"{REST_SHARE / self.grip_safety:.2f} leaves room to move with a safety factor of "
            f"{self.grip_safety:g}"
        )

    def _cup_use(self, cups: Cups, f_tcp: Floats) -> Floats:
        """Share (n,) of the suction, or of its friction, that forces (n, 3) on the cell take."""
        n, r = len(cups.centers_m), cups.radius_m
        centre = cups.centers_m.mean(axis=0)
        rest = cups.centers_m[:, :2] - centre[:2]
        modulus = ((rest**2).sum(axis=0) + n * r**2 / 2) / (np.abs(rest).max(axis=0) + r)
        moment = np.cross(self.T_tcp_cell[:3, 3] - centre, f_tcp)
        pull = np.clip(-f_tcp[:, 2], 0, None) / n
        peel = np.abs(moment[:, 1]) / modulus[0] + np.abs(moment[:, 0]) / modulus[1]
        hold = cups.vacuum_pa * np.pi * r**2
        shear = np.linalg.norm(f_tcp[:, :2], axis=-1) / n
        result: Floats = np.maximum((pull + peel) / hold, shear / (cups.friction * hold))
        return result


def _jaw_use(jaws: Jaws, f_tcp: Floats) -> Floats:
    """Share (n,) of the jaws' friction, or of their force, that forces (n, 3) on the cell take."""
    slip = np.hypot(f_tcp[:, 1], f_tcp[:, 2]) / (2 * jaws.friction * jaws.force_n)
    result: Floats = np.maximum(slip, np.abs(f_tcp[:, 0]) / jaws.force_n)
    return result
