"""Which cell comes next where cells stand flush: one with a free side, if need be after a look."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.grasping import hemmed_in
from cellpick.scene import load_scene, resolve_scene
from cellpick.station.belief import TrayBelief
from cellpick.station.choice import Constraints, choose
from cellpick.station.looking import tray_task
from cellpick.station.oracle import oracle_estimates
from cellpick.station.station import Station

NOTHING = Constraints({}, (), ())


@pytest.fixture
def station():
    """Five cells in a flush row."""
    jitter = [f"tray.jitter.{name}=0" for name in ("position_mm", "yaw_deg", "tilt_deg")]
    row = ["tray.rows=5", "tray.columns=1", "tray.gap_mm=0", "module.rows=5"]
    models = resolve_scene(load_scene("prismatic_tray", [*row, *jitter]))
    with Station(models, 0, oracle=True) as ready:
        yield ready


def believed(station):
    belief = TrayBelief.empty(station.recipe.cell.name)
    belief.renew(oracle_estimates(station.world.state(), tray_task(station.recipe)))
    return belief


def test_a_row_of_flush_cells_is_taken_from_its_ends(station):
    belief = believed(station)
    choice, _ = choose(station, belief, NOTHING)
    assert choice is not None
    assert not hemmed_in(belief.estimates, station.recipe.cell)[choice.row]


def test_a_hemmed_cell_waits_while_a_look_would_show_a_freer_one(station):
    belief = believed(station)
    belief.stale = np.array([True, False, False, False, True])
    choice, problems = choose(station, belief, NOTHING)
    assert choice is None
    assert {p.event for p in problems} == {"may_have_moved"}
    assert {p.key for p in problems} == {belief.keys[0], belief.keys[4]}


def test_a_hemmed_cell_is_taken_where_no_other_is_left(station):
    belief = believed(station)
    ends = {belief.keys[0], belief.keys[4]}
    choice, _ = choose(station, belief, Constraints({}, ends, ()))
    assert choice is not None
    assert hemmed_in(belief.estimates, station.recipe.cell)[choice.row]
