"""The parts of a scene file that go wrong or tell it: reference marks, faults, foreign objects."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cellpick.scene.documents import Strict
from cellpick.scene.faults import FaultKind
from cellpick.scene.quantities import AngleDeg, OffsetMm, SmallMm

MarkCount = Annotated[int, Field(ge=0, le=20)]


class MarksSpec(Strict):
    """Reference marks (ArUco, 4x4_50) printed on the table; places are found by themselves."""

    tray: MarkCount = Field(4, description="Marks round the tray.")
    module: MarkCount = Field(4, description="Marks round the module.")
    side_mm: Annotated[float, Field(ge=10, le=200)] | None = Field(
        None,
        description=(
            "Side of a mark's black square in mm. Default: 30 under cameras on the flange, 45 "
            "under fixed ones."
        ),
    )
    belief_error_mm: SmallMm = Field(
        0.05,
        description=(
            "Standard deviation per axis of the station's belief of a mark's place, in mm; over "
            "the side it is that of its turn."
        ),
    )


class ForeignSpec(Strict):
    """Something that does not belong among cells; it lies level on what is highest beneath it."""

    kind: Literal["glove", "screwdriver", "hex_key"] = Field(description="What it is.")
    position_mm: tuple[OffsetMm, OffsetMm] = Field(
        description="Place of its middle along the tray's x and y in mm."
    )
    yaw_deg: AngleDeg = Field(0.0, description="Turn about the upright, in degrees.")


class FaultSpec(Strict):
    """A fault of one camera."""

    camera: Annotated[int, Field(ge=0, le=7)] = Field(
        description="The camera's place in rig.cameras, from 0."
    )
    kind: FaultKind = Field(description="What is wrong with it.")
    from_look: Annotated[int, Field(ge=1, le=1000)] = Field(
        1, description="First look that it spoils; looks count from 1."
    )
    amount: Annotated[float, Field(gt=0, le=10)] = Field(
        1.0, description="How bad; 1 is the usual size of its kind (docs/camera_health.md)."
    )
