"""Refuses a gripper that cannot hold the cell, or finds no room on it or beside it."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, pose, rotation_z, translation
from cellpick.scene.fixtures import module_solids, tray_solids
from cellpick.scene.models import SceneModels
from cellpick.scene.overlap import Bodies, bodies_of, separations
from cellpick.structures import CellModel, Cups, Jaws, Solid

GRAVITY_M_S2 = 9.81
CARRY_M_S2 = 3.0
"""Acceleration of a carried cell that a gripper must stand; assumed."""
SAFETY = {"vacuum": 1.5, "jaws": 2.0}
"""Usual factors of catalogues: 1.5 for suction on smooth, dense parts, 2 for a friction grip."""
EDGE_M = 0.5e-3
"""Room that a cup's rim needs to every edge, terminal and vent."""
JAW_ROOM_M = 0.5e-3
"""Room that an open jaw needs to the cell that it goes down beside."""
OPENING_STEP_M = 0.1e-3
NEAR_SIZES = 2.5
"""Neighbours farther than this many cell sizes cannot meet a jaw."""


def check_grip(models: SceneModels) -> None:
    """That cells stand upright, then force, then room; nothing where cells are only looked at."""
    if models.spec.purpose == "pick":
        _check_all(models)


def grip_problem(models: SceneModels) -> str:
    """Why the gripper could not pick the scene's cells, in words; "" where nothing speaks
    against it."""
    try:
        _check_all(models)
    except InputError as error:
        return str(error)
    return ""


def _check_all(models: SceneModels) -> None:
    if models.spec.tray.arrangement != "upright":
        raise InputError(
            f"{models.gripper.name} picks upright cells alone",
            source=models.spec.source,
            key="tray.arrangement",
            got=models.spec.tray.arrangement,
            accepted="upright, or purpose: look",
        )
    _check_force(models)
    if models.gripper.cups is not None:
        _check_cups(models, models.gripper.cups)
    if models.gripper.jaws is not None:
        _check_jaws(models, models.gripper.jaws)


def holding_force_n(models: SceneModels) -> float:
    """Largest weight that the gripper holds: pressure times area, or friction of two jaws."""
    cups, jaws = models.gripper.cups, models.gripper.jaws
    vacuum = len(cups.centers_m) * np.pi * cups.radius_m**2 * cups.vacuum_pa if cups else 0.0
    friction = 2 * jaws.friction * jaws.force_n if jaws else 0.0
    return float(vacuum + friction)


def _check_force(models: SceneModels) -> None:
    kind, mass = models.gripper.kind, models.cell.mass_kg
    need = SAFETY[kind] * mass * (GRAVITY_M_S2 + CARRY_M_S2)
    force = holding_force_n(models)
    if force < need:
        raise InputError(
            f"too weak for {models.cell.name} of {mass:g} kg",
            source=models.sources["gripper"],
            key="cups" if models.gripper.cups is not None else "jaws",
            got=f"{models.gripper.name} holds {force:.1f} N",
            accepted=f"at least {need:.1f} N = {SAFETY[kind]:g} x {mass:g} kg x "
            f"({GRAVITY_M_S2:g} + {CARRY_M_S2:g}) m/s^2",
        )


def _check_cups(models: SceneModels, cups: Cups) -> None:
    cell = models.cell
    room = cup_room_m(cell, cups)
    if room < EDGE_M:
        raise InputError(
            f"no room for the cups on {cell.name} between terminals, vent and edges",
            source=models.sources["gripper"],
            key="cups",
            got=f"{models.gripper.name}: cups of {cups.radius_m * 1e3:g} mm radius, "
            f"{(EDGE_M - room) * 1e3:.1f} mm too large or too near",
            accepted=f"{EDGE_M * 1e3:g} mm of flat face round every cup",
        )


def cup_room_m(cell: CellModel, cups: Cups) -> float:
    """Least distance from any cup's rim to a terminal, the vent, a raised part or the edge.

    The best over places of the TCP on the face, along x in steps of 1 mm and on the middle of y.
    """
    span = cell.size_m[0] / 2
    shifts = np.arange(-span, span + 1e-9, 1e-3)
    centers = cups.centers_m[None, :, :2] + np.stack([shifts, 0 * shifts], axis=-1)[:, None]
    if cell.shape != "cylinder":
        edge = (cell.size_m[:2] / 2 - cell.rim_radius_m - np.abs(centers)).min(axis=-1)
    else:
        edge = cell.size_m[0] / 2 - cell.rim_radius_m - np.linalg.norm(centers, axis=-1)
    room = edge
    for f in cell.features:
        if f.face == "+z" and (f.kind in ("terminal", "vent") or f.height_m > 0):
            offset = np.abs(centers - f.center_m)
            if f.outline in ("disc", "ring"):
                far = np.linalg.norm(offset, axis=-1) - f.size_m[0] / 2
            else:
                far = np.linalg.norm(np.clip(offset - f.size_m / 2, 0, None), axis=-1)
            room = np.minimum(room, far)
    return float((room.min(axis=1) - cups.radius_m).max())


