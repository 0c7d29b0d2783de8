"""What does not belong among cells: a glove, a screwdriver, a hex key; sizes are assumed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.geometry import Floats, pose, rotation_z, translation
from cellpick.scene.arrangement import Z_ALONG_X
from cellpick.scene.fixtures import box
from cellpick.scene.models import SceneModels
from cellpick.scene.overlap import Bodies, bodies_of, separations
from cellpick.scene.state import SceneState, StrayObject
from cellpick.structures import Solid

MM = 1e-3
GAP_M = 2e-4
"""Gap between a foreign object and what it lies on: it never moves, and so must not press."""
STEP_M = 2e-4
"""Steps in which it is let down."""


def lay_foreign(models: SceneModels, state: SceneState) -> SceneState:
    """The scene with its foreign objects, each laid level on the highest thing beneath it.

    They are fixtures: nothing moves them.
    """
    for number, foreign in enumerate(models.spec.foreign):
        solids = foreign_solids(foreign.kind)
        x, y = np.multiply(foreign.position_mm, MM)
        turn = pose(rotation_z(np.radians(foreign.yaw_deg)), np.array([x, y, 0.0]))
        T_world_object = state.T_world_tray @ turn
        T_world_object = _let_down(state, solids, T_world_object)
        placed = tuple(
            Solid(
                f"foreign.{number}.{s.name}",
                s.shape,
                s.size_m,
                T_world_object @ s.T_parent_solid,
                s.material,
            )
            for s in solids
        )
        low, high = _bounds(solids)
        T_world_box = T_world_object @ translation((low + high) / 2)
        stray = StrayObject(foreign.kind, T_world_box, high - low)
        state = replace(state, fixtures=(*state.fixtures, *placed), foreign=(*state.foreign, stray))
    return state


def foreign_solids(kind: str) -> tuple[Solid, ...]:
    """The parts of one foreign object; origin in the middle of its underside, +z up."""
    return {"glove": _glove, "screwdriver": _screwdriver, "hex_key": _hex_key}[kind]()


def _glove() -> tuple[Solid, ...]:
    palm = box("palm", np.array([-0.05, -0.045, 0]), np.array([0.05, 0.045, 0.024]), "glove_orange")
    cuff = box("cuff", np.array([-0.11, -0.04, 0]), np.array([-0.05, 0.04, 0.02]), "glove_orange")
    fingers = [
        _rod(f"finger.{i}", 0.022, (0.05, 0.05 + length), y, 0.011, "glove_orange")
        for i, (y, length) in enumerate(
            zip((-0.033, -0.011, 0.011, 0.033), (0.055, 0.07, 0.075, 0.065), strict=True)
        )
    ]
    thumb = _rod("thumb", 0.024, (-0.035, 0.035), 0.0, 0.012, "glove_orange")
    beside = pose(rotation_z(0.8), np.array([0.005, 0.062, 0.0]))
    return (palm, cuff, *fingers, thumb.moved(beside))


def _screwdriver() -> tuple[Solid, ...]:
    return (
        _rod("handle", 0.032, (-0.11, -0.01), 0.0, 0.016, "handle_red"),
        _rod("shaft", 0.006, (-0.01, 0.105), 0.0, 0.016, "coated_steel"),
        box("blade", np.array([0.1, -0.004, 0.0155]), np.array([0.115, 0.004, 0.0165]), "steel"),
    )


def _hex_key() -> tuple[Solid, ...]:
    short = _rod("short", 0.006, (0.0, 0.032), 0.0, 0.003, "coated_steel")
    turned = short.moved(pose(rotation_z(np.pi / 2), np.array([0.045, 0.0, 0.0])))
    return (_rod("long", 0.006, (-0.055, 0.048), 0.0, 0.003, "coated_steel"), turned)


def _rod(
    name: str, diameter: float, x: tuple[float, float], y: float, z: float, material: str
) -> Solid:
    """A cylinder along x."""
    T = pose(Z_ALONG_X, np.array([(x[0] + x[1]) / 2, y, z]))
    return Solid(name, "cylinder", np.array([diameter, diameter, x[1] - x[0]]), T, material)


def _bounds(solids: tuple[Solid, ...]) -> tuple[Floats, Floats]:
    """Lowest and highest corner (3,) of a box round all parts."""
    parts = bodies_of(solids)
    reach = np.abs(parts.Ts[:, :3, :3]) @ parts.half_m[:, :, None]
    p, half = parts.Ts[:, :3, 3], reach[..., 0]
    return (p - half).min(axis=0), (p + half).max(axis=0)


def _let_down(state: SceneState, solids: tuple[Solid, ...], T_world_object: Floats) -> Floats:
    """The pose (4, 4) lowered from above all cells until the object would touch something."""
    things = _things(state)
    tops = things.Ts[:, 2, 3] + np.abs(things.Ts[:, 2, :3] * things.half_m).sum(axis=1)
    parts = bodies_of(tuple(s.moved(T_world_object) for s in solids))
    i, j = np.indices((len(parts.Ts), len(things.Ts))).reshape(2, -1)
    one, other = parts.take(i), things.take(j)
    drop = float(tops.max()) - float(T_world_object[2, 3]) + GAP_M
    lowest = 0.0
    for height in np.arange(drop, -STEP_M, -STEP_M):
        raised = Bodies(translation([0.0, 0.0, height]) @ one.Ts, one.half_m, one.round_)
        if (separations(raised, other) < GAP_M).any():
            lowest = float(height) + STEP_M
            break
    result: Floats = translation([0.0, 0.0, lowest]) @ T_world_object
    return result


def _things(state: SceneState) -> Bodies:
    """Cells with what stands out of them, the tray, and what lies on it already."""
    cell = state.cell
    parts = [Solid("case", cell.solid_shape, cell.size_m)]
    parts += [cell.raised_solid(f) for f in cell.features if f.height_m > 0]
    solids = [part.moved(T) for T in state.Ts_world_cell for part in parts]
    solids += [s for s in state.fixtures if s.name.startswith(("tray.", "foreign."))]
    return bodies_of(tuple(solids))
