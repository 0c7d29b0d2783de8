"""A battery cell's nominal geometry, as its drawing gives it: known to the station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.geometry import Floats, frozen
from cellpick.structures.checks import figure
from cellpick.structures.solids import Solid

Outline = Literal["rect", "disc", "ring", "plus", "minus"]
FeatureKind = Literal["terminal", "vent", "mark", "code", "label"]
Polarity = Literal["+", "-", ""]
Face = Literal["+z", "-z", "+x", "-x"]


@dataclass(frozen=True, eq=False)
class SurfaceFeature:
    """Something on a face of a cell: a terminal, a tab, the vent, a printed mark, the code."""

    name: str
    """Unique in the cell, such as `terminal_plus`."""
    kind: FeatureKind
    """What it is; a `code` is the printed 2D code, a different one on every cell."""
    face: Face
    """The face it is on; +z is the terminal side. What is on +x and -x stands out of it."""
    outline: Outline
    """Its shape: `ring` has two diameters in `size_m`; `plus` and `minus` are drawn strokes."""
    center_m: Floats
    """(2,) centre in the cell's x and y; on +x and -x in its y and z."""
    size_m: Floats
    """(2,) full extents along the same axes; disc: (d, d); ring: (outer d, inner d)."""
    height_m: float
    """How far it stands above the face; 0 for print."""
    material: str
    """Key into the table of materials."""
    polarity: Polarity = ""
    """The potential it is at, for a terminal or a mark."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "center_m", frozen("center_m", self.center_m, (2,)))
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (2,)))

    @property
    def axes(self) -> tuple[int, int, int]:
        """Cell axes of its two coordinates and of its face's normal."""
        return (0, 1, 2) if self.face[1] == "z" else (1, 2, 0)

    @property
    def side(self) -> float:
        """1 on the face whose outward normal is an axis of the cell, -1 on the opposite one."""
        return 1.0 if self.face[0] == "+" else -1.0

    @property
    def is_round(self) -> bool:
        """Whether its outline is a circle's."""
        return self.outline in ("disc", "ring")


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A rotation about an axis through the cell's origin that changes neither form nor function."""

    axis: Floats
    """(3,) unit vector in the cell frame."""
    fold: int
    """n for turns of 2 pi / n; 0 for any angle."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", frozen("axis", self.axis, (3,)))


@dataclass(frozen=True)
class Groove:
    """The groove that is rolled round a can below its crimped lid; a sleeve over it follows it."""

    face: Literal["+z", "-z"]
    """The end that it is near."""
    offset_m: float
    """From that end's face to the groove's middle."""
    width_m: float
    """Along the axis, where it begins to bend."""
    depth_m: float
    """How much less the radius is at its deepest."""

    def inset(self, t: Floats) -> tuple[Floats, Floats]:
        """Depth (...) and its slope at distances `t` (...) from the middle: a raised cosine."""
        on = np.abs(t) < self.width_m / 2
        phase = 2 * np.pi / self.width_m * t
        depth = np.where(on, self.depth_m / 2 * (1 + np.cos(phase)), 0.0)
        slope = np.where(on, -self.depth_m * np.pi / self.width_m * np.sin(phase), 0.0)
        return depth, slope


@dataclass(frozen=True, eq=False)
class CellModel:
    """One type of cell. Origin at the centre of the case, +z out of the terminal side."""

    name: str
    """Its key, such as `prismatic_148x26x91`."""
    shape: Literal["box", "cylinder", "pouch"]
    """Of a box and of a pouch +x runs from the negative to the positive terminal; a pouch is a thin
    box whose +z is one of its large faces; a cylinder's axis is z."""
    size_m: Floats
    """(3,) full extents of the case, without raised terminals; cylinder: (d, d, h)."""
    mass_kg: float
    """Mass."""
    corner_radius_m: float
    """Radius of the four upright edges of a box or a pouch; 0 for a cylinder."""
    rim_radius_m: float
    """Radius of the edges round the +z and the -z face."""
    case_material: str
    """Material of the sides (a film, where the cell is wrapped)."""
    top_material: str
    """Material of the +z face between the features."""
    bottom_material: str
    """Material of the -z face between the features."""
    friction: float
    """Coulomb friction coefficient of the case on plastic and rubber."""
    features: tuple[SurfaceFeature, ...]
    """All that is on its faces; later ones cover earlier ones."""
    symmetries: tuple[Symmetry, ...]
    """Declared symmetries; polarity is never one."""
    groove: Groove | None = None
    """Of a crimped can; None for a smooth side."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size_m", frozen("size_m", self.size_m, (3,)))
        for axis, extent in enumerate(self.size_m):
            figure(f"size_m[{axis}]", extent, 0, above=True)

    @property
    def height_m(self) -> float:
        """Extent along z, without raised terminals."""
        return float(self.size_m[2])

    @property
    def solid_shape(self) -> Literal["box", "cylinder"]:
        """The simple solid that its case is."""
        return "cylinder" if self.shape == "cylinder" else "box"

    @property
    def positive(self) -> Literal["+x", "+z"]:
        """Its own axis that points to the positive terminal."""
        return "+z" if self.shape == "cylinder" else "+x"

    def feature_place(self, feature: SurfaceFeature) -> Floats:
        """(3,) a feature's centre on its face, in the cell frame."""
        a, b, n = feature.axes
        p = np.zeros(3)
        p[[a, b]] = feature.center_m
        p[n] = feature.side * self.size_m[n] / 2
        return p

    def raised_solid(self, feature: SurfaceFeature) -> Solid:
        """What of a feature stands above its face, in the cell frame."""
        a, b, n = feature.axes
        T = np.zeros((4, 4))
        T[[a, b, n, 3], [0, 1, 2, 3]] = 1.0
        T[:3, 3] = self.feature_place(feature)
        T[n, 3] = feature.side * (self.size_m[n] + feature.height_m) / 2
        x, y = feature.size_m
        size = np.array([x, x if feature.is_round else y, feature.height_m])
        shape: Literal["box", "cylinder"] = "cylinder" if feature.is_round else "box"
        return Solid(feature.name, shape, size, T, feature.material)

    @property
    def turns_freely(self) -> bool:
        """Whether any turn about z is a symmetry, so that yaw means nothing."""
        return any(s.fold == 0 and abs(s.axis[2]) > 0.999 for s in self.symmetries)
