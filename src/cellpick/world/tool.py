"""What rides on the flange, part by part: which solid slides with what, and how heavy it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellpick.geometry import Floats, invert, transform, translation
from cellpick.scene.rig import RIG_DENSITY_KG_M3
from cellpick.structures import Cups, GripperModel, Jaws, Solid

CUP_STROKE_M = 0.005
"""Spring travel of the level compensator that carries the cups; assumed, a usual catalogue size."""
CUP_STOP_M = 0.0002
"""Play before the compensator's end stop, beyond where its motor holds the cups: a load that rests
on Bullet's joint limit rattles."""
CUP_MASS_SHARE = 0.1
"""Share of a vacuum gripper's mass that rides on its springs; assumed."""
CUP_BODY_M = 0.010
"""Height of a cup's body where the gripper's file draws none."""
NEAR_LIP_M = 0.001
"""A body whose front face comes this near to a lip's centre is that cup."""
PartKind = Literal["gripper", "cup", "jaw", "rig"]


@dataclass(frozen=True, eq=False)
class Mounted:
    """A solid on the flange."""

    kind: PartKind
    """What it belongs to."""
    solid: Solid
    """In the flange frame, or in the TCP frame when it rides on a carrier."""
    mass_kg: float
    """Its share of the mass."""
    carrier: int | None
    """Row of the sliding part that it rides on."""


@dataclass(frozen=True, eq=False)
class Carrier:
    """A part of the gripper that slides along one axis through the TCP."""

    T_flange_tcp: Floats
    """(4, 4) its frame at rest."""
    axis_tcp: Floats
    """(3,) direction of positive travel."""
    travel_m: tuple[float, float]
    """Ends of its travel."""
    force_n: float
    """Force of its spring or drive."""
    mass_kg: float
    """Mass without the solids that ride on it."""


def carriers_of(gripper: GripperModel) -> tuple[Carrier, ...]:
    """The level compensator of a vacuum gripper; jaw 0 and jaw 1 of the other kind."""
    T = gripper.T_flange_tcp
    if gripper.cups is not None:
        force, mass = gripper.cups.spring_n, CUP_MASS_SHARE * gripper.mass_kg / 2
        return (Carrier(T, np.array([0.0, 0.0, 1.0]), (-CUP_STROKE_M, CUP_STOP_M), force, mass),)
    if gripper.jaws is None:
        return ()
    lower, upper = gripper.jaws.opening_m.tolist()
    force, mass = gripper.jaws.force_n, gripper.jaws.mass_kg / 2
    return tuple(
        Carrier(T, np.array([sign, 0.0, 0.0]), (lower, upper), force, mass) for sign in (1.0, -1.0)
    )


def holding_force(cups: Cups) -> float:
    """Pressure times area of one cup's lip, in newtons."""
    return float(cups.vacuum_pa * np.pi * cups.radius_m**2)


def mounted_solids(gripper: GripperModel, rig: tuple[Solid, ...]) -> tuple[Mounted, ...]:
    """Every solid on the flange, with its mass; cups and jaws ride on their carriers."""
    body, sliding = _split(gripper)
    moved = CUP_MASS_SHARE * gripper.mass_kg if gripper.cups is not None else 0.0
    if gripper.jaws is not None:
        moved = 2 * gripper.jaws.mass_kg
    parts = _shared("gripper", body, max(gripper.mass_kg - moved, 0.0), None)
    for carrier, (kind, solids) in enumerate(sliding):
        # half of a sliding part's mass is its carrier's: Bullet needs a link that weighs something
        parts += _shared(kind, solids, moved / (2 * len(sliding)), carrier)
    parts += [Mounted("rig", s, RIG_DENSITY_KG_M3 * _volume(s), None) for s in rig]
    return tuple(parts)


def _split(
    gripper: GripperModel,
) -> tuple[list[Solid], list[tuple[PartKind, list[Solid]]]]:
    body = list(gripper.solids)
    if gripper.cups is not None:
        T_tcp_flange = invert(gripper.T_flange_tcp)
        lips = transform(gripper.T_flange_tcp, gripper.cups.centers_m)
        drawn = [s for s in body if _front_gap(s, lips) < NEAR_LIP_M]
        body = [s for s in body if not any(s is d for d in drawn)]
        cups = [s.moved(T_tcp_flange) for s in drawn] or _plain_cups(gripper.cups)
        return body, [("cup", cups)]
    jaws: Jaws | None = gripper.jaws
    return body, [("jaw", list(solids)) for solids in (jaws.solids if jaws is not None else ())]


def _front_gap(solid: Solid, lips: Floats) -> float:
    """Least distance of a lip's centre from the centres of the solid's two z faces."""
    half = solid.size_m[2] / 2
    faces = transform(solid.T_parent_solid, [[0.0, 0.0, half], [0.0, 0.0, -half]])
    return float(np.linalg.norm(lips[:, None] - faces[None], axis=-1).min())


def _plain_cups(cups: Cups) -> list[Solid]:
    size = np.array([2 * cups.radius_m, 2 * cups.radius_m, CUP_BODY_M])
    back = np.array([0.0, 0.0, -CUP_BODY_M / 2])
    return [
        Solid(f"gripper.cup.{i}", "cylinder", size, translation(p + back), "rubber")
        for i, p in enumerate(cups.centers_m)
    ]


def _shared(
    kind: PartKind, solids: list[Solid], mass_kg: float, carrier: int | None
) -> list[Mounted]:
    total = sum(_volume(s) for s in solids)
    return [Mounted(kind, s, mass_kg * _volume(s) / total, carrier) for s in solids]


def _volume(solid: Solid) -> float:
    box = float(np.prod(solid.size_m))
    return box * {"box": 1.0, "cylinder": np.pi / 4, "sphere": np.pi / 6}[solid.shape]
