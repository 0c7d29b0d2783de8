"""Laws of a look's schedule: what must not overlap, how short it can be, what changes nothing."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from cellpick.scene import CaptureTiming
from cellpick.sensors.schedule import SKEW_SIGMAS, drawn_skew_s, schedule, slot_s


def rig(seed: int, n: int, skew: bool = True) -> list[CaptureTiming]:
    """Random cameras, about half of them with projectors."""
    rng = np.random.default_rng(seed)
    return [
        CaptureTiming(
            projects=bool(rng.random() < 0.5),
            exposure_s=float(rng.choice([0.006, 0.1, 0.2, rng.uniform(0.001, 0.4)])),
            transfer_s=float(rng.choice([0.0, 0.1, rng.uniform(0, 0.5)])),
            skew_s=float(rng.choice([0.0, 1e-3, rng.uniform(0, 0.01)])) if skew else 0.0,
        )
        for _ in range(n)
    ]


SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_exposes_while_a_projector_shines_whatever_the_skew(seed):
    timings = rig(seed, 6)
    plan = schedule(timings)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        start = plan.exposed_s + [drawn_skew_s(t, rng) for t in timings]
        end = start + [t.exposure_s for t in timings]
        for i, one in enumerate(timings):
            assert plan.start_s[i] <= start[i] + 1e-12
            assert end[i] <= plan.still_s + 1e-12
            assert end[i] + one.transfer_s <= plan.ready_s + 1e-12
            for j in range(i):
                if one.projects or timings[j].projects:
                    assert end[i] <= start[j] + 1e-12 or end[j] <= start[i] + 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_standing_still_is_as_short_as_the_exposures_allow(seed):
    timings = rig(seed, 7)
    projectors = sum(slot_s(t) for t in timings if t.projects)
    others = max((slot_s(t) for t in timings if not t.projects), default=0.0)
    assert schedule(timings).still_s == pytest.approx(projectors + others, abs=1e-12)
    # 2D cameras expose together
    starts = {
        float(s) for s, t in zip(schedule(timings).start_s, timings, strict=True) if not t.projects
    }
    assert len(starts) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_no_order_of_triggers_has_the_data_earlier(seed):
    timings = rig(seed, 5)
    together = [t for t in timings if not t.projects]
    blocks = [[t] for t in timings if t.projects] + ([together] if together else [])
    best = np.inf
    for order in permutations(blocks):
        now = ready = 0.0
        for block in order:
            ready = max(ready, *(now + slot_s(t) + t.transfer_s for t in block))
            now += max(slot_s(t) for t in block)
        best = min(best, ready)
    assert schedule(timings).ready_s == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_cameras_changes_nothing(seed):
    timings = rig(seed, 6)
    plan = schedule(timings)
    order = np.random.default_rng(seed).permutation(6)
    shuffled = schedule([timings[i] for i in order])
    assert shuffled.still_s == pytest.approx(plan.still_s, abs=1e-12)
    assert shuffled.ready_s == pytest.approx(plan.ready_s, abs=1e-12)
    assert shuffled.start_s == pytest.approx(plan.start_s[order], abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_further_camera_never_makes_a_look_shorter(seed):
    timings = rig(seed, 6)
    fewer, more = schedule(timings[:5]), schedule(timings)
    assert fewer.still_s <= more.still_s + 1e-12
    assert fewer.ready_s <= more.ready_s + 1e-12


def test_a_rig_without_cameras_takes_no_time():
    plan = schedule([])
    assert (plan.still_s, plan.ready_s, len(plan.start_s)) == (0.0, 0.0, 0)
    assert plan.rows([]) == []


def test_the_usual_rig_by_hand():
    three_d, two_d = CaptureTiming(True, 0.2, 0.1), CaptureTiming(False, 0.006, 0.034)
    plan = schedule([three_d, two_d, three_d, two_d])
    assert plan.start_s == pytest.approx([0.0, 0.4, 0.2, 0.4])
    assert plan.still_s == pytest.approx(0.406)
    assert plan.ready_s == pytest.approx(0.5)
    rows = plan.rows(["a", "b", "c", "d"])
    assert [row["camera"] for row in rows] == ["a", "c", "b", "d"]
    assert rows[1]["exposes_to_ms"] == pytest.approx(400)
    assert rows[3]["data_at_ms"] == pytest.approx(440)


def test_a_slow_transfer_goes_first():
    slow, quick = CaptureTiming(False, 0.006, 0.5), CaptureTiming(True, 0.2, 0.1)
    plan = schedule([quick, slow])
    assert plan.start_s == pytest.approx([0.006, 0.0])
    assert plan.ready_s == pytest.approx(0.506)


def test_skew_is_spread_as_stated_and_bounded():
    timing = CaptureTiming(False, 0.006, 0.0, skew_s=1e-3)
    rng = np.random.default_rng(0)
    skews = np.array([drawn_skew_s(timing, rng) for _ in range(20_000)])
    assert skews.std() == pytest.approx(1e-3, rel=0.02)
    assert abs(skews.mean()) < 5e-5
    assert np.abs(skews).max() <= SKEW_SIGMAS * 1e-3
    assert slot_s(timing) == pytest.approx(0.012)
