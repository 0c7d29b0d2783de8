"""Intervals of rates: scipy's values, laws, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from cellpick.campaign.statistics import (
    clopper_pearson,
    clustered_interval,
    design_effect,
    upper_limit,
    wilson,
)
from cellpick.errors import InputError

COUNTS = [(0, 1), (1, 1), (0, 30), (30, 30), (7, 30), (239, 240), (999, 1000)]


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_both_intervals_are_scipys(k, n, confidence):
    peer = binomtest(k, n)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        assert ours(k, n, confidence) == pytest.approx(
            tuple(peer.proportion_ci(confidence, method=method)), abs=1e-12
        )


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_the_upper_limit_is_scipys_one_sided_end(k, n, confidence):
    peer = binomtest(k, n, alternative="less").proportion_ci(confidence, method="exact")
    assert upper_limit(k, n, confidence) == pytest.approx(peer.high, abs=1e-12)


def test_no_event_in_n_is_limited_by_its_closed_form():
    for n in (1, 12, 240):
        assert upper_limit(0, n) == pytest.approx(1 - 0.05 ** (1 / n), abs=1e-12)
        assert upper_limit(0, n, design_effect=2.5) == pytest.approx(1 - 0.05 ** (2.5 / n))


def test_without_trials_nothing_is_known():
    assert wilson(0, 0) == clopper_pearson(0, 0) == clustered_interval([], []) == (0, 1)
    assert clustered_interval([0, 0], [0, 0]) == (0, 1)
    assert upper_limit(0, 0) == 1
    assert design_effect([], []) == 1


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_failures_mirror_successes_and_a_success_moves_both_ends_up(interval):
    ends = np.array([interval(k, 25) for k in range(26)])
    assert np.allclose(ends[::-1, ::-1], 1 - ends, atol=1e-12)
    assert (np.diff(ends, axis=0) >= 0).all()
    assert (ends[:, 0] < ends[:, 1]).all()


def test_one_cell_an_episode_is_wilsons_but_for_the_stretch_of_few_episodes():
    """Where the data show no correlation, and none is assumed."""
    k = np.repeat([1, 0], [900, 100])
    clustered = clustered_interval(k, np.ones(1000), least_correlation=0)
    assert clustered == pytest.approx(wilson(900, 1000), abs=3e-4)


@pytest.mark.parametrize("rate", [0, 1])
def test_at_0_and_100_percent_the_assumed_correlation_alone_widens(rate):
    n = np.full(20, 12)
    low, high = clustered_interval(rate * n, n)
    effect = 1 + 11 * 0.1
    assert design_effect(rate * n, n) == pytest.approx(effect)
    z2 = 1.959963984540054**2
    width = z2 / (240 / effect + z2)
    assert (low, high) == pytest.approx((1 - width, 1) if rate else (0, width))


def test_episodes_that_fail_whole_count_as_one_trial_each():
    whole = np.repeat([12, 0], [40, 10])
    assert design_effect(whole, np.full(50, 12)) == pytest.approx(12, rel=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(3, 2), "successes lie between 0 and the trials"),
        (lambda: wilson(-1, 2), "successes lie between 0 and the trials"),
        (lambda: clopper_pearson(1.5, 2), "counts are whole numbers"),
        (lambda: upper_limit(float("nan"), 2), "counts are whole numbers"),
        (lambda: upper_limit(0, float("inf")), "counts are whole numbers"),
        (lambda: upper_limit(0, 9, design_effect=0.5), "a design effect is 1 at least"),
        (lambda: upper_limit(0, 9, design_effect=float("nan")), "a design effect is 1 at least"),
        (lambda: wilson(1, 2, 95), "confidence: not between 0 and 1"),
        (lambda: clustered_interval([1], [2], 1.0), "confidence: not between 0 and 1"),
        (lambda: clustered_interval([1], [2, 3]), "one number an episode"),
        (lambda: clustered_interval([[1]], [[2]]), "one number an episode"),
        (lambda: clustered_interval([1, 4], [2, 3]), "episode 1: successes are whole numbers"),
        (lambda: clustered_interval([np.nan], [2]), "episode 0: successes are whole numbers"),
        (lambda: design_effect([1], [2], least_correlation=2), "least_correlation: not from 0"),
    ],
)
def test_what_are_no_counts_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
