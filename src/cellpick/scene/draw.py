"""Draws one concrete scene: where tray and cells truly stand, which cells are turned."""

from __future__ import annotations

import string

import numpy as np

from cellpick.geometry import Floats, exp_rotation, pose, rotation_z
from cellpick.scene.faults import Fault
from cellpick.scene.fixtures import PAD_M, box, tray_solids
from cellpick.scene.marks import mark_decals
from cellpick.scene.models import SceneModels, recess_m
from cellpick.scene.overlap import Bodies, bodies_of, pairs, separations
from cellpick.scene.state import SceneState
from cellpick.structures import Solid

MM = 1e-3
REST_M = 1e-5
"""Height above the pad that a cell starts at, so that nothing overlaps before gravity acts."""
SERIAL_SIGNS = string.digits + "ABCDEFGHJKLMNPQRSTUVWXYZ"
SERIAL_LENGTH = 6
TOUCH_M = 1e-9
"""Bodies whose gap is short of 0 by less than this touch: rounding, not overlap."""
PAD_SHARE = 0.8
"""A pad's extents as a share of the cell's: a jittered neighbour overhangs its own pad instead."""
JITTER_STEP = 0.7
JITTER_ROUNDS = 60


def draw_scene(models: SceneModels, rng: np.random.Generator) -> SceneState:
    """One concrete scene; the same generator state gives the same scene, bit for bit.

    Each purpose has a child stream of its own, so that more cells leave the tray's place unchanged.
    """
    tray_rng, cell_rng, turn_rng, serial_rng = rng.spawn(4)
    tray, n = models.spec.tray, models.cell_count
    shift = tray_rng.uniform(-1, 1, 3) * np.array(
        [tray.position_error_mm * MM, tray.position_error_mm * MM, np.radians(tray.yaw_error_deg)]
    )
    T_world_tray = models.T_world_tray @ pose(rotation_z(shift[2]), np.append(shift[:2], 0.0))
    turned = np.zeros(n, dtype=bool)
    turned[turn_rng.permutation(n)[: turned_count(models)]] = True
    jitter = cell_rng.uniform(-1, 1, (n, 5)) * _jitter_bounds(models)
    scale = _fitting_scale(models, jitter)
    return _state(models, T_world_tray, jitter * scale[:, None], turned, _serials(serial_rng, n))


def nominal_state(models: SceneModels) -> SceneState:
    """The drawing itself: no jitter, no error of the tray, no cell turned."""
    n = models.cell_count
    serials = tuple(f"N{i:05d}" for i in range(n))
    turned = np.zeros(n, dtype=bool)
    return _state(models, models.T_world_tray, np.zeros((n, 5)), turned, serials)


def turned_count(models: SceneModels) -> int:
    """Number of turned cells: the share of all, rounded to the nearest."""
    return round(models.spec.tray.turned_share * models.cell_count)


def _jitter_bounds(models: SceneModels) -> Floats:
    """(5,) half-widths of shift x, y in metres, yaw and lean about x, y in radians."""
    jitter = models.spec.tray.jitter
    angles = np.radians([jitter.yaw_deg, jitter.tilt_deg, jitter.tilt_deg])
    return np.concatenate([np.full(2, jitter.position_mm * MM), angles])


def _standing(models: SceneModels, jitter: Floats) -> tuple[Floats, Floats]:
    """(n, 4, 4) poses of upright cells and of their pads' top centres, in the tray frame."""
    n = len(jitter)
    lean = np.concatenate([jitter[:, 3:5], np.zeros((n, 1))], axis=1)
    places = np.concatenate([models.p_tray_pocket, np.zeros((n, 1))], axis=1)
    Ts_tray_pad = pose(exp_rotation(lean), places)
    height = np.full((n, 1), models.cell.height_m / 2 + REST_M)
    on_pad = pose(rotation_z(jitter[:, 2]), np.concatenate([jitter[:, :2], height], axis=1))
    return Ts_tray_pad @ on_pad, Ts_tray_pad


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
    scale = np.ones(n)
    for step in range(JITTER_ROUNDS):
        clash = _clashing(models, jitter * scale[:, None], walls)
        if not clash.any():
            break
        scale[clash] *= JITTER_STEP if step < JITTER_ROUNDS // 2 else 0.0
    return scale


def _clashing(
    models: SceneModels, jitter: Floats, walls: Bodies
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) whether each cell overlaps another one or a wall."""
    n = len(jitter)
    Ts, _ = _standing(models, jitter)
    cells = Bodies(
        Ts,
        np.broadcast_to(models.cell.size_m / 2, (n, 3)),
        np.full(n, models.cell.shape == "cylinder"),
    )
    clash = np.zeros(n, dtype=bool)
    i, j = pairs(n)
    hit = separations(cells.take(i), cells.take(j)) < -TOUCH_M
    clash[i[hit]] = clash[j[hit]] = True
    k, w = np.indices((n, len(walls.Ts))).reshape(2, -1)
    clash[k[separations(cells.take(k), walls.take(w)) < -TOUCH_M]] = True
    return clash


def _state(
    models: SceneModels,
    T_world_tray: Floats,
    jitter: Floats,
    turned: np.ndarray[tuple[int], np.dtype[np.bool_]],
    serials: tuple[str, ...],
) -> SceneState:
    Ts_tray_cell, Ts_tray_pad = _standing(models, jitter)
    half_turn = np.diag([-1.0, -1.0, 1.0, 1.0])
    if models.cell.shape == "cylinder":
        half_turn = np.diag([1.0, -1.0, -1.0, 1.0])
    Ts_tray_cell = np.where(turned[:, None, None], Ts_tray_cell @ half_turn, Ts_tray_cell)
    spec = models.spec
    tray = [
        *tray_solids(spec.tray, models.cell, recess_m(spec, models.cell)),
        *_pads(models, Ts_tray_pad),
    ]
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


def _pads(models: SceneModels, Ts_tray_pad: Floats) -> list[Solid]:
    """A thin plate under each cell, small enough that no neighbour stands on its edge."""
    x, y = PAD_SHARE * models.cell.size_m[:2] / 2
    plate = box("pad", np.array([-x, -y, -PAD_M]), np.array([x, y, 0.0]), "tray_plastic")
    pads = []
    for i, T in enumerate(Ts_tray_pad):
        moved = plate.moved(T)
        pads.append(
            Solid(f"tray.pad.{i}", "box", moved.size_m, moved.T_parent_solid, "tray_plastic")
        )
    return pads


def _serials(rng: np.random.Generator, n: int) -> tuple[str, ...]:
    """Unique serial numbers of six signs, without the letters I and O."""
    chosen: dict[str, None] = {}
    while len(chosen) < n:
        signs = rng.integers(len(SERIAL_SIGNS), size=SERIAL_LENGTH)
        chosen["".join(SERIAL_SIGNS[k] for k in signs)] = None
    return tuple(chosen)
