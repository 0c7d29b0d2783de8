"""The rates that docs/statistics.md states, on random campaigns with a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.statistics_models import Truth, draw_counts
from benchmarks.statistics_rates import broken, share, ten_reruns, unchanged, verdicts

from cellpick.campaign.statistics import Sprt, clustered_interval, sprt_rates, wilson


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_drawn_campaigns_have_the_rate_and_the_correlation_that_they_say(rng):
    counts = draw_counts(400, 50, Truth(0.9, 0.2), rng)
    assert counts.mean() / 12 == pytest.approx(0.9, abs=0.005)
    assert counts.var() == pytest.approx(12 * 0.9 * 0.1 * (1 + 11 * 0.2), rel=0.05)


@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("rate", [0.9, 0.98])
def test_the_clustered_interval_covers(rate, correlation, rng):
    counts = draw_counts(400, 20, Truth(rate, correlation), rng)
    ends = [clustered_interval(k, np.full(20, 12)) for k in counts]
    assert share(low <= rate <= high for low, high in ends) >= 0.90


def test_cells_taken_for_independent_do_not_cover(rng):
    counts = draw_counts(400, 20, Truth(0.9, 0.3), rng)
    ends = [wilson(int(k.sum()), 240) for k in counts]
    assert share(low <= 0.9 <= high for low, high in ends) < 0.8


def test_nothing_changed_is_called_changed_no_more_often_than_stated(rng):
    assert broken({"unchanged": {"runs": 100, "rows": unchanged(rng, 100)}}) == []


def test_ten_reruns_with_other_seeds_hardly_ever_raise_an_alarm(rng):
    (row,) = ten_reruns(rng, 12)
    assert row["rerun_alarms"] <= 0.02
    assert broken({"ten_reruns": {"runs": 12, "rows": [row]}}) == []


def test_a_rate_that_is_exceeded_is_named():
    rows = {"correlation": 0.1, "true": 0.98, "p0": 0.98, "fail": 0.2, "pass": 0.8}
    (line,) = broken({"sequential": {"runs": 100, "rows": [rows]}})
    assert line.startswith("sequential: 0.200 > 0.01")


@pytest.mark.parametrize(
    ("figure", "change"), [("rate", Truth(rate=0.7)), ("p95", Truth(place_factor=3.0))]
)
@pytest.mark.parametrize("paired", [True, False])
def test_a_plain_regression_is_caught_by_twenty_episodes(figure, change, paired, rng):
    found = verdicts(figure, paired, 20, change, rng, 20)
    assert [c.verdict for c in found] == ["worse"] * 20


@pytest.mark.parametrize(("truth", "wrong", "stated"), [(0.98, "fail", 0.01), (0.9, "pass", 0.05)])
def test_the_sequential_test_errs_no_more_than_stated(truth, wrong, stated, rng):
    """With cells that fail together as much as its design effect takes for granted."""
    sprt = Sprt(0.98, 0.9, design_effect=1 + 11 * 0.1)
    counts = draw_counts(2000, 60, Truth(truth, 0.1), rng)
    found = [sprt.judge(k, np.full(60, 12), 60) for k in counts]
    error = np.sqrt(stated * (1 - stated) / len(found))
    assert share(v.verdict == wrong for v in found) <= stated + 3 * error
    assert np.mean([v.saved for v in found]) > 40


@pytest.mark.parametrize("truth", [0.98, 0.9])
def test_simulated_rates_are_the_exact_ones(truth, rng):
    sprt = Sprt(0.98, 0.9)
    found = [sprt.judge(row, np.ones(100), 100) for row in rng.random((3000, 100)) < truth]
    exact = sprt_rates(sprt, truth, 100)
    for share_found, chance in (
        (share(v.verdict == "fail" for v in found), exact.fails),
        (share(v.verdict == "pass" for v in found), exact.passes),
    ):
        assert share_found == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 3000))
    assert np.mean([v.used for v in found]) == pytest.approx(exact.trials, rel=0.05)
