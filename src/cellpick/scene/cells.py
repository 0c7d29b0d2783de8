"""Reads a cell's file (`models/cells/`) and the table of materials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, RootModel

from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.quantities import CellSizeMm, Friction, OffsetMm, Share, SizeMm, Sourced
from cellpick.structures import CellModel, Groove, Material, SurfaceFeature, Symmetry

MM = 1e-3


class _Case(Sourced):
    size_mm: tuple[CellSizeMm, CellSizeMm, CellSizeMm]


class _Edges(Sourced):
    corner_radius_mm: Annotated[float, Field(ge=0, le=50)]
    rim_radius_mm: Annotated[float, Field(ge=0, le=10)]


class _Weight(Sourced):
    mass_kg: Annotated[float, Field(ge=0.005, le=20)]


class _Surface(Sourced):
    case_material: str
    top_material: str
    bottom_material: str
    friction: Friction


class _Feature(Strict):
    name: str
    kind: Literal["terminal", "vent", "mark", "code", "label"]
    face: Literal["+z", "-z", "+x", "-x"]
    outline: Literal["rect", "disc", "ring", "plus", "minus"]
    center_mm: tuple[OffsetMm, OffsetMm]
    size_mm: tuple[SizeMm, SizeMm]
    height_mm: Annotated[float, Field(ge=0, le=100)]
    material: str
    polarity: Literal["+", "-", ""] = ""

    def record(self) -> SurfaceFeature:
        return SurfaceFeature(
            name=self.name,
            kind=self.kind,
            face=self.face,
            outline=self.outline,
            center_m=np.multiply(self.center_mm, MM),
            size_m=np.multiply(self.size_mm, MM),
            height_m=self.height_mm * MM,
            material=self.material,
            polarity=self.polarity,
        )


class _Features(Sourced):
    items: tuple[_Feature, ...]


class _Symmetry(Strict):
    axis: tuple[float, float, float]
    fold: Annotated[int, Field(ge=0)]


class _Groove(Sourced):
    face: Literal["+z", "-z"]
    offset_mm: SizeMm
    width_mm: SizeMm
    depth_mm: SizeMm

    def record(self) -> Groove:
        return Groove(self.face, self.offset_mm * MM, self.width_mm * MM, self.depth_mm * MM)


class _CellFile(Strict):
    name: str
    shape: Literal["box", "cylinder", "pouch"]
    case: _Case
    edges: _Edges
    weight: _Weight
    surface: _Surface
    symmetries: tuple[_Symmetry, ...]
    features: _Features
    groove: _Groove | None = None


class _MaterialEntry(Sourced):
    albedo: tuple[Share, Share, Share]
    metallic: Share
    roughness: Share
    conductive: bool
    anisotropy: Annotated[float, Field(ge=0, le=0.95)] = 0.0


class _MaterialsFile(RootModel[dict[str, _MaterialEntry]]):
    model_config = ConfigDict(frozen=True)


def load_materials(path: Path) -> dict[str, Material]:
    """The table of materials; raises `InputError`."""
    table = validated(_MaterialsFile, read_yaml(path), str(path)).root
    return {
        name: Material(
            name, np.array(m.albedo), m.metallic, m.roughness, m.conductive, m.anisotropy
        )
        for name, m in table.items()
    }


def load_cell(path: Path) -> CellModel:
    """A cell's drawing; raises `InputError` naming file and key."""
    file = validated(_CellFile, read_yaml(path), str(path))
    return CellModel(
        name=file.name,
        shape=file.shape,
        size_m=np.multiply(file.case.size_mm, MM),
        mass_kg=file.weight.mass_kg,
        corner_radius_m=file.edges.corner_radius_mm * MM,
        rim_radius_m=file.edges.rim_radius_mm * MM,
        case_material=file.surface.case_material,
        top_material=file.surface.top_material,
        bottom_material=file.surface.bottom_material,
        friction=file.surface.friction,
        features=tuple(f.record() for f in file.features.items),
        symmetries=tuple(Symmetry(np.array(s.axis), s.fold) for s in file.symmetries),
        groove=file.groove.record() if file.groove else None,
    )
