"""Draws one concrete scene: where tray and cells truly stand, which cells are turned."""

from __future__ import annotations

import string

import numpy as np

from cellpick.geometry import Floats, pose, rotation_z
from cellpick.scene.arrangement import filled_pockets
from cellpick.scene.faults import Fault
from cellpick.scene.fixtures import tray_solids
from cellpick.scene.foreign import lay_foreign
from cellpick.scene.heap import dropped_cells
from cellpick.scene.laying import cradles, pads, standing, turned_about
from cellpick.scene.marks import mark_decals
from cellpick.scene.models import SceneModels, recess_m
from cellpick.scene.odd import lifts, made_odd
from cellpick.scene.overlap import Bodies, bodies_of, pairs, separations
from cellpick.scene.state import SceneState
from cellpick.structures import Solid

MM = 1e-3
SERIAL_SIGNS = string.digits + "ABCDEFGHJKLMNPQRSTUVWXYZ"
SERIAL_LENGTH = 6
TOUCH_M = 1e-9
"""Bodies whose gap is short of 0 by less than this touch: rounding, not overlap."""
JITTER_STEP = 0.7
JITTER_ROUNDS = 60


def draw_scene(models: SceneModels, rng: np.random.Generator) -> SceneState:
    """One concrete scene; the same generator state gives the same scene, bit for bit.

    Each purpose has a child stream of its own, so that more cells leave the tray's place unchanged.
    Cells of a heap hang above the bin: the world lets them fall (`world.pour`), and what is foreign
    is laid on them then.
    """
    tray_rng, cell_rng, turn_rng, serial_rng, heap_rng = rng.spawn(5)
    tray, n = models.spec.tray, models.cell_count
    shift = tray_rng.uniform(-1, 1, 3) * np.array(
        [tray.position_error_mm * MM, tray.position_error_mm * MM, np.radians(tray.yaw_error_deg)]
    )
    T_world_tray = models.T_world_tray @ pose(rotation_z(shift[2]), np.append(shift[:2], 0.0))
    turned = np.zeros(n, dtype=bool)
    turned[turn_rng.permutation(n)[: turned_count(models)]] = True
    serials = _serials(serial_rng, n)
    if tray.arrangement == "heap":
        attitude, aside = heap_rng.normal(size=(n, 4)), heap_rng.uniform(-1, 1, (n, 2))
        cells = dropped_cells(models, attitude, aside)
        return _state(models, T_world_tray, cells, [], serials)
    jitter = cell_rng.uniform(-1, 1, (n, 5)) * _jitter_bounds(models)
    jitter *= _fitting_scale(models, jitter)[:, None]
    axes = np.where(turned, turn_rng.integers(3, size=n), -1)
    return lay_foreign(models, _in_pockets(models, T_world_tray, jitter, axes, serials))


def nominal_state(models: SceneModels) -> SceneState:
    """The drawing itself: no jitter, no error of the tray, no cell turned."""
    n = models.cell_count
    serials = tuple(f"N{i:05d}" for i in range(n))
    if models.spec.tray.arrangement == "heap":
        cells = dropped_cells(models, np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)), np.zeros((n, 2)))
        return _state(models, models.T_world_tray, cells, [], serials)
    straight = np.full(n, -1)
    state = _in_pockets(models, models.T_world_tray, np.zeros((n, 5)), straight, serials)
    return lay_foreign(models, state)


def turned_count(models: SceneModels) -> int:
    """Number of turned cells: the share of all, rounded to the nearest."""
    return round(models.spec.tray.turned_share * models.cell_count)


def _jitter_bounds(models: SceneModels) -> Floats:
    """(5,) half-widths of shift x, y in metres, yaw and lean about x, y in radians."""
    jitter = models.spec.tray.jitter
    angles = np.radians([jitter.yaw_deg, jitter.tilt_deg, jitter.tilt_deg])
    return np.concatenate([np.full(2, jitter.position_mm * MM), angles])


