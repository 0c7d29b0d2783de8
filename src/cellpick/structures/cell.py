"""A battery cell's nominal geometry, as its drawing gives it: known to the station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellpick.geometry import Floats, frozen

Outline = Literal["rect", "disc", "ring", "plus", "minus"]
FeatureKind = Literal["terminal", "vent", "mark", "code", "label"]
Polarity = Literal["+", "-", ""]


@dataclass(frozen=True, eq=False)
class SurfaceFeature:
    """Something on an end face of a cell: a terminal, the vent, a printed mark, the code."""

    name: str
    """Unique in the cell, such as `terminal_plus`."""
    kind: FeatureKind
    """What it is; a `code` is the printed 2D code, a different one on every cell."""
    face: Literal["+z", "-z"]
    """The face it is on; +z is the terminal side."""
    outline: Outline
    """Its shape: `ring` has two diameters in `size_m`; `plus` and `minus` are drawn strokes."""
    center_m: Floats
    """(2,) centre in the cell's x and y."""
    size_m: Floats
    """(2,) full extents along the cell's x and y; disc: (d, d); ring: (outer d, inner d)."""
    height_m: float
    """How far it stands above the face; 0 for print."""
    material: str
    """Key into the table of materials."""
    polarity: Polarity = ""
    """The potential it is at, for a terminal or a mark."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "center_m", frozen("center_m", self.center_m, (2,)))
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (2,)))


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A rotation about an axis through the cell's origin that changes neither form nor function."""

    axis: Floats
    """(3,) unit vector in the cell frame."""
    fold: int
    """n for turns of 2 pi / n; 0 for any angle."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", frozen("axis", self.axis, (3,)))


@dataclass(frozen=True, eq=False)
class CellModel:
    """One type of cell. Origin at the centre of the case, +z out of the terminal side."""

    name: str
    """Its key, such as `prismatic_148x26x91`."""
    shape: Literal["box", "cylinder"]
    """A box's +x runs from the negative to the positive terminal; a cylinder's axis is z."""
    size_m: Floats
    """(3,) full extents of the case, without raised terminals; cylinder: (d, d, h)."""
    mass_kg: float
    """Mass."""
    corner_radius_m: float
    """Radius of a box's four upright edges; 0 for a cylinder."""
    rim_radius_m: float
    """Radius of the edges round the two end faces."""
    case_material: str
    """Material of the sides (a film, where the cell is wrapped)."""
    top_material: str
    """Material of the +z face between the features."""
    bottom_material: str
    """Material of the -z face between the features."""
    friction: float
    """Coulomb friction coefficient of the case on plastic and rubber."""
    features: tuple[SurfaceFeature, ...]
    """All that is on the two end faces; later ones cover earlier ones."""
    symmetries: tuple[Symmetry, ...]
    """Declared symmetries; polarity is never one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (3,)))

    @property
    def height_m(self) -> float:
        """Extent along z, without raised terminals."""
        return float(self.size_m[2])

    @property
    def turns_freely(self) -> bool:
        """Whether any turn about z is a symmetry, so that yaw means nothing."""
        return any(s.fold == 0 and abs(s.axis[2]) > 0.999 for s in self.symmetries)
