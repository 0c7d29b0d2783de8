"""The scene file: every key with its unit, its bounds and its default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from cellpick.scene.documents import Strict
from cellpick.scene.imager_files import Exposures
from cellpick.scene.quantities import AngleDeg, OffsetMm, Share, SmallDeg, SmallMm
from cellpick.scene.spec_fixtures import ModuleSpec, TraySpec
from cellpick.scene.spec_health import FaultSpec, ForeignSpec, MarksSpec

Six = tuple[AngleDeg, AngleDeg, AngleDeg, AngleDeg, AngleDeg, AngleDeg]
StandoffMm = Annotated[float, Field(ge=200, le=3000)]


class ArmSpec(Strict):
    """The arm and its place."""

    model: str = Field(
        "industrial_10kg",
        description="Name of a shipped arm, or a path to an arm's YAML or a URDF.",
    )
    flange_link: str | None = Field(
        None, description="URDF link that carries the tool. Default: the arm file's, or `flange`."
    )
    position_mm: tuple[OffsetMm, OffsetMm, OffsetMm] = Field(
        (0.0, 0.0, 0.0), description="Place of its base in the world in mm."
    )
    yaw_deg: AngleDeg = Field(0.0, description="Turn of its base in the world, in degrees.")
    park_deg: Six | None = Field(
        None, description="Joint angles that it waits in, in degrees. Default: the arm file's."
    )


class RigSpec(Strict):
    """The cameras: on the corners of a plate, tilted so that their axes meet."""

    mount: Literal["flange", "fixed"] = Field(
        "flange", description="flange: rides on the wrist; fixed: hangs over the tray."
    )
    cameras: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)] = Field(
        ("zivid_2plus_m60", "industrial_2d_2mp", "zivid_2plus_m60", "industrial_2d_2mp"),
        description="Camera models (names or paths), in turn round the plate.",
    )
    offset_mm: (
        tuple[Annotated[float, Field(ge=10, le=1500)], Annotated[float, Field(ge=10, le=1500)]]
        | None
    ) = Field(
        None,
        description=(
            "Half-distance of the corners along the plate's x and y in mm. Default: 130, 110 on "
            "the flange; 300, 250 fixed."
        ),
    )
    forward_mm: Annotated[float, Field(ge=-200, le=500)] = Field(
        50.0,
        description=(
            "How far the optical centres lie in front of the plate's origin, in mm. Default: 50, "
            "or farther where a housing would meet the arm that waits."
        ),
    )
    focus_mm: StandoffMm | None = Field(
        None,
        description=(
            "Distance in front of the plate at which the optical axes meet, in mm. Default: "
            "standoff_mm."
        ),
    )
    standoff_mm: StandoffMm | None = Field(
        None,
        description=(
            "Height of the flange (or of the fixed plate) above the cell tops at a look, in mm. "
            "Default: 600 on the flange; 1050 fixed, so that the arm works beneath; where a 3D "
            "camera cannot reach so far, the distance at which its figures are stated."
        ),
    )
    lens_focus_mm: Annotated[float, Field(ge=100, le=3000)] | None = Field(
        None,
        description=(
            "Distance that the 2D cameras' lenses are focused at, in mm. Default: where the "
            "optical axes meet, as commissioning does."
        ),
    )
    hdr: Exposures | None = Field(
        None,
        description=(
            "Exposures of one picture as multiples of the camera's own, such as [0.25, 1, 4]: HDR "
            "bracketing, which costs its time. Default: the camera file's."
        ),
    )
    capture_2d: Literal["standing", "moving"] = Field(
        "standing",
        description=(
            "moving: 2D cameras expose on the way, as late as their data still arrive before the "
            "arm stands, with the blur of that; 3D cameras always expose standing."
        ),
    )
    capture_lead_ms: Annotated[float, Field(ge=0, le=2000)] = Field(
        0.0,
        description=(
            "Least time before the arm stands at which exposures on the way are half over, in ms: "
            "the earlier, the faster the arm."
        ),
    )
    calibration_error_mm: SmallMm = Field(
        0.1, description="Standard deviation per axis of a camera's believed position, in mm."
    )
    calibration_error_deg: SmallDeg = Field(
        0.02, description="Standard deviation per axis of a camera's believed rotation, in degrees."
    )
    calibration_error_depth_permille: Annotated[float, Field(ge=0, le=100)] = Field(
        0.2,
        description=(
            "Standard deviation of what commissioning on a known board leaves of a 3D camera's "
            "scale error, in per mille of the distance; 0.2 is assumed. A station without in-field "
            "correction has its camera's own."
        ),
    )

    @property
    def standoff_m(self) -> float:
        """Height of the plate above the cell tops at a look."""
        default = 600.0 if self.mount == "flange" else 1050.0
        return (self.standoff_mm or default) * 1e-3

    @property
    def focus_m(self) -> float:
        """Distance in front of the plate at which the optical axes meet."""
        return self.focus_mm * 1e-3 if self.focus_mm is not None else self.standoff_m

    @property
    def corner_m(self) -> tuple[float, float]:
        """Half-distances of the corners along x and y."""
        x, y = self.offset_mm or ((130.0, 110.0) if self.mount == "flange" else (300.0, 250.0))
        return x * 1e-3, y * 1e-3


class LightSpec(Strict):
    """A lamp."""

    position_mm: tuple[OffsetMm, OffsetMm, OffsetMm] = Field(
        description="Place in the world in mm."
    )
    radius_mm: Annotated[float, Field(ge=0, le=1000)] = Field(
        100.0, description="Radius of its disc in mm: softens shadows and highlights."
    )
    strength: Annotated[float, Field(ge=0, le=20)] = Field(
        0.6, description="Radiance it adds to a white matt surface square on below it."
    )


class NoiseSpec(Strict):
    """Multipliers of the noise in the camera files; 1 is the real thing."""

    image: Annotated[float, Field(ge=0, le=20)] = Field(
        1.0, description="Multiplies read and shot noise."
    )
    depth: Annotated[float, Field(ge=0, le=20)] = Field(
        1.0,
        description=(
            "Multiplies depth noise, quantisation and flying pixels; 0 is an ideal depth camera, "
            "and labelled so."
        ),
    )


class ToleranceSpec(Strict):
    """What counts as well placed."""

    place_mm: Annotated[float, Field(gt=0, le=50)] = Field(
        1.0, description="Largest error of a placed cell in its slot's plane, in mm."
    )
    place_deg: Annotated[float, Field(gt=0, le=30)] = Field(
        1.0, description="Largest error of the angles that the cell's symmetry leaves, in degrees."
    )
    seat_mm: Annotated[float, Field(gt=0, le=50)] = Field(
        1.0, description="Largest height above the seat, in mm."
    )


class DecisionSpec(Strict):
    """When the station acts on what it sees, and when it gives up."""

    polarity_confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        0.99, description="Least probability of a polarity that may be acted on."
    )
    max_sigma_mm: Annotated[float, Field(gt=0, le=1)] = Field(
        0.6, description="Largest predicted position error that may be acted on, in mm."
    )
    max_looks: Annotated[int, Field(ge=1, le=1000)] = Field(
        30, description="Bound on looks at the tray."
    )
    max_attempts_per_cell: Annotated[int, Field(ge=1, le=100)] = Field(
        3, description="Bound on attempts at one cell."
    )
    vision_budget_s: Annotated[float, Field(ge=0, le=60)] = Field(
        0.3,
        description=(
            "Time that a look's computing may take in the plant, in seconds; declared, not "
            "measured."
        ),
    )


class SceneSpec(Strict):
    """A whole scene file."""

    name: str = Field("", description="The scene's name. Default: the file's.")
    description: str = Field("", description="What the scene shows.")
    purpose: Literal["pick", "look"] = Field(
        "pick",
        description=(
            "pick: the station must be able to pick the cells; look: for `cellpick capture` and "
            "`perceive` alone, so nothing is asked of the gripper."
        ),
    )
    cell: str = Field(
        "prismatic_148x26x91", description="Name of a shipped cell, or a path to a cell's YAML."
    )
    gripper: str = Field(
        "vacuum_2cup", description="Name of a shipped gripper, or a path to a gripper's YAML."
    )
    materials: str | None = Field(
        None, description="Path to a table of materials. Default: the shipped one."
    )
    arm: ArmSpec = Field(ArmSpec(), description="The arm and its place.")
    tray: TraySpec = Field(TraySpec(), description="The tray that cells arrive in.")
    module: ModuleSpec = Field(ModuleSpec(), description="The module that cells go into.")
    rig: RigSpec = Field(RigSpec(), description="The cameras.")
    lights: tuple[LightSpec, ...] = Field(
        (
            LightSpec(position_mm=(-1000.0, -1700.0, 2000.0), radius_mm=200.0, strength=1.4),
            LightSpec(position_mm=(2100.0, 1700.0, 2000.0), radius_mm=200.0, strength=1.4),
        ),
        description="Lamps.",
    )
    ambient: Share = Field(
        0.25, description="Radiance of a white matt surface under the diffuse surroundings alone."
    )
    noise: NoiseSpec = Field(NoiseSpec(), description="Multipliers of the cameras' noise.")
    marks: MarksSpec = Field(MarksSpec(), description="Reference marks on the table.")
    faults: Annotated[tuple[FaultSpec, ...], Field(max_length=32)] = Field(
        (), description="What is wrong with cameras."
    )
    foreign: Annotated[tuple[ForeignSpec, ...], Field(max_length=16)] = Field(
        (), description="What lies among the cells and is none of them."
    )
    tolerance: ToleranceSpec = Field(ToleranceSpec(), description="What counts as well placed.")
    decision: DecisionSpec = Field(
        DecisionSpec(), description="When the station acts, and when it gives up."
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(0, description="Seed of all that is drawn.")

    _source: str = PrivateAttr(default="scene")

    @property
    def source(self) -> str:
        """Path of the file that it came from, for messages."""
        return self._source

    @property
    def folder(self) -> Path:
        """Folder that relative model paths start at."""
        return Path(self._source).parent
