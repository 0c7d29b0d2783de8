"""The parts of a scene file about the cameras' health: reference marks and faults."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cellpick.scene.documents import Strict
from cellpick.scene.faults import FaultKind
from cellpick.scene.quantities import SmallMm

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
