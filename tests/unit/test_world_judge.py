"""Verdicts, from records and truths made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from world_stage import lone_cell, world_of

from cellpick.errors import InputError
from cellpick.geometry import Floats, exp_rotation, perturb, pose, translation
from cellpick.scene import SceneState
from cellpick.structures import PickOutcome
from cellpick.world.attempt import AttemptRecord, ContactLog
from cellpick.world.judge import Tolerances, judge_again, judge_attempt, placement

BOX, ROUND = lone_cell(), lone_cell("cylindrical_tray")
TOLERANCES = Tolerances(place_m=0.001, place_rad=0.02, seat_m=0.0005)


def done(**changes: object) -> AttemptRecord:
    """A pick and place that went well."""
    return replace(AttemptRecord(grips=1, row=0, lift_m=0.1, released=True), **changes)


def verdict(
    state: SceneState, record: AttemptRecord, moved: Floats | None = None, speed: float = 0.0
) -> PickOutcome:
    T = state.Ts_world_cell[0] if moved is None else state.Ts_world_cell[0] @ moved
    state = replace(state, Ts_world_cell=T[None])
    return judge_attempt(record, state, 0, TOLERANCES, speed, 0.0)


def turn(*rotvec: float) -> Floats:
    return pose(exp_rotation(np.array(rotvec)), np.zeros(3))


def test_all_well_is_placed() -> None:
    outcome = verdict(BOX, done())
    assert (outcome.status, outcome.cause, outcome.serial) == ("placed", "", "A000")
    assert outcome.polarity_ok
    assert (outcome.place_error_m, outcome.place_error_rad) == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.parametrize(
    ("moved", "cause"),
    [
        (translation([0.0011, 0.0, 0.0]), "outside_tolerance"),
        (translation([0.0, -0.0011, 0.0]), "outside_tolerance"),
        (translation([0.0, 0.0, 0.0006]), "not_seated"),
        (translation([0.0, 0.0, -0.002]), "not_seated"),
        (turn(0.0, 0.0, 0.021), "outside_tolerance"),
        (turn(0.021, 0.0, 0.0), "outside_tolerance"),
        (turn(0.0, 0.0, np.pi), "wrong_polarity"),
        (translation([0.5, 0.0, 0.0]), "outside_module"),
        (translation([0.0009, 0.0, 0.0004]) @ turn(0.0, 0.0, 0.019), ""),
    ],
)
def test_each_tolerance_of_a_box(moved: Floats, cause: str) -> None:
    outcome = verdict(BOX, done(), moved)
    assert outcome.cause == cause
    assert outcome.status == ("misplaced" if cause else "placed")
    assert np.isnan(outcome.place_error_m) == (cause == "outside_module")


@pytest.mark.parametrize(
    ("moved", "cause"),
    [
        (turn(0.0, 0.0, 1.234), ""),
        (turn(0.0, 0.021, 0.0), "outside_tolerance"),
        (turn(np.pi, 0.0, 0.0), "wrong_polarity"),
    ],
)
def test_a_round_cell_may_turn_but_not_stand_on_its_head(moved: Floats, cause: str) -> None:
    outcome = verdict(ROUND, done(), moved)
    assert outcome.cause == cause
    if not cause:
        assert outcome.place_error_rad == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "status", "cause"),
    [
        ({"grips": 0, "row": None}, "not_attempted", "no_grip"),
        ({"grips": 0, "row": None, "blocked": "x"}, "not_attempted", "collision"),
        ({"row": None}, "not_picked", "seal_failed"),
        ({"lift_m": 0.002}, "not_picked", "not_lifted"),
        ({"lift_m": 0.002, "lost": "overload"}, "not_picked", "overload"),
        ({"lost": "shear_slip", "released": False}, "dropped", "shear_slip"),
        ({"released": False}, "misplaced", "not_released"),
        ({"released": False, "blocked": "x"}, "misplaced", "collision"),
    ],
)
def test_each_way_to_fail_before_the_slot(changes: dict, status: str, cause: str) -> None:
    outcome = verdict(BOX, done(**changes))
    assert (outcome.status, outcome.cause) == (status, cause)


def test_a_cell_that_still_moves_is_not_placed() -> None:
    assert verdict(BOX, done(), speed=0.006).cause == "not_at_rest"


def test_the_errors_are_those_of_the_motion_that_was_put_in() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        delta = rng.normal(size=6) * 0.01
        found = placement(BOX.cell, perturb(np.eye(4), delta))
        assert found.position_m == pytest.approx(np.hypot(*delta[:2]))
        assert found.height_m == pytest.approx(delta[2])
        assert found.angle_rad == pytest.approx(np.linalg.norm(delta[3:]))


def test_the_log_keeps_each_pair_at_its_hardest() -> None:
    log = ContactLog()
    for force, time in ((3.0, 0.1), (9.0, 0.2), (5.0, 0.3)):
        log.note(("a", "b"), force, time)
    log.note(("a", "c"), 1.0, 0.4)
    first, second = log.all()
    assert (first.force_n, first.time_s) == (9.0, 0.2)
    assert second.bodies == ("a", "c")


def test_a_new_grip_forgets_what_an_earlier_one_held() -> None:
    record = AttemptRecord()
    record.gripping()
    record.held(3, 0.05, 4.0)
    record.held(3, 0.15, 7.0)
    assert (record.lift_m, record.peak_load_n, record.holding) == (pytest.approx(0.1), 7.0, 3)
    record.gripping()
    assert (record.row, record.holding, record.lift_m) == (None, None, 0.0)


def test_a_slot_that_is_not_there_is_refused() -> None:
    with world_of(BOX) as world:
        for slot in (-1, 1):
            with pytest.raises(InputError, match="no such slot"):
                world.judge(slot, Tolerances(1e-3, 0.02, 1e-3))


@pytest.mark.parametrize(
    ("moved", "status", "cause"),
    [
        (np.zeros(6), "placed", ""),
        (np.array([4e-4, 0, 0, 0, 0, 0]), "placed", ""),
        (np.array([2e-3, 0, 0, 0, 0, 0]), "misplaced", "moved_later"),
        (np.array([0, 0, 0, 0, 0, 0.03]), "misplaced", "moved_later"),
        (np.array([0, 0, 0.1, 0, 0, 0]), "misplaced", "moved_later"),
    ],
)
def test_what_was_placed_must_still_stand_at_the_end(moved, status, cause) -> None:
    first = verdict(BOX, done())
    assert first.status == "placed"
    now = replace(BOX, Ts_world_cell=perturb(BOX.Ts_world_cell, moved))
    again = judge_again(first, now, TOLERANCES, 0.0, 0.0)
    assert (again.status, again.cause) == (status, cause)
    assert again.place_error_m == pytest.approx(np.hypot(moved[0], moved[1]), abs=1e-12)


def test_a_failure_is_not_judged_again() -> None:
    failed = replace(verdict(BOX, done()), status="dropped", cause="overload")
    assert judge_again(failed, BOX, TOLERANCES, 0.0, 0.0) is failed
