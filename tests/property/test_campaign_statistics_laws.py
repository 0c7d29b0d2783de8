"""Laws of the statistics of campaigns, over random counts and values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellpick.campaign.statistics import (
    Sprt,
    clustered_interval,
    compare,
    design_effect,
    holm,
    upper_limit,
    wilson,
)

EPISODE = st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
EPISODES = st.lists(EPISODE, min_size=1, max_size=12)
VALUES = st.lists(st.floats(0, 5).map(lambda x: round(x, 2)), min_size=1, max_size=4)
CAMPAIGN = st.dictionaries(st.sampled_from("abcde"), VALUES, min_size=1)
STATISTIC = st.sampled_from(["mean", "p50", "p95"])


def compared(baseline, current, **options):
    return compare(baseline, current, np.random.default_rng(0), resamples=300, **options)


@given(EPISODES, st.randoms(use_true_random=False))
def test_a_clustered_interval_holds_its_rate_whatever_the_order(episodes, random):
    k, n = np.array(episodes).T
    low, high = clustered_interval(k, n)
    assert 0 <= low <= high <= 1
    if n.sum():
        assert low <= k.sum() / n.sum() <= high
    random.shuffle(episodes)
    assert clustered_interval(*np.array(episodes).T) == pytest.approx((low, high))
    assert clustered_interval([*k, 0], [*n, 0]) == (low, high)


@given(EPISODES)
def test_failures_mirror_successes_in_a_clustered_interval(episodes):
    k, n = np.array(episodes).T
    low, high = clustered_interval(k, n)
    assert clustered_interval(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(EPISODES)
def test_knowing_of_episodes_never_narrows(episodes):
    k, n = np.array(episodes).T
    assert design_effect(k, n) >= 1
    low, high = wilson(int(k.sum()), int(n.sum()))
    wide = clustered_interval(k, n, least_correlation=0)
    wider = clustered_interval(k, n, least_correlation=0.3)
    widths = (high - low, wide.high - wide.low, wider.high - wider.low)
    assert widths[0] <= widths[1] + 1e-12
    assert widths[1] <= widths[2] + 1e-12


@given(st.integers(0, 20), st.integers(1, 200), st.floats(1, 5), st.floats(0.5, 0.99))
def test_an_upper_limit_rises_with_events_and_falls_with_trials(k, more, effect, confidence):
    n = k + more
    here = upper_limit(k, n, confidence, effect)
    assert k / n < here <= 1
    assert upper_limit(k, n + 1, confidence, effect) < here
    assert upper_limit(k + 1, n, confidence, effect) > here or here == 1
    assert upper_limit(k, n, confidence, effect + 1) > here


@given(CAMPAIGN, CAMPAIGN, STATISTIC, st.booleans())
def test_sides_changed_over_change_the_sign_alone(baseline, current, statistic, other_ids):
    if other_ids:
        current = {f"{key}'": values for key, values in current.items()}
    there = compared(baseline, current, statistic=statistic)
    back = compared(current, baseline, statistic=statistic)
    assert 0 <= there.least_p <= there.p <= 1
    assert (back.p, back.least_p) == pytest.approx((there.p, there.least_p))
    assert back.effect == pytest.approx(-there.effect, nan_ok=True)
    flipped = {"better": "worse", "worse": "better", "no evidence": "no evidence"}
    assert back.verdict == flipped[there.verdict]


@given(CAMPAIGN, CAMPAIGN, STATISTIC)
def test_names_of_unpaired_episodes_are_without_effect(baseline, current, statistic):
    def named(campaign, names):
        return {f"{name}{key}": campaign[key] for name, key in zip(names, campaign, strict=False)}

    one = compared(named(baseline, "abcde"), named(current, "fghij"), statistic=statistic)
    two = compared(named(baseline, "ywvut"), named(current, "srqpo"), statistic=statistic)
    assert (two.p, two.least_p) == pytest.approx((one.p, one.least_p))
    assert two.effect == pytest.approx(one.effect)


@given(CAMPAIGN, STATISTIC)
def test_nothing_is_better_than_itself(campaign, statistic):
    found = compared(campaign, campaign, statistic=statistic)
    assert (found.p, found.effect, found.verdict) == (1, 0, "no evidence")


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=8))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(ps):
    blank = replace(compared({"a": [1.0]}, {"a": [2.0]}), least_p=1e-6)
    judged = holm({i: replace(blank, p=p) for i, p in enumerate(ps)})
    adjusted = np.array([judged[i].p_adjusted for i in range(len(ps))])
    assert (adjusted >= ps).all()
    assert (adjusted <= np.minimum(1, len(ps) * np.array(ps)) + 1e-15).all()
    assert (np.diff(adjusted[np.argsort(ps)]) >= 0).all()
    assert adjusted.argmin() in np.flatnonzero(adjusted == adjusted[np.argmin(ps)])


@given(st.lists(EPISODE, max_size=30), st.integers(1, 40), st.floats(1, 4))
def test_a_sequential_test_spends_or_saves_every_planned_episode(episodes, planned, effect):
    k, n = np.array(episodes).reshape(-1, 2).T
    sprt = Sprt(0.95, 0.8, design_effect=effect)
    found = sprt.judge(k, n, planned)
    low, high = sprt.bounds
    assert found.used <= min(planned, len(episodes))
    if found.verdict in ("pass", "fail"):
        assert found.used + found.saved == planned
        assert found.evidence <= low if found.verdict == "pass" else found.evidence >= high
    else:
        assert low < found.evidence < high
        assert (found.verdict == "undecided") == (found.used == planned)
