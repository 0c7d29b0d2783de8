"""Bounded numbers for scene and model files: a wrong unit falls outside them and is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cellpick.scene.documents import Strict

SizeMm = Annotated[float, Field(gt=0, le=3000)]
"""A length of a part in millimetres: a metre value of a cell or a micrometre one falls outside."""
CellSizeMm = Annotated[float, Field(ge=5, le=1000)]
"""An extent of a cell in millimetres; the longest blade cells measure about 960 mm."""
OffsetMm = Annotated[float, Field(ge=-3000, le=3000)]
"""A signed place in millimetres."""
SmallMm = Annotated[float, Field(ge=0, le=100)]
"""A gap, a jitter or a tolerance in millimetres."""
AngleDeg = Annotated[float, Field(ge=-360, le=360)]
"""An angle in degrees."""
SmallDeg = Annotated[float, Field(ge=0, le=30)]
"""A jitter or tolerance in degrees."""
MassKg = Annotated[float, Field(gt=0, le=100)]
"""A mass in kilograms."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A share or probability."""
Friction = Annotated[float, Field(gt=0, le=2)]
"""A Coulomb friction coefficient."""


class Sourced(Strict):
    """A group of figures that says where it comes from."""

    source: Annotated[str, Field(min_length=3, description="Where the figures come from.")]
    certainty: Annotated[
        Literal["datasheet", "second-hand", "assumed"],
        Field(description="How sure that is."),
    ]
