"""What goes wrong is noticed, answered by the ladder and told with its cause."""

from __future__ import annotations

import pytest

from cellpick.scene import load_scene, resolve_scene
from cellpick.station.cycle import Cycle
from cellpick.station.station import Station, StationError
from cellpick.structures import CaptureSet, MotionPlan

SEED = 4


@pytest.fixture
def station(monkeypatch):
    """Two cells under an oracle; nothing is rendered, since nobody looks."""
    overrides = ["tray.rows=2", "tray.columns=1", "module.rows=2"]
    models = resolve_scene(load_scene("prismatic_tray", overrides))
    with Station(models, SEED, oracle=True) as ready:
        monkeypatch.setattr(ready.rig, "look", lambda state, T, task, taken: CaptureSet((), task))
        yield ready


def run(station):
    return Cycle(station, lambda step: None).run()


def events(log):
    return [(recovery.event, recovery.action) for recovery in log.recoveries]


def test_a_grip_that_fails_once_is_tried_again_after_a_look(station, monkeypatch):
    grip, tries = station.grip, iter([True])

    def leaks_once():
        held = grip()
        if next(tries, False):
            station.release()
            return False
        return held

    monkeypatch.setattr(station, "grip", leaks_once)
    log = run(station)
    assert events(log) == [("grip_failed", "look_again")]
    assert [s.attempt.outcome.status for s in log.steps] == ["not_picked", "placed", "placed"]
    assert len(log.looks) == 2


def test_a_gripper_that_never_holds_gives_up_within_its_bounds(station, monkeypatch):
    grip = station.grip
    monkeypatch.setattr(station, "grip", lambda: grip() and station.release() is not None)
    log = run(station)
    assert len(log.steps) <= 2 * station.recipe.max_attempts_per_cell
    assert {s.attempt.outcome.status for s in log.steps} == {"not_picked"}
    assert ("no_grasp", "skip") in events(log)
    assert log.module_look is None


def test_a_cell_lost_on_the_way_stops_the_station(station, monkeypatch):
    move = station.move

    def drop_before_carrying(moves):
        if [m.name for m in moves] == ["transfer", "approach"] and station.holds():
            station.release()
        return move(moves)

    monkeypatch.setattr(station, "move", drop_before_carrying)
    log = run(station)
    assert events(log) == [("lost_in_transit", "stop")], log.stopped
    assert log.stopped.startswith("lost_in_transit")
    assert len(log.steps) == 1
    assert log.steps[0].attempt.outcome.status != "placed"


def test_without_a_way_every_cell_is_skipped_with_the_planners_reason(station, monkeypatch):
    refused = MotionPlan("blocked", "arm.link3 meets pillar", ())
    monkeypatch.setattr(station.planner, "pick_and_place", lambda *a, **k: refused)
    log = run(station)
    assert log.steps == []
    assert {r.reason for r in log.recoveries} == {"arm.link3 meets pillar"}
    assert {r.action for r in log.recoveries} == {"look_again", "skip"}


def test_a_look_that_cannot_be_reached_is_an_error_at_first(station, monkeypatch):
    refused = MotionPlan("unreachable", "1.9 m away", ())
    monkeypatch.setattr(station.planner, "look_from", lambda *a, **k: refused)
    with pytest.raises(StationError, match=r"unreachable: 1\.9 m away"):
        run(station)
