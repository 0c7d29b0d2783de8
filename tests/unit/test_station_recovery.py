"""The ladder takes one rung a time, per cell and event, and never runs out."""

from types import SimpleNamespace

import pytest

from cellpick.station.cycle import Cycle
from cellpick.station.recovery import LADDER, Ladder, Problem


@pytest.mark.parametrize("event", LADDER)
def test_rungs_are_taken_in_order_and_the_last_one_repeats(event):
    ladder = Ladder()
    problem = Problem("cell000", event, "why")
    taken = [ladder.next_action(problem) for _ in range(len(LADDER[event]) + 3)]
    assert tuple(taken[: len(LADDER[event])]) == LADDER[event]
    assert set(taken[len(LADDER[event]) :]) == {LADDER[event][-1]}


def test_cells_climb_apart():
    ladder = Ladder()
    assert ladder.next_action(Problem("a", "grip_failed", "")) == "look_again"
    assert ladder.next_action(Problem("a", "grip_failed", "")) == "other_grasp"
    assert ladder.next_action(Problem("b", "grip_failed", "")) == "look_again"
    assert ladder.next_action(Problem("a", "no_grasp", "")) == "look_again"


@pytest.mark.parametrize("event", sorted(LADDER.keys() - {"may_have_moved"}))
def test_every_ladder_ends_in_giving_up(event):
    """`may_have_moved` looks again without end: there `max_looks` is the bound."""
    assert LADDER[event][-1] in ("skip", "stop")


@pytest.mark.parametrize("event", ["lost_in_transit", "arm_blocked", "not_released"])
def test_hazards_stop_the_station_at_once(event):
    assert LADDER[event] == ("stop",)


@pytest.fixture
def cycle(monkeypatch):
    recipe = SimpleNamespace(cell=SimpleNamespace(name="c"), max_looks=2)
    ready = Cycle(SimpleNamespace(recipe=recipe, running_s=0.0), print)
    monkeypatch.setattr(ready, "look", lambda: ready.log.looks.append(None))
    return ready


def test_a_cell_lost_over_the_tray_is_looked_for_each_time_and_stops_a_station_without_looks(cycle):
    problem = (Problem("cell000", "lost_near_pocket", "it fell"),)
    for _ in range(3):
        cycle.recover(problem)
    assert [r.action for r in cycle.log.recoveries] == ["look_again", "skip", "stop"]
    assert len(cycle.log.looks) == 2
    assert cycle.log.stopped == "lost_near_pocket: it fell"


def test_without_looks_left_a_doubtful_cell_is_skipped(cycle):
    cycle.log.looks += [None, None]
    cycle.recover((Problem("cell000", "estimate_not_ok", "uncertain"),))
    assert cycle.skipped == {"cell000"}
    assert cycle.log.stopped == ""
