"""What a cell of a heap is told to be, and in which words; who is asked to find it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from heap_stage import heap_look, lying

from cellpick.perception import drawing_of
from cellpick.perception.heap import locate_heap
from cellpick.perception.heap.judge import judge
from cellpick.perception.perceive import locate


@dataclasses.dataclass
class Seen:
    """The one field of the hypotheses that is judged."""

    seen: np.ndarray


GOOD = (0.8, 0.02, 0.03, 0.15)
SURE = np.diag([1e-8, 1e-8, 1e-8, 1e-8, 1e-8, (np.pi / 2) ** 2])


def verdict(seen=GOOD, covariance=SURE, odds=10.0):
    return judge(Seen(np.array([seen])), covariance[None], np.array([odds]), 0.99, 0.07)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, "ok", ""),
        ({"odds": -10.0}, "ok", ""),
        ({"odds": 2.0}, "ambiguous", "its polarity has a probability of 0.881 only"),
        ({"odds": -2.0}, "ambiguous", "its polarity has a probability of 0.881 only"),
        (
            {"seen": (0.5, 0.3, 0.1, 0.1)},
            "inconsistent",
            "30 % of the readings lie behind its side",
        ),
        ({"seen": (0.1, 0.0, 0.2, 0.7)}, "uncertain", "only 10 % of its side is seen"),
        ({"seen": (0.18, 0.0, 0.02, 0.8)}, "uncertain", "other cells hide 80 % of it"),
        (
            {"covariance": SURE + np.diag([0, 0, 4e-6, 0, 0, 0])},
            "uncertain",
            "its position is only known to 2.0 mm",
        ),
        (
            {"covariance": SURE + np.diag([0, 0, 0, 0.0036, 0, 0])},
            "uncertain",
            "its end is only known to 2.1 mm",
        ),
    ],
)
def test_the_first_rule_that_is_broken_names_the_status(change, status, words):
    found = verdict(**change)
    assert found.status == (status,)
    assert found.reason == (words,)
    assert 0 <= found.score[0] <= 1


def test_what_contradicts_outranks_what_is_unsure():
    assert verdict(seen=(0.1, 0.5, 0.1, 0.3), odds=0.0).status == ("inconsistent",)
    assert verdict(seen=(0.1, 0.0, 0.2, 0.7), odds=0.0).status == ("uncertain",)


@pytest.mark.parametrize("arrangement", ["heap", "lying"])
def test_cylinders_that_do_not_stand_are_sought_in_any_attitude(arrangement):
    truth = np.stack([lying(-0.05, -0.04, yaw=0.5), lying(0.05, 0.03, yaw=-0.6)])
    look = heap_look(truth, arrangement=arrangement)
    found = locate(look, drawing_of(look.task.cell, look.task.materials))
    assert len(found.estimates) == 2
    mixed = dataclasses.replace(look, captures=look.captures[::-1])
    again = locate(mixed, drawing_of(look.task.cell, look.task.materials))
    direct = locate_heap(look)
    for other in (again, direct):
        assert np.array_equal(found.estimates.Ts_base_cell, other.estimates.Ts_base_cell)
        assert found.estimates.status == other.estimates.status
    assert found.cameras == tuple(c.calibration.camera for c in look.captures)
    axes = np.abs(np.einsum("ni,mi->nm", found.estimates.Ts_base_cell[:, :3, 2], truth[:, :3, 2]))
    assert (axes.max(axis=0) > 0.9999).all()
