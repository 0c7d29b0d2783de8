"""Where a jaw gripper may close on a cell: TCP on the upper end, each yaw, the least opening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, translation
from cellpick.geometry.solids import ConvexShapes, separation, support
from cellpick.grasping.bodies import (
    SIGMAS,
    Parts,
    cell_solids,
    joined,
    parts_of,
    position_sigma,
    repeated,
)
from cellpick.grasping.candidates import HORIZON_M, Candidates, top_down_poses
from cellpick.structures import CellEstimates, CellModel, Jaws

YAW_STEPS = 72
"""Yaws tried on a cell that turns freely, 5 degrees apart; a box gets its four sides."""
SPARE_M = 0.0005
"""Least gap between an open jaw and the cell it goes down beside, predicted error taken off."""
_OPENINGS = 25


def jaw_parts(jaws: Jaws, opening_m: Floats) -> Parts:
    """The jaws (m, b) in the TCP frame, swept from their smallest travel to `opening_m` (m,).

    Exact for boxes that are square to the TCP and for upright cylinders, else a little too large.
    """
    low = float(jaws.opening_m[0])
    reach, middle = np.maximum(opening_m - low, 0.0) / 2, (opening_m + low) / 2
    return joined(
        *(
            _moved(parts_of(solids), sign * middle, reach)
            for solids, sign in zip(jaws.solids, (1.0, -1.0), strict=True)
        )
    )


def _moved(parts: Parts, offset_m: Floats, reach_m: Floats) -> Parts:
    """Bodies (m, b) moved along x by `offset_m` (m,) and swept by `reach_m` (m,) both ways."""
    many = repeated(parts, len(offset_m))
    half = many.shapes.half + reach_m[:, None, None] * np.abs(many.poses[..., 0, :3])
    shift = translation(offset_m[:, None] * np.array([1.0, 0.0, 0.0]))
    shapes = ConvexShapes(half, many.shapes.disc, many.shapes.ball)
    return Parts(parts.names, shapes, shift[:, None] @ many.poses)


def jaw_candidates(
    estimates: CellEstimates,
    cell: CellModel,
    jaws: Jaws,
    body: Parts,
    rows: NDArray[np.int64],
    end: int,
) -> tuple[Candidates, dict[int, str]]:
    """Candidates of the cells `rows`, whose `end` is up, and why the others of them have none.

    Each opens the jaws just as far as the cell's predicted error asks; `body` are the gripper's
    own fixed bodies. Clearance is that of the open jaws and the body to the cell itself.
    """
    steps = YAW_STEPS if cell.turns_freely else 4
    k = steps // 2 if _same_turned(joined(body, *map(parts_of, jaws.solids))) else steps
    yaws = np.arange(k, dtype=np.float64) * (2 * np.pi / steps)
    Ts = top_down_poses(np.full(k, end), yaws, np.zeros((k, 2)), np.full(k, cell.height_m / 2))
    openings = np.linspace(jaws.opening_m[0], jaws.opening_m[1], _OPENINGS)
    own = _gaps_to_cell(Ts, cell, jaws, openings)
    above = _gap_to_cell(Ts, cell, repeated(body, k))
    grips = (own[:, 0] <= 0) & (above >= 0)
    wanted = SIGMAS * position_sigma(estimates)[rows] + SPARE_M
    enough = own[None] >= wanted[:, None, None]
    works = enough.any(axis=-1) & grips
    first = enough.argmax(axis=-1)
    cell_at, yaw_at = np.nonzero(works)
    opening_at = first[cell_at, yaw_at]
    spare = own[yaw_at, opening_at] - wanted[cell_at] + SPARE_M
    table = Candidates(
        rows[cell_at],
        Ts[yaw_at],
        openings[opening_at],
        np.minimum(np.minimum(spare, above[yaw_at]), HORIZON_M),
        np.zeros(len(cell_at)),
    )
    without = rows[~works.any(axis=1)].tolist()
    return table, {row: _why_not(own, above, grips, jaws) for row in without}


def _same_turned(parts: Parts) -> bool:
    """Whether half a turn about the TCP's z maps the gripper onto itself.

    Compares how far each body reaches along a spread of directions; two convex bodies that reach
    equally far everywhere are the same.
    """
    angle = np.arange(40) * (np.pi * (3 - np.sqrt(5)))
    z = np.linspace(-0.97, 0.97, 40)
    flat = np.sqrt(1 - z * z)
    n = np.stack([flat * np.cos(angle), flat * np.sin(angle), z], axis=-1)
    reaches = []
    for directions in (n, n * np.array([-1.0, -1.0, 1.0])):
        local = directions @ parts.poses[:, :3, :3]
        center = (directions @ parts.poses[:, :3, 3:])[..., 0]
        reaches.append(center + support(parts.shapes[:, None], local))
    same = np.abs(reaches[0][:, None] - reaches[1][None]).max(axis=-1) < 1e-6
    return bool(same.any(axis=1).all())


def _gaps_to_cell(Ts_cell_tcp: Floats, cell: CellModel, jaws: Jaws, openings: Floats) -> Floats:
    """Distance (k, o) of the jaws, not swept, to the cell, at poses (k, 4, 4) and openings (o,)."""
    k, o = len(Ts_cell_tcp), len(openings)
    opening = np.tile(openings, k)
    at_rest = [
        _moved(parts_of(side), sign * opening, np.zeros(k * o))
        for side, sign in zip(jaws.solids, (1.0, -1.0), strict=True)
    ]
    return _gap_to_cell(np.repeat(Ts_cell_tcp, o, axis=0), cell, joined(*at_rest)).reshape(k, o)


def _gap_to_cell(Ts_cell_tcp: Floats, cell: CellModel, parts: Parts) -> Floats:
    """Distance (m,) of gripper bodies (m, b) at TCP poses (m, 4, 4) to the cell's bodies."""
    solids = parts_of(cell_solids(cell))
    result: Floats = separation(
        parts.shapes[:, :, None],
        (Ts_cell_tcp[:, None] @ parts.poses)[:, :, None],
        solids.shapes[None, None],
        solids.poses[None, None],
        horizon_m=HORIZON_M,
    ).min(axis=(1, 2))
    return result


