"""The parts of a scene file that stand on the table: the tray with its cells, and the module."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cellpick.scene.documents import Strict
from cellpick.scene.quantities import AngleDeg, OffsetMm, Share, SmallDeg, SmallMm
from cellpick.structures import Arrangement

Count = Annotated[int, Field(ge=1, le=100)]
PlateMm = Annotated[float, Field(ge=0.5, le=200)]
HeightMm = Annotated[float, Field(ge=0, le=500)]
InnerMm = Annotated[float, Field(gt=0, le=3000)]
Pocket = Annotated[int, Field(ge=0, le=9999)]
Slot = Literal["+x", "-x", "+z", "-z"]


class JitterSpec(Strict):
    """How far each cell may stand from its place: half-widths of uniform draws."""

    position_mm: SmallMm = Field(
        0.0, description="Shift along the tray's x and y, each within ± this, in mm."
    )
    yaw_deg: SmallDeg = Field(0.0, description="Turn about the upright, within ± this, in degrees.")
    tilt_deg: Annotated[float, Field(ge=0, le=5)] = Field(
        0.0,
        description=(
            "Lean about the tray's x and y, each within ± this, in degrees; the pocket's pad "
            "lies askew."
        ),
    )


class OddSpec(Strict):
    """A cell that stands in an upright tray otherwise than the others."""

    pocket: Annotated[int, Field(ge=0, le=9999)] = Field(
        description="Its pocket, counted from 0 row by row."
    )
    pose: Literal["upside_down", "tilted", "half_out"] = Field(
        description=(
            "upside_down: terminals below; tilted: leans over an empty neighbouring pocket onto "
            "what stands behind it; half_out: stands on something, half its height too high."
        )
    )


class TraySpec(Strict):
    """The tray that cells arrive in; its origin is the middle of the surface that they stand on."""

    arrangement: Arrangement = Field(
        "upright",
        description=(
            "upright: +z up; lying: on the largest face, lids along the tray's -y, cylinders on "
            "their side along its x; heap: as they fell into the bin, settled by physics."
        ),
    )
    rows: Count = Field(6, description="Cells along the tray's y.")
    columns: Count = Field(
        2, description="Cells along the tray's x (the long side of a prismatic cell)."
    )
    cells: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None,
        description=(
            "Number of cells in it; the first pockets, row by row, are filled. Default: all."
        ),
    )
    layers: Annotated[int, Field(ge=1, le=50)] = Field(
        1, description="Layers of lying cells, one on the other."
    )
    empty: Annotated[tuple[Pocket, ...], Field(max_length=10_000)] = Field(
        (), description="Pockets without a cell, counted from 0 row by row."
    )
    odd: Annotated[tuple[OddSpec, ...], Field(max_length=1000)] = Field(
        (), description="Cells that stand otherwise than the others."
    )
    gap_mm: SmallMm = Field(
        2.0, description="Gap between neighbouring cells in mm, unless pitch_mm is given."
    )
    pitch_mm: (
        tuple[Annotated[float, Field(gt=0, le=2000)], Annotated[float, Field(gt=0, le=2000)]] | None
    ) = Field(
        None, description="Distance between cell centres along x and y in mm; overrides gap_mm."
    )
    wall_height_mm: HeightMm = Field(
        25.0, description="Height of the outer walls above the surface that cells stand on, in mm."
    )
    wall_thickness_mm: PlateMm = Field(3.0, description="Thickness of the outer walls in mm.")
    wall_clearance_mm: SmallMm = Field(
        3.0, description="Gap between the outer cells and the walls in mm."
    )
    inner_size_mm: tuple[InnerMm, InnerMm] | None = Field(
        None,
        description="Inner length and width of the tray in mm. Default: cells and wall clearance.",
    )
    divider_height_mm: HeightMm = Field(
        0.0, description="Height of the walls between the pockets in mm; 0 for none."
    )
    divider_clearance_mm: SmallMm = Field(
        1.0, description="Gap between a cell and a divider in mm; sets the divider's thickness."
    )
    floor_mm: PlateMm = Field(
        6.0, description="Height of the surface that cells stand on above the table, in mm."
    )
    position_mm: tuple[OffsetMm, OffsetMm] = Field(
        (550.0, -250.0), description="Place of the tray's centre in the world, x and y in mm."
    )
    yaw_deg: AngleDeg = Field(0.0, description="Turn of the tray in the world, in degrees.")
    position_error_mm: SmallMm = Field(
        2.0,
        description=(
            "How far the tray may lie from its place along x and y, uniform within ± this, in mm."
        ),
    )
    yaw_error_deg: SmallDeg = Field(
        1.0, description="How far its turn may be off, uniform within ± this, in degrees."
    )
    jitter: JitterSpec = Field(
        JitterSpec(), description="How far each cell may stand from its place."
    )
    turned_share: Share = Field(
        0.0,
        description=(
            "Share of cells turned by 180 degrees: prismatic ones about the upright, cylindrical "
            "ones upside down; lying ones about the upright or a level axis, so that lid and face "
            "may point either way. An exact count, rounded."
        ),
    )


class ModuleSpec(Strict):
    """The module that cells go into; its origin is the middle of the surface they are seated on."""

    rows: Count = Field(12, description="Slots along the module's y.")
    columns: Count = Field(1, description="Slots along the module's x.")
    polarity: tuple[Slot, ...] = Field(
        (),
        description=(
            "Where each slot's positive terminal points (+x, -x for prismatic cells; +z, -z for "
            "cylindrical ones), repeated over the slots row by row. Default: +x and -x "
            "alternating, or +z."
        ),
    )
    clearance_mm: SmallMm = Field(
        1.0, description="Gap between a seated cell and its slot's walls on each side, in mm."
    )
    wall_thickness_mm: PlateMm = Field(
        2.0, description="Thickness of the walls between slots in mm."
    )
    wall_height_mm: HeightMm = Field(
        15.0, description="Height of the slot walls above the seat in mm."
    )
    floor_mm: PlateMm = Field(10.0, description="Height of the seat above the table in mm.")
    position_mm: tuple[OffsetMm, OffsetMm] = Field(
        (500.0, 300.0), description="Place of the module's centre in the world, x and y in mm."
    )
    yaw_deg: AngleDeg = Field(0.0, description="Turn of the module in the world, in degrees.")
    belief_error_mm: SmallMm = Field(
        0.1, description="Standard deviation per axis of the station's belief of its place, in mm."
    )
    belief_error_deg: SmallDeg = Field(
        0.02, description="Standard deviation of the station's belief of its turn, in degrees."
    )
