"""How a load spreads over cups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellpick.world.loads import CupArray

NUMBER = st.floats(-20.0, 20.0)
WRENCH = st.tuples(*[NUMBER] * 6).map(np.array)
R = 0.01


def cups(*centers: tuple[float, float, float], holding: float = 20.0) -> CupArray:
    return CupArray(np.array(centers), R, holding, 0.5)


PAIR = ((0.025, 0.0, 0.0), (-0.025, 0.0, 0.0))
FOUR = ((0.03, 0.02, 0.0), (-0.03, 0.02, 0.0), (-0.03, -0.02, 0.0), (0.04, -0.02, 0.001))


@given(WRENCH, st.sampled_from([PAIR, FOUR, PAIR[:1]]))
def test_the_shares_add_up_to_the_load(wrench: np.ndarray, centers: tuple) -> None:
    array = cups(*centers)
    n = len(centers)
    shares = array.spread @ wrench
    pull, sx, sy = shares[:n], shares[n : 2 * n], shares[2 * n : 3 * n]
    forces = np.stack([sx, sy, pull], axis=-1)
    np.testing.assert_allclose(forces.sum(axis=0), wrench[:3], atol=1e-9)
    own = n * R**2 * np.array([*(shares[-3:-1] / 2), shares[-1]])
    levers = array.centers_m * [1, 1, 0] + [0, 0, array.centers_m[:, 2].mean()]
    moment = np.cross(levers, forces).sum(axis=0) + own
    np.testing.assert_allclose(moment, wrench[3:], atol=1e-9)


@given(WRENCH)
def test_loads_do_not_depend_on_the_order_of_cups(wrench: np.ndarray) -> None:
    one, other = cups(*FOUR).loads(wrench), cups(*FOUR[::-1]).loads(wrench)
    np.testing.assert_allclose(one.pull_n, other.pull_n[::-1], atol=1e-9)
    np.testing.assert_allclose(one.shear_n, other.shear_n[::-1], atol=1e-9)


@pytest.mark.parametrize(
    ("wrench", "cause"),
    [
        ([0, 0, 1.0, 0, 0, 0], "overload"),  # 2 x 20 N
        ([1.0, 0, 0, 0, 0, 0], "shear_slip"),  # 2 x 0.5 x 20 N
    ],
)
def test_two_cups_let_go_at_their_added_limits(wrench: list[float], cause: str) -> None:
    limit = 40.0 if cause == "overload" else 20.0
    array = cups(*PAIR)
    holds, why = array.survivors(0.999 * limit * np.array(wrench))
    assert holds.all()
    assert why is None
    holds, why = array.survivors(1.001 * limit * np.array(wrench))
    assert not holds.any()
    assert why == cause


def test_a_lone_cup_peels_at_what_presses_it_on_times_its_radius() -> None:
    array = cups((0.0, 0.0, 0.0))
    limit = (20.0 - 5.0) * R
    # an elastic ring passes half of a tilt's moment to every axis through it: all of it is peel
    assert array.survivors(np.array([0, 0, 5.0, 0.999 * limit, 0, 0]))[0].all()
    assert not array.survivors(np.array([0, 0, 5.0, 1.001 * limit, 0, 0]))[0].any()


def test_a_pressed_cup_takes_more_shear() -> None:
    array = cups((0.0, 0.0, 0.0))
    assert array.survivors(np.array([14.9, 0, -10.0, 0, 0, 0]))[0].all()
    assert not array.survivors(np.array([15.1, 0, -10.0, 0, 0, 0]))[0].any()


def test_a_lost_cup_leaves_its_load_to_the_other() -> None:
    array = cups(*PAIR)
    # 15 N on the axis of cup 0: it has all of it but what the rings' tilt gives to the other
    holds, why = array.survivors(np.array([0, 0, 24.0, 0, -24.0 * 0.025, 0]))
    assert why == "overload"
    assert not holds.any()
    holds, _ = array.survivors(np.array([0, 0, 16.0, 0, -16.0 * 0.025, 0]))
    assert holds.all()
