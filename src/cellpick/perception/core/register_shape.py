"""What `register_cells` must know of a cell: a box with rounded edges or a cylinder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats


@dataclass(frozen=True)
class CellShape:
    """An analytic surface, its origin in the middle; a cylinder's axis is z.

    Raises `InputError` where a size is not positive or the edges are rounder than the shape.
    """

    kind: Literal["box", "cylinder"]
    """Which surface."""
    size_m: tuple[float, float, float]
    """Full extents along x, y and z; cylinder: (d, d, h)."""
    edge_radius_m: float = 0.0
    """Radius of the rounded edges."""

    def __post_init__(self) -> None:
        if self.kind not in ("box", "cylinder"):
            raise InputError("unknown kind of shape", got=self.kind, accepted="box, cylinder")
        size = np.asarray(self.size_m, np.float64)
        if size.shape != (3,) or not (np.isfinite(size) & (size > 0)).all():
            raise InputError("size_m must be three positive lengths", got=self.size_m)
        if not 0 <= self.edge_radius_m <= size.min() / 2:
            raise InputError(
                "edge_radius_m must lie between 0 and half the smallest size",
                got=self.edge_radius_m,
            )

    @staticmethod
    def box(x_m: float, y_m: float, z_m: float, edge_radius_m: float = 0.0) -> CellShape:
        """A prismatic cell; a thin one is a pouch or a blade."""
        return CellShape("box", (x_m, y_m, z_m), edge_radius_m)

    @staticmethod
    def cylinder(diameter_m: float, height_m: float, edge_radius_m: float = 0.0) -> CellShape:
        """A cylindrical cell, its axis along z."""
        return CellShape("cylinder", (diameter_m, diameter_m, height_m), edge_radius_m)

    @property
    def half_m(self) -> Floats:
        """(3,) half extents."""
        return np.asarray(self.size_m, np.float64) / 2
