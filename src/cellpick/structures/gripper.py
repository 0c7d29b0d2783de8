"""A gripper as its file gives it. TCP frame: +z is the approach direction, out of the gripper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen
from cellpick.structures.solids import Solid


@dataclass(frozen=True, eq=False)
class Cups:
    """Vacuum cups, all at one pressure source with a check valve each."""

    centers_m: Floats
    """(n, 3) centres of the lips in the TCP frame; a cup's axis is the TCP's z."""
    radius_m: float
    """Radius of the sealing lip."""
    lip_compliance_m: float
    """Largest distance between lip and surface that still seals."""
    vacuum_pa: float
    """Pressure below ambient that a sealed cup reaches."""
    friction: float
    """Shear limit of a cup is this coefficient times its normal holding force."""
    evacuation_s: float
    """Time from valve on to full vacuum."""
    blow_off_s: float
    """Time from valve off to a free cell."""
    spring_n: float
    """Force with which the level compensator's spring presses all lips on."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "centers_m", frozen("centers_m", self.centers_m, (None, 3)))


@dataclass(frozen=True, eq=False)
class Jaws:
    """Two jaws that move against each other along the TCP's x; jaw 0 is on the +x side."""

    solids: tuple[tuple[Solid, ...], tuple[Solid, ...]]
    """Bodies of each jaw in the TCP frame at opening 0; jaw 0 moves by +opening, jaw 1 by
    -opening."""
    opening_m: Floats
    """(2,) smallest and largest travel of each jaw from opening 0."""
    force_n: float
    """Force with which each jaw closes."""
    speed_m_s: float
    """Speed of each jaw."""
    friction: float
    """Coulomb friction coefficient of the jaw's lining on a cell."""
    mass_kg: float
    """Mass of one jaw."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "opening_m", frozen("opening_m", self.opening_m, (2,)))


@dataclass(frozen=True, eq=False)
class GripperModel:
    """Anything that holds a cell: cups or jaws."""

    name: str
    """Its key."""
    kind: Literal["vacuum", "jaws"]
    """Which of `cups` and `jaws` is set."""
    mass_kg: float
    """Mass of all of it."""
    T_flange_tcp: Floats
    """(4, 4) pose of the TCP in the arm's flange frame."""
    solids: tuple[Solid, ...]
    """Bodies that do not move against the flange, in the flange frame."""
    cups: Cups | None = None
    """Set when `kind` is `vacuum`."""
    jaws: Jaws | None = None
    """Set when `kind` is `jaws`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_flange_tcp", frozen("T_flange_tcp", self.T_flange_tcp, (4, 4)))
