"""Reads a gripper's file (`models/grippers/`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from cellpick.errors import InputError
from cellpick.geometry import from_rpy, pose, translation
from cellpick.scene.documents import Strict, read_yaml, validated
from cellpick.scene.quantities import AngleDeg, Friction, MassKg, OffsetMm, SizeMm, Sourced
from cellpick.structures import Cups, GripperModel, Jaws, Solid

MM = 1e-3


class _Body(Strict):
    name: str
    shape: Literal["box", "cylinder", "sphere"]
    size_mm: tuple[SizeMm, SizeMm, SizeMm]
    center_mm: tuple[OffsetMm, OffsetMm, OffsetMm]
    rpy_deg: tuple[AngleDeg, AngleDeg, AngleDeg] = (0.0, 0.0, 0.0)
    material: str

    def solid(self, name: str | None = None) -> Solid:
        T = pose(from_rpy(np.radians(self.rpy_deg)), np.multiply(self.center_mm, MM))
        return Solid(name or self.name, self.shape, np.multiply(self.size_mm, MM), T, self.material)


class _Bodies(Sourced):
    items: tuple[_Body, ...]


class _Mount(Sourced):
    tcp_mm: tuple[OffsetMm, OffsetMm, OffsetMm]
    mass_kg: MassKg


class _Cups(Sourced):
    centers_mm: Annotated[tuple[tuple[OffsetMm, OffsetMm, OffsetMm], ...], Field(min_length=1)]
    radius_mm: Annotated[float, Field(ge=1, le=200)]
    lip_compliance_mm: Annotated[float, Field(ge=0, le=20)]
    vacuum_kpa: Annotated[float, Field(gt=0, le=101.3)]
    friction: Friction
    evacuation_ms: Annotated[float, Field(ge=0, le=10_000)]
    blow_off_ms: Annotated[float, Field(ge=0, le=10_000)]
    spring_n: Annotated[float, Field(gt=0, le=500)]


class _Jaws(Sourced):
    opening_mm: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0, le=500)]]
    force_n: Annotated[float, Field(gt=0, le=5000)]
    speed_mm_s: Annotated[float, Field(gt=0, le=2000)]
    friction: Friction
    mass_kg: MassKg
    items: Annotated[tuple[_Body, ...], Field(min_length=1)]


class _GripperFile(Strict):
    name: str
    kind: Literal["vacuum", "jaws"]
    mount: _Mount
    bodies: _Bodies
    cups: _Cups | None = None
    jaws: _Jaws | None = None


def load_gripper(path: Path) -> GripperModel:
    """A gripper; raises `InputError` naming file and key."""
    file = validated(_GripperFile, read_yaml(path), str(path))
    if (file.cups is not None) != (file.kind == "vacuum") or (file.jaws is not None) != (
        file.kind == "jaws"
    ):
        raise InputError(
            "must hold the block of its kind and no other",
            source=str(path),
            key="kind",
            got=file.kind,
            accepted="vacuum with cups, or jaws with jaws",
        )
    return GripperModel(
        name=file.name,
        kind=file.kind,
        mass_kg=file.mount.mass_kg,
        T_flange_tcp=translation(np.multiply(file.mount.tcp_mm, MM)),
        solids=tuple(body.solid() for body in file.bodies.items),
        cups=_cups(file.cups) if file.cups is not None else None,
        jaws=_jaws(file.jaws) if file.jaws is not None else None,
    )


def _cups(cups: _Cups) -> Cups:
    return Cups(
        centers_m=np.multiply(cups.centers_mm, MM),
        radius_m=cups.radius_mm * MM,
        lip_compliance_m=cups.lip_compliance_mm * MM,
        vacuum_pa=cups.vacuum_kpa * 1e3,
        friction=cups.friction,
        evacuation_s=cups.evacuation_ms * 1e-3,
        blow_off_s=cups.blow_off_ms * 1e-3,
        spring_n=cups.spring_n,
    )


def _jaws(jaws: _Jaws) -> Jaws:
    half_turn = np.diag([-1.0, -1.0, 1.0, 1.0])
    plus = tuple(body.solid(f"gripper.jaw.0.{body.name}") for body in jaws.items)
    minus = tuple(body.solid(f"gripper.jaw.1.{body.name}").moved(half_turn) for body in jaws.items)
    return Jaws(
        solids=(plus, minus),
        opening_m=np.multiply(jaws.opening_mm, MM),
        force_n=jaws.force_n,
        speed_m_s=jaws.speed_mm_s * MM,
        friction=jaws.friction,
        mass_kg=jaws.mass_kg,
    )