def _fitting_scale(models: SceneModels, jitter: Floats) -> Floats:
    """(n,) factors on each cell's jitter, 1 where it fits, so that no two bodies overlap.

    Cells that overlap shrink their jitter together, step by step; without jitter all fit.
    """
    n = len(jitter)
    walls = bodies_of(
        tuple(
            solid
            for solid in tray_solids(
                models.spec.tray, models.cell, recess_m(models.spec, models.cell)
            )
            if solid.name != "tray.floor"
        )
    )
    scale, pocket = np.ones(n), filled_pockets(models.spec.tray)[0]
    for step in range(JITTER_ROUNDS):
        clash = _clashing(models, jitter * scale[:, None], walls)
        if not clash.any():
            break
        in_stack = np.isin(pocket, pocket[clash])
        scale[in_stack] *= JITTER_STEP if step < JITTER_ROUNDS // 2 else 0.0
    return scale


def _clashing(
    models: SceneModels, jitter: Floats, walls: Bodies
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) whether each cell overlaps another one or a wall."""
    n = len(jitter)
    Ts, _ = standing(models, jitter, np.zeros(n))
    half = np.broadcast_to(models.cell.size_m / 2, (n, 3))
    cells = Bodies(Ts, half, np.full(n, models.cell.shape == "cylinder"))
    clash = np.zeros(n, dtype=bool)
    i, j = pairs(n)
    hit = separations(cells.take(i), cells.take(j)) < -TOUCH_M
    clash[i[hit]] = clash[j[hit]] = True
    k, w = np.indices((n, len(walls.Ts))).reshape(2, -1)
    clash[k[separations(cells.take(k), walls.take(w)) < -TOUCH_M]] = True
    return clash


def _in_pockets(
    models: SceneModels,
    T_world_tray: Floats,
    jitter: Floats,
    turned_axes: np.ndarray[tuple[int], np.dtype[np.int64]],
    serials: tuple[str, ...],
) -> SceneState:
    """Cells in their pockets; `turned_axes` (n,) is -1 for a cell that is not turned."""
    lift, block = lifts(models)
    Ts_tray_cell, Ts_tray_pad = standing(models, jitter, lift)
    under = [*pads(models, Ts_tray_pad, block), *cradles(models, Ts_tray_cell)]
    turned = (turned_axes >= 0)[:, None, None]
    Ts_tray_cell = np.where(turned, Ts_tray_cell @ turned_about(models, turned_axes), Ts_tray_cell)
    return _state(models, T_world_tray, made_odd(models, Ts_tray_cell), under, serials)


def _state(
    models: SceneModels,
    T_world_tray: Floats,
    Ts_tray_cell: Floats,
    under: list[Solid],
    serials: tuple[str, ...],
) -> SceneState:
    """The station with cells at (n, 4, 4) in the tray, and with what is `under` them there."""
    spec = models.spec
    tray = [*tray_solids(spec.tray, models.cell, recess_m(spec, models.cell)), *under]
    still = tuple(s for s in models.fixtures if not s.name.startswith("tray."))
    opening = models.gripper.jaws.opening_m[1] if models.gripper.jaws is not None else 0.0
    return SceneState(
        cell=models.cell,
        arm=models.arm,
        gripper=models.gripper,
        rig=models.rig,
        cameras=models.cameras,
        lights=models.lights,
        ambient=spec.ambient,
        materials=models.materials,
        T_world_base=models.T_world_base,
        q=models.park_rad,
        opening_m=float(opening),
        fixtures=(*still, *(s.moved(T_world_tray) for s in tray)),
        T_world_tray=T_world_tray,
        T_world_module=models.T_world_module,
        Ts_module_slot=models.Ts_module_slot,
        Ts_world_cell=T_world_tray @ Ts_tray_cell,
        serials=serials,
        time_s=0.0,
        decals=mark_decals(models.marks),
        faults=tuple(Fault(f.camera, f.kind, f.from_look, f.amount) for f in spec.faults),
    )


def _serials(rng: np.random.Generator, n: int) -> tuple[str, ...]:
    """Unique serial numbers of six signs, without the letters I and O."""
    chosen: dict[str, None] = {}
    while len(chosen) < n:
        signs = rng.integers(len(SERIAL_SIGNS), size=SERIAL_LENGTH)
        chosen["".join(SERIAL_SIGNS[k] for k in signs)] = None
    return tuple(chosen)
