"""The targets of the measuring room, all on the plane z = 0, each at a station of its own.

plate: white matt, as the ceramic plates of the makers. aluminium: bare sheet, as cell tops are.
step: two white plates, one higher. balls: a ball plate of three. greys: a grey scale. edge: black
beside white, slanted as ISO 12233 wants.
"""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, pose, rotation_z, translation
from cellpick.scene import Decal, Light
from cellpick.structures import Material, Solid

STATIONS_M = {
    "plate": 0.0,
    "aluminium": 4.0,
    "step": 6.0,
    "balls": 8.0,
    "greys": 10.0,
    "edge": 12.0,
}
"""Along the room's y; near the origin, where float32 is finest, the plate for the finest figure."""
GREYS = (0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8)
"""Albedos of the matt part of the grey scale."""
TRAPS = (0.025, 0.05)
"""Reflectances of two dark mirrors that show the room: darker than any matt surface under the
lamp, for the noise without light, yet too light to be clipped at zero."""
PATCHES = len(TRAPS) + len(GREYS)
GREY_M = 0.3
"""Side of a grey patch."""
STEP_M = 0.03
"""Height of the step's upper plate: far more than any camera's noise."""
EDGE_SLANT_RAD = float(np.radians(5.0))
"""Slant of both edges against the image's columns, so that they cross pixels at every phase."""
THICKNESS_M = 0.02
WHITE_ALBEDO = 0.95

TARGET_MATERIALS = {
    name: Material(name, np.full(3, albedo), 0.0, 1.0, False)
    for name, albedo in [
        ("target_white", WHITE_ALBEDO),
        ("target_black", 0.03),
        *((f"target_grey_{i + len(TRAPS)}", albedo) for i, albedo in enumerate(GREYS)),
    ]
} | {
    f"target_grey_{i}": Material(f"target_grey_{i}", np.full(3, share), 1.0, 0.3, False)
    for i, share in enumerate(TRAPS)
}
"""Matt and grey, what a certificate calls diffuse; and the black mirrors."""
LAMP = Light(np.array([1.0, STATIONS_M["aluminium"] + 1.7, 2.0]), 0.2, 1.4)
"""Beside the aluminium plate as the lamps of the shipped scenes stand beside the tray."""


def picture_lamp(strength: float) -> Light:
    """A small lamp between the grey scale and the slanted edge, and above them."""
    y = (STATIONS_M["greys"] + STATIONS_M["edge"]) / 2
    return Light(np.array([0.0, y, 2.0]), 0.05, strength)


def station_m(target: str) -> Floats:
    """(3,) where a target stands, in the world; raises `InputError` for one that there is not."""
    if target not in STATIONS_M:
        raise InputError("no such target", key="target", got=target, accepted=", ".join(STATIONS_M))
    return np.array([0.0, STATIONS_M[target], 0.0])


def all_solids() -> tuple[Solid, ...]:
    """Every target but the prints, in the world frame."""
    greys = [
        _board(
            f"greys.{i}", (GREY_M, GREY_M), grey_place(i) + station_m("greys"), f"target_grey_{i}"
        )
        for i in range(PATCHES)
    ]
    return (
        _board("plate", (3.0, 3.0), station_m("plate"), "target_white"),
        _board("aluminium", (0.6, 0.6), station_m("aluminium"), "aluminium"),
        _board("edge", (1.0, 1.0), station_m("edge"), "target_white"),
        *_step(),
        *greys,
    )


def balls(apart_m: float, diameter_m: float) -> tuple[Solid, ...]:
    """Three white balls `apart_m` from end to end, the middle one a fifth of that higher."""
    places = ball_places(apart_m) + station_m("balls")
    size = np.full(3, diameter_m)
    return tuple(
        Solid(f"balls.{i}", "sphere", size, translation(p), "target_white")
        for i, p in enumerate(places)
    )


def ball_places(apart_m: float) -> Floats:
    """(3, 3) centres of the balls from their station."""
    half = apart_m / 2
    return np.array([[-half, 0.0, 0.0], [0.0, 0.0, 0.2 * apart_m], [half, 0.0, 0.0]])


def grey_place(row: int) -> Floats:
    """(3,) middle of a grey patch from its station."""
    return np.array([(row - (PATCHES - 1) / 2) * GREY_M, 0.0, 0.0])


def all_prints() -> tuple[Decal, ...]:
    """The black half of the edge target, right of its slanted edge."""
    T = translation(station_m("edge")) @ pose(rotation_z(EDGE_SLANT_RAD), np.zeros(3))
    return (Decal("edge", "world", T, np.array([[0.0, -0.4, 0.4, 0.4]]), "target_black"),)


def _step() -> tuple[Solid, ...]:
    lower = _board("step.lower", (1.2, 1.2), station_m("step"), "target_white")
    turn = translation(station_m("step")) @ pose(rotation_z(EDGE_SLANT_RAD), np.zeros(3))
    size = np.array([0.5, 1.0, STEP_M])
    # the upper plate lies on the side away from the projector, whose shadow would hide the edge
    T = turn @ translation([-size[0] / 2, 0.0, STEP_M / 2])
    return lower, Solid("step.upper", "box", size, T, "target_white")


def _board(name: str, size_m: tuple[float, float], at_m: Floats, material: str) -> Solid:
    size = np.array([*size_m, THICKNESS_M])
    return Solid(name, "box", size, translation(at_m - [0, 0, THICKNESS_M / 2]), material)
