"""The sequential test: Wald's bounds, exact rates, early ends, and what is refused."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from cellpick.campaign.statistics import Sprt, sprt_rates
from cellpick.errors import InputError

TEST = Sprt(0.98, 0.9)


def test_the_evidence_is_the_likelihood_ratio():
    k, n = np.array([12, 11, 10]), np.array([12, 12, 12])
    found = TEST.judge(k, n)
    likelihood = [k.sum() * math.log(p) + (n - k).sum() * math.log(1 - p) for p in (0.98, 0.9)]
    assert found.evidence == pytest.approx(likelihood[1] - likelihood[0])
    assert found.verdict == "continue"


def test_a_design_effect_divides_the_evidence():
    halved = Sprt(0.98, 0.9, design_effect=2)
    assert halved.judge([12], [12]).evidence == TEST.judge([12], [12]).evidence / 2


def test_successes_alone_pass_as_soon_as_the_bound_is_reached():
    least = math.ceil(math.log(0.05) / math.log(0.9 / 0.98))
    for n in (least - 1, least, 100):
        found = TEST.judge(np.ones(n), np.ones(n), planned=100)
        assert found.verdict == ("continue" if n < least else "pass")
        assert found.used == min(n, least)
        assert found.saved == (0 if n < least else 100 - least)


def test_failures_alone_fail_as_soon_as_the_bound_is_reached():
    least = math.ceil(math.log(100) / math.log(0.1 / 0.02))
    found = TEST.judge(np.zeros(50), np.ones(50), planned=50)
    assert (found.verdict, found.used, found.saved) == ("fail", least, 50 - least)


def test_what_comes_after_the_verdict_changes_nothing():
    rng = np.random.default_rng(1)
    outcomes = rng.binomial(12, 0.9, 40)
    whole = TEST.judge(outcomes, np.full(40, 12), 40)
    assert whole.verdict == "fail"
    upto = outcomes[: whole.used]
    assert TEST.judge(upto, np.full(whole.used, 12), 40) == whole
    assert TEST.judge(upto[:-1], np.full(whole.used - 1, 12), 40).verdict == "continue"


def test_the_planned_number_ends_it_undecided():
    outcomes = [1] * 10
    assert TEST.judge(outcomes, [1] * 10, 10).verdict == "undecided"
    assert TEST.judge(outcomes, [1] * 10, 11).verdict == "continue"
    # outcomes beyond the plan are not looked at
    assert TEST.judge([1] * 200, [1] * 200, 10) == TEST.judge(outcomes, [1] * 10, 10)


def test_without_episodes_or_trials_it_goes_on():
    assert TEST.judge([], [], 10) == TEST.judge([], [])
    assert TEST.judge([], []).verdict == "continue"
    empty = TEST.judge([0, 0], [0, 0], 3)
    assert (empty.verdict, empty.evidence, empty.used, empty.saved) == ("continue", 0, 2, 0)


def test_a_perfect_or_hopeless_limit_is_refused_since_one_outcome_would_decide():
    with pytest.raises(InputError, match="p0: not between 0 and 1"):
        Sprt(1.0, 0.9)
    with pytest.raises(InputError, match="p1: not between 0 and 1"):
        Sprt(0.9, 0.0)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.8, 0.95, 1.0])
def test_exact_rates_are_the_sum_over_all_sequences(rate):
    sprt, planned = Sprt(0.8, 0.4, 0.1, 0.2), 9
    chances = dict.fromkeys(("pass", "fail", "undecided"), 0.0)
    used = 0.0
    for outcomes in product((0, 1), repeat=planned):
        chance = rate ** sum(outcomes) * (1 - rate) ** (planned - sum(outcomes))
        found = sprt.judge(outcomes, np.ones(planned), planned)
        chances[found.verdict] += chance
        used += chance * found.used
    exact = sprt_rates(sprt, rate, planned)
    assert exact == pytest.approx((*(chances[k] for k in ("fail", "pass", "undecided")), used))


@pytest.mark.parametrize("planned", [10, 60, 400])
@pytest.mark.parametrize(("p0", "p1"), [(0.98, 0.9), (0.95, 0.8), (0.995, 0.97)])
@pytest.mark.parametrize(("alpha", "beta"), [(0.01, 0.05), (0.05, 0.05), (0.2, 0.1)])
def test_no_error_rate_exceeds_the_stated_one(p0, p1, alpha, beta, planned):
    sprt = Sprt(p0, p1, alpha, beta)
    assert sprt_rates(sprt, p0, planned).fails <= alpha
    assert sprt_rates(sprt, p1, planned).passes <= beta


def test_a_better_rate_fails_less_and_passes_more():
    rates = np.array([sprt_rates(TEST, p, 100) for p in np.linspace(0.7, 1, 13)])
    assert (np.diff(rates[:, 0]) <= 1e-12).all()
    assert (np.diff(rates[:, 1]) >= -1e-12).all()
    assert np.allclose(rates[:, :3].sum(axis=1), 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Sprt(0.9, 0.9), "p1, which shall fail, lies below p0"),
        (lambda: Sprt(0.9, 0.95), "p1, which shall fail, lies below p0"),
        (lambda: Sprt(float("nan"), 0.9), "p0: not between 0 and 1"),
        (lambda: Sprt(0.9, 0.8, alpha=0), "alpha: not between 0 and 1"),
        (lambda: Sprt(0.9, 0.8, beta=5), "beta: not between 0 and 1"),
        (lambda: Sprt(0.9, 0.8, design_effect=0), "a design effect is 1 at least"),
        (lambda: TEST.judge([1], [1], 0), "at least one planned episode"),
        (lambda: TEST.judge([2], [1]), "episode 0: successes are whole numbers"),
        (lambda: TEST.judge([1], [1, 1]), "one number an episode"),
        (lambda: sprt_rates(TEST, 1.5, 10), "rate: not from 0 to 1"),
        (lambda: sprt_rates(TEST, 0.5, 0), "at least one planned trial"),
    ],
)
def test_what_cannot_be_tested_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
