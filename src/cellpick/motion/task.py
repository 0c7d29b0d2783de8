"""What one pick-and-place is asked to do, and the paths that do it."""

from __future__ import annotations

from dataclasses import dataclass

from cellpick.geometry import Floats
from cellpick.motion.bodies import Bodies
from cellpick.motion.load import GripLoad
from cellpick.motion.paths import JointPath


@dataclass(frozen=True, eq=False)
class Task:
    """One pick-and-place, all in the base frame."""

    q_start: Floats
    """(6,) where the arm stands."""
    T_base_tcp_pick: Floats
    """(4, 4) TCP at the grasp."""
    approach_m: float
    """Least length of each straight move."""
    Ts_base_tcp_place: Floats
    """(k, 4, 4) equally good TCP poses at the seat."""
    held: GripLoad
    """The cell in the gripper."""
    standing: Bodies
    """Fixtures and other cells."""
    up: Floats
    """(3,) against gravity."""
    margin_m: float
    """Least distance in free motion."""


@dataclass(frozen=True, eq=False)
class Legs:
    """The paths of an attempt."""

    paths: tuple[JointPath, ...]
    """Transfer, approach, retreat, transfer, approach, retreat."""
    lengths_m: tuple[float, ...]
    """Cartesian length of each straight one; 0 for a transfer."""
