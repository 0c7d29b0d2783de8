"""Simple convex bodies: what fixtures, arm links, grippers and cells are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from cellpick.geometry import Floats, checked, frozen

SolidShape = Literal["box", "cylinder", "sphere"]


@dataclass(frozen=True, eq=False)
class Solid:
    """A convex body with its pose in the frame of whatever owns it."""

    name: str
    """What a message calls it, such as `tray.wall.+x`."""
    shape: SolidShape
    """A cylinder's axis is z."""
    size_m: Floats
    """(3,) full extents in metres; cylinder: (d, d, length), sphere: (d, d, d)."""
    T_parent_solid: Floats = field(default_factory=lambda: np.eye(4))
    """(4, 4) pose of the body's centre in the owner's frame."""
    material: str = "steel"
    """Key into the table of materials."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (3,)))
        object.__setattr__(
            self, "T_parent_solid", frozen("T_parent_solid", self.T_parent_solid, (4, 4))
        )

    def moved(self, T_new_parent: Floats) -> Solid:
        """The same body in another frame; `T_new_parent` (4, 4) is the old owner in it."""
        T = checked("T_new_parent", T_new_parent, (4, 4)) @ self.T_parent_solid
        return Solid(self.name, self.shape, self.size_m, T, self.material)


@dataclass(frozen=True, eq=False)
class Material:
    """How a surface looks and whether it conducts."""

    name: str
    """Its key, such as `aluminium`."""
    albedo: Floats
    """(3,) linear RGB reflectance, 0 to 1: diffuse colour, or specular colour of a metal."""
    metallic: float
    """0 dielectric to 1 metal: the share of light that is reflected specularly."""
    roughness: float
    """0 mirror to 1 matt (GGX alpha = roughness^2)."""
    conductive: bool
    """Whether it can short two terminals."""
    anisotropy: float = 0.0
    """0 alike in all directions to 1 brushed: how much smoother it is along the brush, the cell's x
    or, of a fixture, the world's (as in OpenPBR)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "albedo", frozen("albedo", self.albedo, (3,)))