def _check_jaws(models: SceneModels, jaws: Jaws) -> None:
    name, cell = models.gripper.name, models.cell
    touch = closing_travel_m(cell, jaws)
    low, high = jaws.opening_m
    if not low < touch <= high - JAW_ROOM_M:
        wide = "do not open wide enough" if np.isinf(touch) else f"meet it at {touch * 1e3:.1f} mm"
        raise InputError(
            f"the jaws do not fit {cell.name}",
            source=models.sources["gripper"],
            key="jaws.opening_mm",
            got=f"{name}: they {wide}",
            accepted=f"to meet it above {low * 1e3:g} and up to {(high - JAW_ROOM_M) * 1e3:g} mm",
        )
    spec = models.spec
    stations = (
        ("tray.gap_mm", spec.tray.gap_mm, tray_solids(spec.tray, cell, 0.0), models.p_tray_pocket),
        (
            "module.wall_thickness_mm",
            spec.module.wall_thickness_mm,
            module_solids(spec.module, cell),
            models.Ts_module_slot[:, :2, 3],
        ),
    )
    for key, got, walls, places in stations:
        room = neighbour_room_m(cell, jaws, touch + JAW_ROOM_M, tuple(walls), places)
        if room < 0:
            raise InputError(
                "the jaws do not fit between neighbouring cells and walls",
                source=spec.source,
                key=key,
                got=got,
                accepted=f"about {-room * 1e3:.1f} mm more room for {name}, or lower walls",
            )


def closing_travel_m(cell: CellModel, jaws: Jaws) -> float:
    """Travel at which closing jaws meet a cell; infinite when it is too thick for them."""
    body = _cell_bodies(cell, np.zeros((1, 2)))
    for travel in np.arange(0.0, jaws.opening_m[1] + 1e-9, OPENING_STEP_M):
        moved = _open(jaws, float(travel))
        if separations(moved, body.take(np.zeros(len(moved.Ts), dtype=np.int64))).min() >= 0:
            return float(travel)
    return float("inf")


def neighbour_room_m(
    cell: CellModel, jaws: Jaws, travel_m: float, walls: tuple[Solid, ...], places: Floats
) -> float:
    """Least gap between open jaws and all that stands round a cell, at the best of eight turns.

    Looked at for the first, the middle and the last of `places` (n, 2); `walls` are in the same
    frame, whose z = 0 the cells stand on. Infinite when nothing is near.
    """
    jaw = _open(jaws, travel_m)
    rooms = []
    for k in sorted({0, len(places) // 2, len(places) - 1}):
        others = _surroundings(cell, walls, places, k)
        i, j = np.indices((len(jaw.Ts), len(others.Ts))).reshape(2, -1)
        turns = pose(rotation_z(np.arange(8) * np.pi / 4), np.zeros(3))
        by_turn = [
            separations(Bodies(T @ jaw.Ts, jaw.half_m, jaw.round_).take(i), others.take(j)).min()
            for T in turns
        ]
        rooms.append(max(by_turn))
    return float(min(rooms))


def _surroundings(cell: CellModel, walls: tuple[Solid, ...], places: Floats, k: int) -> Bodies:
    """Walls and near neighbours of the cell at `places[k]`, from the middle of its top."""
    offset = np.delete(places, k, axis=0) - places[k]
    near = offset[np.linalg.norm(offset, axis=1) < NEAR_SIZES * cell.size_m[:2].max()]
    cells = _cell_bodies(cell, near)
    T = translation([-places[k, 0], -places[k, 1], -cell.height_m])
    fixed = bodies_of(tuple(wall.moved(T) for wall in walls))
    return Bodies(
        np.concatenate([fixed.Ts, cells.Ts]),
        np.concatenate([fixed.half_m, cells.half_m]),
        np.concatenate([fixed.round_, cells.round_]),
    )


def _open(jaws: Jaws, travel_m: float) -> Bodies:
    """Both jaws at a travel, in a frame at the middle of the cell's top with +z up."""
    flip = np.diag([1.0, -1.0, -1.0, 1.0])
    solids: list[Solid] = []
    for sign, jaw in zip((1.0, -1.0), jaws.solids, strict=True):
        T: Floats = flip @ translation([sign * travel_m, 0.0, 0.0])
        solids += [solid.moved(T) for solid in jaw]
    return bodies_of(tuple(solids))


def _cell_bodies(cell: CellModel, places: Floats) -> Bodies:
    n = len(places)
    Ts = translation(np.column_stack([places, np.full(n, -cell.height_m / 2)]))
    half = np.broadcast_to(cell.size_m / 2, (n, 3))
    return Bodies(Ts, half, np.full(n, cell.shape == "cylinder"))
