"""Designs: what each promises of its table."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cellpick.campaign.designs import DESIGNS, Axis

AXES = [
    Axis.of_range(0, 1, 4, "linear"),
    Axis.of_range(1, 100, 3, "log"),
    Axis.of_levels(["a", "b", None]),
]


def test_a_grid_has_every_combination_once():
    table = DESIGNS["grid"](AXES, 0, 0)
    assert len(table) == len(set(table)) == 4 * 3 * 3
    assert {row[1] for row in table} == {1.0, 10.0, 100.0}


def test_one_at_a_time_changes_one_factor_at_most():
    table = DESIGNS["one_at_a_time"](AXES, 0, 0)
    assert len(table) == 1 + 3 + 2 + 2
    assert max(sum(a != b for a, b in zip(row, table[0], strict=True)) for row in table) == 1


@pytest.mark.parametrize("design", ["random", "sobol", "saltelli"])
def test_draws_lie_within_the_ranges_and_follow_the_seed_alone(design):
    one, same, other = (DESIGNS[design](AXES, 32, seed) for seed in (1, 1, 2))
    assert one == same != other
    assert all(0 <= x <= 1 and 1 <= y <= 100 and z in ("a", "b", None) for x, y, z in one)


def test_sobol_points_share_themselves_out_evenly_on_every_axis():
    table = DESIGNS["sobol"]([Axis.of_range(0, 1, 2, "linear")] * 3, 64, 3)
    for column in np.array(table).T:
        assert Counter(np.floor(column * 16).astype(int)) == dict.fromkeys(range(16), 4)


def test_a_log_range_is_drawn_by_ratios():
    table = DESIGNS["sobol"]([Axis.of_range(1, 10000, 2, "log")], 64, 0)
    decades = np.floor(np.log10(np.array(table)[:, 0])).astype(int)
    assert Counter(decades) == dict.fromkeys(range(4), 16)


def test_saltelli_rows_take_one_factor_from_the_second_sample():
    axes = [Axis.of_range(0, 1, 2, "linear")] * 3
    table = np.array(DESIGNS["saltelli"](axes, 10, 0))
    n = 16  # the next power of two
    assert len(table) == n * 5
    first, second, *mixed = table.reshape(5, n, 3)
    for k, rows in enumerate(mixed):
        np.testing.assert_array_equal(rows[:, k], second[:, k])
        np.testing.assert_array_equal(np.delete(rows, k, 1), np.delete(first, k, 1))
