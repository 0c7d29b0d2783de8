"""A campaign beside its baseline: verdicts, laws, and data from which nothing follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_1samp, ttest_ind
from scipy.stats import t as student_t

from cellpick.campaign.statistics import ALPHA, compare, holm
from cellpick.campaign.statistics.pooled import Pooled, portions
from cellpick.errors import InputError


def campaign(seed, episodes=20, cells=12, rate=0.98, name=""):
    rng = np.random.default_rng(seed)
    return {f"{name}{i}": rng.binomial(1, rate, cells) for i in range(episodes)}


def errors(seed, episodes=20, factor=1.0, name=""):
    rng = np.random.default_rng(seed)
    return {f"{name}{i}": factor * rng.lognormal(-1.6, 0.4, 12) for i in range(episodes)}


def against(baseline, current, **options):
    return compare(baseline, current, np.random.default_rng(5), **{"resamples": 999} | options)


@pytest.mark.parametrize("name", ["", "other"])
def test_a_worse_rate_is_worse_and_the_way_back_is_better(name):
    good, bad = campaign(1), campaign(2, rate=0.7, name=name)
    there, back = against(good, bad), against(bad, good)
    assert (there.verdict, back.verdict) == ("worse", "better")
    assert there.pairing == back.pairing == ("unpaired" if name else "paired")
    assert there.effect == pytest.approx(-back.effect)
    assert there.effect == pytest.approx(np.mean(list(bad.values())) - np.mean(list(good.values())))
    assert there.interval.low < there.effect < there.interval.high < 0
    assert tuple(there.interval) == pytest.approx((-back.interval.high, -back.interval.low))


@pytest.mark.parametrize("name", ["", "other"])
@pytest.mark.parametrize("statistic", ["mean", "p50", "p95"])
def test_larger_errors_are_worse_where_lower_is_better(name, statistic):
    before, now = errors(1), errors(2, factor=2, name=name)
    found = against(before, now, statistic=statistic, better="lower")
    assert found.verdict == "worse"
    assert found.interval.low > 0
    assert against(before, now, statistic=statistic, better="higher").verdict == "better"
    pooled = np.concatenate(list(now.values()))
    expected = {"mean": pooled.mean(), "p50": np.median(pooled), "p95": np.percentile(pooled, 95)}
    assert found.current == pytest.approx(expected[statistic])


def test_a_campaign_is_no_better_than_itself():
    found = against(campaign(3), campaign(3))
    assert (found.verdict, found.effect, found.p, found.least_p) == ("no evidence", 0, 1, 1)
    assert found.reason == "nothing differs"
    for count in range(1, 30):
        assert against(errors(3, count), errors(3, count)).reason == "nothing differs"


@pytest.mark.parametrize("name", ["", "other"])
def test_the_order_of_episodes_and_of_cells_is_without_effect(name):
    before, now = errors(4), errors(5, factor=1.2, name=name)
    shuffled = {key: now[key][::-1] for key in sorted(now, reverse=True)}
    there = against(before, now, statistic="p95")
    assert against(before, shuffled, statistic="p95") == there
    assert against(dict(reversed(before.items())), now, statistic="p95") == there


def test_units_are_without_effect_on_the_verdict():
    before, now = errors(4), errors(5, factor=1.2)
    mm, m = (
        against({k: v * unit for k, v in before.items()}, {k: v * unit for k, v in now.items()})
        for unit in (1, 1e-3)
    )
    assert (m.p, m.verdict) == (mm.p, mm.verdict)
    assert m.effect == pytest.approx(mm.effect * 1e-3)


def test_p_of_all_exchanges_within_pairs_is_scipys():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=13), rng.normal(0.5, size=13)
    found = compare(
        {str(i): [x] for i, x in enumerate(a)}, {str(i): [x] for i, x in enumerate(b)}, rng
    )
    peer = permutation_test((b - a,), lambda x, axis: x.mean(axis), permutation_type="samples")
    assert found.p == pytest.approx(peer.pvalue)
    assert found.least_p == pytest.approx(2 / 2**13)


def test_p_of_all_free_exchanges_is_scipys():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=5), rng.normal(1.5, size=6)
    found = compare(
        {f"a{i}": [x] for i, x in enumerate(a)}, {f"b{i}": [x] for i, x in enumerate(b)}, rng
    )

    def far(x, y, axis):
        return abs(x.mean(axis) - y.mean(axis))

    peer = permutation_test((a, b), far, vectorized=True, alternative="greater")
    assert found.p == pytest.approx(peer.pvalue)
    assert found.least_p == pytest.approx(1 / 462)


@pytest.mark.parametrize("statistic", ["mean", "p50", "p95"])
def test_few_pairs_of_positive_values_get_students_test(statistic):
    before, now = errors(1, 4), errors(2, 4, factor=5)
    found = against(before, now, statistic=statistic, better="lower")
    figure = {"mean": np.mean, "p50": np.median, "p95": lambda v: np.percentile(v, 95)}[statistic]
    apart = [np.log(figure(now[key]) / figure(before[key])) for key in before]
    assert found.p == pytest.approx(ttest_1samp(apart, 0).pvalue)
    assert (found.test, found.verdict, found.pairing) == ("student", "worse", "paired")


def test_few_unpaired_positive_values_get_students_test():
    before, now = errors(1, 4), errors(2, 5, factor=3, name="b")
    found = against(before, now, better="lower")
    logs = [[np.log(np.mean(v)) for v in side.values()] for side in (before, now)]
    assert found.p == pytest.approx(ttest_ind(*logs).pvalue)
    assert (found.test, found.verdict) == ("student", "worse")


def test_students_test_keeps_cases_apart():
    """As the F test of the campaign in an analysis of variance with the case as a block."""
    rng = np.random.default_rng(2)
    size = {"hard": 5.0, "easy": 0.1}
    cases = {f"{side}{case}{i}": case for side in "ab" for case in size for i in range(3)}
    values = {key: [size[case] * rng.lognormal(0, 0.1)] for key, case in cases.items()}
    before = {key: v for key, v in values.items() if key[0] == "a"}
    now = {key: [v[0] * 1.5] for key, v in values.items() if key[0] == "b"}
    found = against(before, now, better="lower", strata=cases)
    assert (found.test, found.verdict) == ("student", "worse")
    logs = np.array([np.log(v[0]) for v in (before | now).values()]).reshape(2, 2, 3)
    inner = ((logs - logs.mean(axis=2, keepdims=True)) ** 2).sum() / 8
    t = np.diff(logs.mean(axis=(1, 2)))[0] / np.sqrt(inner * 2 / 6)
    assert found.p == pytest.approx(2 * student_t.sf(t, 8))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([0.0, 2.0, 1.0], [3.0, 3.0, 4.0]),  # a count may be 0
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]),  # nothing varies
        ([0.1, 0.2, 0.7], [0.3, 0.6, 2.1]),  # nothing but rounding varies
        ([1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]),  # a rate
        ([1.0, 2.0], [3.0, 3.0]),  # one degree of freedom
    ],
)
def test_where_students_test_does_not_apply_exchanges_serve(before, now):
    sides = ({str(i): [v] for i, v in enumerate(side)} for side in (before, now))
    assert against(*sides).test == "exchange"


def test_episodes_that_moved_against_the_whole_are_no_evidence():
    """One episode of many cells moves the mean up; the others moved down."""
    before = {"0": [1.0] * 99} | {str(i): [1.0 + i / 50] for i in range(1, 9)}
    now = {"0": [1.4] * 99} | {str(i): [0.5] for i in range(1, 9)}
    found = against(before, now, better="lower")
    assert found.effect > 0
    assert (found.test, found.p, found.verdict) == ("student", 1, "no evidence")


def test_strata_keep_a_hard_case_from_hiding_a_change():
    """The cases differ far more than the campaigns do: exchanged within cases, the change shows."""
    rng = np.random.default_rng(2)
    cases = {f"{side}{i}": "hard" if i % 2 else "easy" for side in "ab" for i in range(24)}

    def side(name, shift):
        return {
            f"{name}{i}": [(10 if i % 2 else 0) + shift + rng.normal(0, 0.3)] for i in range(24)
        }

    before, now = side("a", 0.0), side("b", 1.0)
    assert against(before, now, better="lower", strata=cases).verdict == "worse"
    assert against(before, now, better="lower").verdict == "no evidence"


def test_a_case_of_one_side_alone_is_left_out():
    before = campaign(1, name="a") | campaign(2, name="new", rate=0.1)
    cases = {key: key[:1] if key.startswith("n") else "old" for key in before}
    now = campaign(3, name="b")
    found = against(before, now, strata=cases | dict.fromkeys(now, "old"))
    assert found.episodes == (20, 20)
    assert found.verdict == "no evidence"


def test_campaigns_without_a_case_in_common_cannot_be_compared():
    before, now = campaign(1, name="a"), campaign(2, name="b")
    found = against(before, now, strata=dict.fromkeys(before, "x") | dict.fromkeys(now, "y"))
    assert (found.verdict, found.episodes) == ("no evidence", (0, 0))
    assert found.reason == "no values that could be compared"


def test_pairs_are_taken_where_half_of_both_sides_have_a_partner():
    before = campaign(1, episodes=20)
    half = {str(i): [1.0] for i in range(10, 30)}
    assert against(before, half).pairing == "paired"
    assert against(before, half).episodes == (10, 10)
    less = {str(i): [1.0] for i in range(11, 31)}
    assert against(before, less).pairing == "unpaired"
    assert against(before, less).episodes == (20, 20)


@pytest.mark.parametrize("empty", [{}, {"0": []}, {"0": [np.nan], "1": [np.inf]}])
def test_without_values_there_is_no_evidence(empty):
    for sides, missing in (
        ((empty, campaign(1)), "no values in the baseline"),
        ((campaign(1), empty), "no values in the current campaign"),
        ((empty, empty), "no values that could be compared"),
    ):
        for statistic in ("mean", "p95"):
            found = against(*sides, statistic=statistic)
            assert (found.verdict, found.reason, found.p) == ("no evidence", missing, 1)
            assert np.isnan([found.effect, *found.interval]).all()


def test_one_episode_alone_is_never_evidence():
    for name in ("", "other"):
        found = against({"0": [1] * 50}, {f"{name}0": [0] * 50})
        assert found.verdict == "no evidence"
        assert found.reason == "too little data: p cannot be below 1"
        assert found.effect == -1


def test_the_size_of_a_change_is_unknown_from_one_episode_of_measured_values():
    for name in ("", "other"):
        found = against({"0": [0.2, 0.3]}, {f"{name}0": [2.0, 3.0]}, better="lower")
        assert found.verdict == "no evidence"
        assert np.isnan(found.interval).all()


def test_few_rates_are_exchanged_freely():
    found = against(campaign(1, 6, rate=1), campaign(2, 6, rate=0.5))
    assert (found.test, found.verdict) == ("exchange", "worse")
    assert found.p == pytest.approx(2 / 924)


def test_exchanges_come_in_portions_that_fit_the_memory():
    assert sum(portions(9999, 4000)) == 9999
    assert max(portions(9999, 4000)) * 4000 <= 4_000_000
    assert portions(5, 10**9) == [1] * 5
    assert portions(10, 0) == [10]


def test_too_few_episodes_are_said_to_be_too_few():
    found = against(campaign(1, 4, rate=1), campaign(2, 4, rate=0))
    assert (found.verdict, found.test) == ("no evidence", "exchange")
    assert found.reason == "too little data: p cannot be below 0.029"
    assert found.p == pytest.approx(2 / 70)


def test_rates_without_any_failure_have_an_interval_around_no_difference():
    whole = {str(i): [1] * 12 for i in range(20)}
    found = against(whole, {f"b{i}": [1] * 12 for i in range(20)})
    assert found.interval.low == pytest.approx(-found.interval.high)
    assert 0.01 < found.interval.high < 0.05


def test_values_that_are_no_numbers_are_left_out():
    now = errors(2)
    holes = {key: [*value, np.nan, np.inf] for key, value in now.items()}
    assert against(errors(1), holes | {"x": [np.nan]}) == against(errors(1), now)


def test_numbers_of_cells_may_differ():
    rng = np.random.default_rng(3)
    ragged = {str(i): rng.binomial(1, 0.9, i % 5 + 1) for i in range(30)}
    assert against(ragged, campaign(1, 30)).baseline == np.concatenate([*ragged.values()]).mean()


@pytest.mark.parametrize("statistic", ["mean", "p50", "p95"])
def test_weighted_figures_are_numpys_of_the_values_repeated(statistic):
    rng = np.random.default_rng(1)
    values = [rng.normal(size=n).round(1) for n in (3, 5, 1, 7)]
    weights = rng.integers(0, 3, (300, 4)).astype(float)
    percentile = {"p50": 50, "p95": 95}.get(statistic)

    def numpys(row):
        taken = np.concatenate([np.tile(v, int(k)) for v, k in zip(values, row, strict=True)])
        if len(taken) == 0:
            return np.nan
        return taken.mean() if percentile is None else np.percentile(taken, percentile)

    expected = [numpys(row) for row in weights]
    assert np.isnan(expected).any()
    np.testing.assert_allclose(Pooled(values, statistic).figure(weights), expected, atol=1e-12)


def test_many_comparisons_share_one_chance_of_error():
    found = against(errors(1), errors(2, factor=1.3), better="lower")
    assert found.verdict == "worse"
    family = {i: replace(found, p=p, p_adjusted=p) for i, p in enumerate((0.004, 0.003, 0.5))}
    judged = holm(family)
    assert [c.p_adjusted for c in judged.values()] == pytest.approx([0.009, 0.009, 0.5])
    assert [c.verdict for c in judged.values()] == ["worse", "worse", "no evidence"]
    assert holm({0: family[0], 1: family[0], 2: family[2]})[0].verdict == "no evidence"


def test_comparisons_that_can_show_nothing_take_no_share():
    found = replace(against(errors(1), errors(2, factor=1.3), better="lower"), p=0.008)
    nothing = against(campaign(3), campaign(3))
    few = against(campaign(1, 3), campaign(2, 3, rate=0))
    judged = holm({"a": found, "b": nothing, "c": few, "d": against({}, {})})
    assert judged["a"].p_adjusted == 0.008
    assert {key: c.verdict for key, c in judged.items()} == {
        "a": "worse",
        **dict.fromkeys("bcd", "no evidence"),
    }
    assert holm({}) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistic": "p99"}, "statistic: no such figure; got 'p99'; accepted: mean, p50, p95"),
        ({"better": "more"}, "better: no such direction"),
        ({"alpha": 0}, "alpha: not between 0 and 1"),
        ({"resamples": 0}, "resamples: at least one"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        against(campaign(1), campaign(2), **options)


def test_a_bare_number_is_no_list_of_values():
    with pytest.raises(InputError, match="7: an episode needs a list of values"):
        against({"7": 1.0}, campaign(1))
    with pytest.raises(InputError, match="alpha: not between 0 and 1"):
        holm({}, alpha=1)


def test_the_level_is_the_documented_one():
    assert ALPHA == 0.01
