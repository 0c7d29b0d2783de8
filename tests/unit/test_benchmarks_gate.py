"""The gate that holds ratios to the committed baseline."""

from __future__ import annotations

import pytest
from benchmarks.gate import TOLERANCES, read_baseline, shortfalls


@pytest.mark.parametrize("kind", ["time", "error", "share"])
def test_a_ratio_may_fall_by_its_tolerance_and_no_further(kind):
    name = f"{kind}: something"
    least = 8.0 * (1 - TOLERANCES[kind])
    assert shortfalls({name: least}, {name: 8.0}) == []
    assert shortfalls({name: 100.0}, {name: 8.0}) == []
    (words,) = shortfalls({name: least - 0.01}, {name: 8.0})
    assert name in words
    assert "committed 8.00" in words


def test_a_ratio_that_is_gone_has_fallen():
    (words,) = shortfalls({}, {"time: something": 2.0})
    assert "no longer measured" in words


def test_the_committed_baseline_names_kinds_that_have_a_tolerance():
    baseline = read_baseline()
    assert baseline
    assert {name.split(":")[0] for name in baseline} <= set(TOLERANCES)