def _why_not(own: Floats, above: Floats, grips: NDArray[np.bool_], jaws: Jaws) -> str:
    if (above < 0).all():
        return f"the gripper's body would sink {-1e3 * above.max():.1f} mm into the cell"
    if not grips.any():
        return "the jaws close without touching the cell"
    widest = 1e3 * float(jaws.opening_m[1])
    return (
        f"open by {widest:.1f} mm, the jaws leave {1e3 * own[grips, -1].max():.1f} mm beside the "
        "cell, less than its predicted error"
    )


def spread(
    table: Candidates, gap_m: Floats, own_margin_m: Floats, cell: CellModel, jaws: Jaws
) -> Candidates:
    """Open each candidate's jaws to the middle between the cell and its surroundings.

    `gap_m` (m,) is the distance to the surroundings at the present opening, predicted errors taken
    off; it shrinks by no more than the jaws open. `own_margin_m` (m,) is the predicted error.
    """
    room = float(jaws.opening_m[1]) - table.opening_m
    more = np.clip((gap_m - table.clearance_m) / 2, 0.0, np.maximum(room, 0.0))
    sides = (
        _moved(parts_of(side), sign * (table.opening_m + more), np.zeros(len(table)))
        for side, sign in zip(jaws.solids, (1.0, -1.0), strict=True)
    )
    own = _gap_to_cell(table.Ts_cell_tcp, cell, joined(*sides)) - own_margin_m
    return replace(
        table, opening_m=table.opening_m + more, clearance_m=np.minimum(own, gap_m - more)
    )
