"""Lifts lean off flush neighbours, no more than they say, and go straight where there is room."""

from __future__ import annotations

import numpy as np
import pytest
from motion_stage import ARMS, Stage, stage, tcp_path

from cellpick.geometry import Floats, invert
from cellpick.motion.leaning import DRIFTS_M, ROOM_M

FLUSH = "tray.gap_mm=0"
COLUMNS = 2


def drift(station: Stage, cell: int, cells: Floats | None = None) -> Floats:
    """(2,) how far a lift drifts along the cell's x and y over its height, in metres."""
    rest = {} if cells is None else {"cells": cells}
    plan = station.pick_and_place(cell=cell, slot=0, **rest)
    assert plan.status == "ok", plan.reason
    lift = invert(station.Ts_base_cell[cell]) @ tcp_path(station, plan.moves[2])
    rise = lift[-1, :3, 3] - lift[0, :3, 3]
    np.testing.assert_allclose(lift[:, :3, :3], lift[:1, :3, :3].repeat(len(lift), 0), atol=1e-3)
    result: Floats = rise[:2] / rise[2] * station.recipe.cell.height_m
    return result


@pytest.mark.parametrize("arm", ARMS)
def test_a_lift_with_room_goes_straight(arm: str) -> None:
    np.testing.assert_allclose(drift(stage("prismatic_tray", arm), 4), 0.0, atol=1e-4)


@pytest.mark.parametrize(("cell", "away"), [(0, (-1, -1)), (1, (1, -1)), (10, (-1, 1))])
def test_a_lift_at_a_corner_leans_off_both_neighbours(cell: int, away: tuple[int, int]) -> None:
    found = drift(stage("prismatic_tray", ARMS[0], FLUSH), cell)
    assert (found * away > 0.4e-3).all()
    assert np.linalg.norm(found) <= max(DRIFTS_M) + 1e-4


def test_a_lift_between_two_neighbours_leans_to_neither() -> None:
    along, across = drift(stage("prismatic_tray", ARMS[0], FLUSH), 4)
    assert abs(across) < 1e-4
    assert abs(along) <= max(DRIFTS_M) + 1e-4


def test_a_lift_leans_to_the_side_that_was_emptied() -> None:
    station = stage("prismatic_tray", ARMS[0], FLUSH)
    for gone, sign in ((2, -1), (6, 1)):
        cells = np.delete(station.Ts_base_cell, (4, gone), axis=0)
        assert drift(station, 4, cells)[1] * sign > 0.4e-3


def test_the_room_that_a_lift_wants_is_what_its_drift_can_give() -> None:
    # off a flush neighbour the larger drift must reach the room at half the cell's height
    assert max(DRIFTS_M) / 2 > ROOM_M
