"""Prints of no thickness: reference marks on the table, the squares of a calibration board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen


@dataclass(frozen=True, eq=False)
class Decal:
    """Rectangles of one material on a plane."""

    name: str
    """What a message calls it."""
    parent: Literal["world", "flange"]
    """What it is fixed to."""
    T_parent_decal: Floats
    """(4, 4) its plane is z = 0, seen from +z."""
    rects_m: Floats
    """(n, 4) rectangles x0, y0, x1, y1 in the plane; those of one decal do not overlap."""
    material: str
    """Key into the table of materials."""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "T_parent_decal", frozen("T_parent_decal", self.T_parent_decal, (4, 4))
        )
        object.__setattr__(self, "rects_m", frozen("rects_m", self.rects_m, (None, 4)))
