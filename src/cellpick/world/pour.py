"""Lets the cells of a heap fall into their bin: a world of its own, without arm and time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cellpick.errors import CellpickError
from cellpick.geometry import Floats, translation
from cellpick.scene.state import SceneState
from cellpick.structures import Solid
from cellpick.world.bodies import (
    CORE_STEP_M,
    HEAPED_M_S,
    HEAPED_RAD_S,
    add_fixture,
    heap_up,
    rigid_cell,
)
from cellpick.world.client import connect, from_bullet
from cellpick.world.groups import CELL, CELL_MEETS

GUIDE_M = 3.0
"""Height of the chute that guides falling cells; it stands on the bin's walls while they fall."""
REST_S = 0.2
"""A heap rests when all cells have been slow for so long."""
LONGEST_S = 20.0
"""A heap that has not come to rest by then never will."""


class PourError(CellpickError):
    """A heap did not come to rest."""

    exit_code = 1


def pour(state: SceneState) -> SceneState:
    """The scene with its cells, which hang above the bin, fallen into it and at rest.

    A `World` of it takes `World.settle_heap`, as its cells are not quite these bodies.

    No time passes. The same scene gives the same heap, bit for bit. Raises `PourError` where cells
    do not come to rest.
    """
    client = connect()
    try:
        for solid in (*state.fixtures, *_chute(state)):
            add_fixture(client, solid)
        shape = _case_shape(client, state)
        cells = [_falling(client, state, shape, T) for T in state.Ts_world_cell]
        _until_rest(client, cells)
        poses = [from_bullet(client, *client.getBasePositionAndOrientation(b)) for b in cells]
    finally:
        client.disconnect()
    return replace(state, Ts_world_cell=np.array(poses).reshape(-1, 4, 4))


def _chute(state: SceneState) -> list[Solid]:
    """The bin's walls once more, on top of themselves and far higher."""
    chute = []
    for wall in state.fixtures:
        if wall.name.startswith("tray.wall."):
            up = (wall.size_m[2] + GUIDE_M) / 2
            T = translation([0.0, 0.0, up]) @ wall.T_parent_solid
            size = np.array([*wall.size_m[:2], GUIDE_M])
            chute.append(Solid(f"chute.{wall.name}", "box", size, T))
    return chute


def _case_shape(client: Any, state: SceneState) -> int:
    """One convex body round the case and all that stands out of it."""
    cell = state.cell
    low, high = -cell.size_m / 2, cell.size_m / 2
    low[2], high[2] = low[2] - CORE_STEP_M, high[2] + CORE_STEP_M
    for feature in cell.features:
        solid, n = cell.raised_solid(feature), feature.axes[2]
        low[n] = min(low[n], solid.T_parent_solid[n, 3] - feature.height_m / 2)
        high[n] = max(high[n], solid.T_parent_solid[n, 3] + feature.height_m / 2)
    size, middle = high - low, ((high + low) / 2).tolist()
    if cell.solid_shape == "box":
        half = (size / 2).tolist()
        return int(
            client.createCollisionShape(
                client.GEOM_BOX, halfExtents=half, collisionFramePosition=middle
            )
        )
    return int(
        client.createCollisionShape(
            client.GEOM_CYLINDER,
            radius=float(size[0]) / 2,
            height=float(size[2]),
            collisionFramePosition=middle,
        )
    )


def _falling(client: Any, state: SceneState, shape: int, T_world_cell: Floats) -> int:
    """A cell as one convex body, so that hundreds of contacts stay cheap."""
    body = rigid_cell(client, state.cell, shape, T_world_cell)
    client.changeDynamics(body, -1, activationState=client.ACTIVATION_STATE_DISABLE_SLEEPING)
    heap_up(client, body)
    client.setCollisionFilterGroupMask(body, -1, CELL, CELL_MEETS)
    return body


def _until_rest(client: Any, cells: list[int]) -> None:
    step_s = float(client.getPhysicsEngineParameters()["fixedTimeStep"])
    calm_s = 0.0
    for _ in range(int(LONGEST_S / step_s)):
        client.stepSimulation()
        velocities = np.array([client.getBaseVelocity(body) for body in cells]).reshape(-1, 2, 3)
        speeds = np.linalg.norm(velocities, axis=2)
        calm_s = calm_s + step_s if (speeds < [HEAPED_M_S, HEAPED_RAD_S]).all() else 0.0
        if calm_s >= REST_S:
            return
    raise PourError(f"the heap did not come to rest within {LONGEST_S:g} s")
