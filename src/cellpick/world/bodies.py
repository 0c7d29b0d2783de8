"""Fixtures and cells as physics bodies."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.geometry import Floats
from cellpick.structures import CellModel, Solid
from cellpick.world.client import to_bullet
from cellpick.world.groups import CELL, CELL_MEETS, FIXTURE, FIXTURE_MEETS

RESTITUTION = 0.05
"""Cells hardly bounce on plastic; assumed."""
ROLLING_FRICTION_M = 1e-4
"""Rolling resistance of a cell that was lost, as a lever arm; assumed."""
HEAP_FRICTION_M = 5e-4
"""Rolling resistance of a cell on cells, as a lever arm; assumed."""
HEAP_DAMPING = 5.0
"""Cells of a heap fall at 1 m/s at most with it, as from a hand; it moves none at rest."""
HEAPED_M_S, HEAPED_RAD_S = 0.001, 0.1
"""Cells of a heap slower than this have come to rest."""
CORE_SHARE = 0.97
"""Width of the flat-ended core inside a cylinder's round body."""
CORE_STEP_M = 1e-4
"""How far the core stands out of the round body's two ends."""


SLEEP_M2_S2 = 4e-6
"""Bullet freezes a cell whose squared speeds stay below this for two seconds, until one touches it
that moves."""


def add_fixture(client: Any, solid: Solid) -> int:
    """A body that never moves, with friction 1, so that the cell's own coefficient rules."""
    position, orientation = to_bullet(solid.T_parent_solid)
    body = int(
        client.createMultiBody(
            baseMass=0,
            baseCollisionShapeIndex=_shape(client, solid),
            basePosition=position,
            baseOrientation=orientation,
        )
    )
    client.changeDynamics(body, -1, lateralFriction=1.0, restitution=1.0)
    client.setCollisionFilterGroupMask(body, -1, FIXTURE, FIXTURE_MEETS)
    return body


def rigid_cell(client: Any, cell: CellModel, shape: int, T_world_cell: Floats) -> int:
    """A body of a collision shape with a cell's mass, inertia and friction."""
    position, orientation = to_bullet(T_world_cell)
    body = int(
        client.createMultiBody(
            baseMass=cell.mass_kg,
            baseCollisionShapeIndex=shape,
            basePosition=position,
            baseOrientation=orientation,
        )
    )
    client.changeDynamics(
        body,
        -1,
        localInertiaDiagonal=inertia(cell).tolist(),
        lateralFriction=cell.friction,
        restitution=RESTITUTION,
    )
    return body


def add_cell(client: Any, cell: CellModel, T_world_cell: Floats) -> int:
    """A rigid homogeneous cell; its centre of mass is the centre of its case."""
    body = rigid_cell(client, cell, _cell_shape(client, cell), T_world_cell)
    client.changeDynamics(body, -1, linearDamping=0.0, angularDamping=0.0)
    # Bullet's friction lets a cell on a tilted pad creep by 10 um/s: one at rest must stay
    client.changeDynamics(
        body,
        -1,
        activationState=client.ACTIVATION_STATE_ENABLE_SLEEPING,
        sleepThreshold=SLEEP_M2_S2,
    )
    client.setCollisionFilterGroupMask(body, -1, CELL, CELL_MEETS)
    return body


def let_roll_out(client: Any, body: int) -> None:
    """Give a loose cell its rolling resistance: three more equations a contact, so only to it."""
    client.changeDynamics(body, -1, rollingFriction=ROLLING_FRICTION_M)


def heap_up(client: Any, body: int) -> None:
    """Give a cell what cells that lie on each other in a heap have: they stick, and roll little.

    The damping slows what Bullet's contacts keep stirring, and a cell that falls through air.
    """
    client.changeDynamics(
        body,
        -1,
        rollingFriction=HEAP_FRICTION_M,
        spinningFriction=HEAP_FRICTION_M,
        linearDamping=HEAP_DAMPING,
        angularDamping=HEAP_DAMPING,
    )


def inertia(cell: CellModel) -> Floats:
    """Principal moments (3,) in kg m^2 of a homogeneous box or cylinder."""
    x, y, z = cell.size_m**2
    if cell.solid_shape == "box":
        return cell.mass_kg / 12 * np.array([y + z, x + z, x + y])
    side = cell.mass_kg * (3 * x / 4 + z) / 12
    return np.array([side, side, cell.mass_kg * x / 8])


def _cell_shape(client: Any, cell: CellModel) -> int:
    solids = _case(cell)
    solids += [cell.raised_solid(f) for f in cell.features if f.height_m > 0]
    poses = [to_bullet(s.T_parent_solid) for s in solids]
    return int(
        client.createCollisionShapeArray(
            shapeTypes=[
                client.GEOM_BOX if s.shape == "box" else client.GEOM_CYLINDER for s in solids
            ],
            halfExtents=[(s.size_m / 2).tolist() for s in solids],
            radii=[float(s.size_m[0] / 2) for s in solids],
            lengths=[float(s.size_m[2]) for s in solids],
            collisionFramePositions=[p for p, _ in poses],
            collisionFrameOrientations=[q for _, q in poses],
        )
    )


def _case(cell: CellModel) -> list[Solid]:
    """A box; or a round body with two boxes inside that give it firm flat ends.

    Bullet's cylinder standing on a box sinks by a millimetre and slides below its friction angle;
    box on box does neither, and the round body still meets everything that comes from the side.
    """
    if cell.solid_shape == "box":
        return [Solid("case", "box", cell.size_m)]
    d, _, h = cell.size_m
    width = CORE_SHARE * d / np.sqrt(2)
    core = np.array([width, width, h])
    turned = np.eye(4)
    turned[:2, :2] = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    return [
        Solid("case", "cylinder", np.array([d, d, h - 2 * CORE_STEP_M])),
        Solid("core.0", "box", core),
        Solid("core.1", "box", core, turned),
    ]


def _shape(client: Any, solid: Solid) -> int:
    x, y, z = solid.size_m.tolist()
    if solid.shape == "box":
        return int(client.createCollisionShape(client.GEOM_BOX, halfExtents=[x / 2, y / 2, z / 2]))
    if solid.shape == "cylinder":
        return int(client.createCollisionShape(client.GEOM_CYLINDER, radius=x / 2, height=z))
    return int(client.createCollisionShape(client.GEOM_SPHERE, radius=x / 2))
