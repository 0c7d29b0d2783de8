"""Limits, baselines and the sequential test: what passes, what fails and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from suite_stage import SUITE, look, run, usual, write_suite

from cellpick.campaign import (
    Baseline,
    EarlyStop,
    comparison_document,
    evaluate_suite,
    load_suite,
    read_baseline,
    refuse_another_suite,
)
from cellpick.campaign.episode import blank_record
from cellpick.campaign.sample import sample_of
from cellpick.campaign.thresholds import judge
from cellpick.errors import InputError


def suite_of(tmp_path, case="", text=None):
    head = "name: s\nseeds: 8\n"
    body = f"cases:\n  - {{name: a, scene: prismatic_tray, set: {{tray.rows: 1}}{case}}}\n"
    return load_suite(write_suite(tmp_path, text or head + body))


def verdict_of(tmp_path, limit, records):
    suite = suite_of(tmp_path, f", thresholds: {{{limit}}}")
    episodes = suite.plan().episodes
    made = [sample_of(r(e)) for r, e in zip(records, episodes, strict=False)]
    return next(v for v in judge(suite, made) if v.figure == limit.split(":")[0])


def placed(number):
    return lambda episode: run(episode, cells=10, placed=number)


@pytest.mark.parametrize(("limit", "status"), [(0.95, "pass"), (0.951, "fail")])
def test_a_limit_holds_for_the_figure_itself(tmp_path, limit, status):
    verdict = verdict_of(tmp_path, f"success_rate: {limit}", [placed(10), placed(9)])
    assert verdict.value == 0.95
    assert verdict.status == status


def test_with_a_confidence_it_must_hold_for_the_bound(tmp_path):
    records = [placed(10)] * 8
    plain = verdict_of(tmp_path, "success_rate: 0.95", records)
    sure = verdict_of(tmp_path, "success_rate: {limit: 0.95, confidence: 0.95}", records)
    bound = float(sure.reason.split()[-1])
    assert (plain.status, sure.status) == ("pass", "fail")
    # a one-sided bound of 95 % is nearer than the end of a two-sided interval of 95 %
    assert plain.low < bound < 0.95
    looser = f"success_rate: {{limit: {bound - 1e-5}, confidence: 0.95}}"
    assert verdict_of(tmp_path, looser, records).status == "pass"


def test_what_may_be_at_most_is_held_from_above(tmp_path):
    def errs(mm):
        return lambda episode: run(episode, cells=40, placed=40, place_mm=mm)

    records = [errs(0.3)] * 7 + [errs(0.5)]
    assert verdict_of(tmp_path, "place_error_mm_p95: 0.5", records).status == "pass"
    verdict = verdict_of(tmp_path, "place_error_mm_p95: 0.49", records)
    assert (verdict.status, verdict.seed) == ("fail", 7)


def test_too_few_values_for_a_confidence_do_not_pass(tmp_path):
    limit = "place_error_mm_p95: {limit: 9, confidence: 0.95}"
    verdict = verdict_of(tmp_path, limit, [placed(10)])
    assert verdict.status == "fail"
    assert verdict.reason == "10 values are too few for a bound of that confidence"


def test_a_limit_without_data_is_no_pass(tmp_path):
    verdict = verdict_of(tmp_path, "place_error_mm_p95: 1", [placed(0)])
    assert (verdict.status, verdict.value) == ("no_data", None)
    assert verdict_of(tmp_path, "success_rate: 0.5", []).status == "no_data"


def test_the_worst_seed_is_named_with_its_command(tmp_path):
    verdict = verdict_of(tmp_path, "success_rate: 1", [placed(9), placed(7), placed(7)])
    assert verdict.seed == 1
    assert verdict.command == "cellpick run prismatic_tray --seed 1 --set tray.rows=1"
    assert verdict.rule == "success_rate >= 100 %"


def test_an_episode_that_did_not_end_misses_the_limit_that_nobody_wrote(tmp_path):
    suite = suite_of(tmp_path)
    first, second, *_ = suite.plan().episodes
    records = [run(first), blank_record(second, "raised", "ValueError: x")]
    (verdict,) = judge(suite, [sample_of(record) for record in records])
    assert verdict.figure == "errors"
    assert (verdict.status, verdict.seed) == ("fail", second.seed)
    assert "ValueError: x" in verdict.reason


@pytest.fixture
def whole(tmp_path):
    suite = load_suite(write_suite(tmp_path, SUITE.replace("seeds: 4", "seeds: 12")))
    plan = suite.plan()
    return suite, plan, [usual(episode) for episode in plan.episodes]


def test_the_document_has_every_case_all_of_them_and_the_verdict(whole):
    suite, plan, records = whole
    results = evaluate_suite(suite, plan, records)
    assert results["passed"]
    assert list(results["figures"]) == ["boxes", "rounds", "heap"]
    assert results["overall"]["success_rate"]["count"] == 96
    assert results["overall"]["found_rate"]["count"] == 96 + 120
    assert results["baseline"] is results["sequential"] is None
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def baseline_of(suite, records):
    return Baseline(suite.name, "0", "0+a", tuple(sample_of(record) for record in records))


def shifted(record, by_mm):
    changed = json.loads(json.dumps(record))
    for attempt in changed["attempts"]:
        attempt["place_error_mm"] += by_mm
    return changed


def test_the_same_records_differ_in_nothing(whole):
    suite, plan, records = whole
    results = evaluate_suite(suite, plan, records, baseline_of(suite, records))
    assert results["passed"]
    found = results["baseline"]["figures"].values()
    assert {change["reason"] for change in found} == {"nothing differs"}


def test_a_shift_of_every_placement_is_worse_and_back_is_better(whole):
    suite, plan, records = whole
    offset = [shifted(record, 0.05) for record in records]
    results = evaluate_suite(suite, plan, offset, baseline_of(suite, records))
    assert not results["passed"]
    assert results["baseline"]["worse"] == ["place_error_mm"]
    change = results["baseline"]["figures"]["place_error_mm"]
    assert change["pairing"] == "paired"
    assert change["effect"] == pytest.approx(0.05)
    back = evaluate_suite(suite, plan, records, baseline_of(suite, offset))
    assert back["passed"]
    assert back["baseline"]["figures"]["place_error_mm"]["verdict"] == "better"


def test_other_seeds_are_compared_case_by_case(whole):
    suite, plan, records = whole
    others = [usual(replace(e, seed=e.seed + 1000)) for e in plan.episodes]
    found = evaluate_suite(suite, plan, others, baseline_of(suite, records))["baseline"]
    assert found["worse"] == []
    assert found["figures"]["place_error_mm"]["pairing"] == "unpaired"
    offset = [shifted(record, 0.1) for record in others]
    worse = evaluate_suite(suite, plan, offset, baseline_of(suite, records))["baseline"]["worse"]
    assert worse == ["place_error_mm"]


def test_an_episode_that_no_longer_ends_counts_against_the_change(whole):
    suite, plan, records = whole
    broken = [
        blank_record(e, "died") if e.case == "boxes" else r
        for e, r in zip(plan.episodes, records, strict=True)
    ]
    worse = evaluate_suite(suite, plan, broken, baseline_of(suite, records))["baseline"]["worse"]
    assert "errors" in worse
    assert "success_rate" in worse


def test_a_case_of_one_side_alone_is_left_out(whole):
    suite, _, records = whole
    boxes = [r for r in records if r["case"] == "boxes"]
    before = [shifted(r, 1.0) if r["case"] == "rounds" else r for r in records]
    samples = [sample_of(record) for record in boxes]
    found = comparison_document(baseline_of(suite, before), samples, "0+b")
    assert found["figures"]["place_error_mm"]["effect"] == pytest.approx(0, abs=1e-12)


def test_a_baselines_file_gives_back_what_was_kept(whole, tmp_path):
    suite, _, records = whole
    kept = baseline_of(suite, records)
    path = tmp_path / "base.json"
    path.write_text(json.dumps(kept.document()))
    assert read_baseline(path) == kept


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "another schema; got 'none'"),
        ('{"schema": "cellpick.baseline/0"}', "another schema; got 'cellpick.baseline/0'"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(content, message, tmp_path):
    path = tmp_path / "base.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"base\.json") as caught:
        read_baseline(path)
    assert message in str(caught.value)
    assert "--save-baseline" in str(caught.value)


HEAD = {"schema": "cellpick.baseline/1", "suite": "s", "version": "0"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "episodes: a required key is missing"),
        ({"episodes": 3}, "episodes: must be a list; got 3"),
        ({"episodes": [{}]}, "episodes.0.id: a required key is missing"),
        ({"episodes": [[]]}, "episodes.0: must be a map; got []"),
        ({"episodes": []}, "has no episodes to compare with"),
        ({"episodes": [], "suite": None}, "suite: must be a valid string; got 'nothing'"),
        ({"episodes": [], "colour": 1}, "colour: unknown key; got 'colour'"),
    ],
)
def test_a_baseline_that_is_not_whole_is_refused_by_key(content, message, tmp_path):
    path = tmp_path / "base.json"
    path.write_text(json.dumps(HEAD | content))
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert str(caught.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("placed", "x", "must be a valid integer; got 'x'; accepted: a whole number >= 0"),
        ("placed", None, "must be a valid integer; got 'nothing'"),
        ("placed", True, "must be a valid integer; got True"),
        ("placed", 2.5, "must be a valid integer; got 2.5"),
        ("placed", -1, "must be greater than or equal to 0; got -1"),
        ("ended", 1, "must be a valid boolean; got 1; accepted: true or false"),
        ("case", None, "must be a valid string; got 'nothing'; accepted: text"),
        ("kind", "walk", "must be 'run' or 'look'; got 'walk'"),
        ("station_time_s", float("nan"), "must be a finite number; got nan"),
        ("place_mm", None, "must be a list; got 'nothing'"),
        ("place_mm.0", "a", "must be a valid number; got 'a'; accepted: a number >= 0"),
        ("place_mm.0", float("inf"), "must be a finite number; got inf"),
        ("placd", 1, "unknown key; did you mean 'placed'?; got 'placd'"),
    ],
)
def test_a_baselines_value_of_another_kind_is_refused_by_its_key(
    whole, key, value, message, tmp_path
):
    suite, _, records = whole
    document = json.loads(json.dumps(baseline_of(suite, records).document()))
    name, is_list, _ = key.partition(".")
    document["episodes"][2][name] = [value] if is_list else value
    path = tmp_path / "base.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert str(caught.value).startswith(f"{path}: episodes.2.{key}: {message}")


def test_an_episode_stands_in_a_baseline_once(whole, tmp_path):
    suite, _, records = whole
    kept = baseline_of(suite, records)
    path = tmp_path / "base.json"
    path.write_text(json.dumps(replace(kept, samples=kept.samples + kept.samples[1:2]).document()))
    with pytest.raises(InputError, match=r"episodes\.1\.id: an episode stands twice; got"):
        read_baseline(path)


def test_a_baseline_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such baseline"):
        read_baseline(tmp_path / "none.json")


def test_a_baseline_of_another_suite_or_of_other_cases_is_refused(whole, tmp_path):
    suite, _, records = whole
    kept = baseline_of(suite, records)
    with pytest.raises(InputError, match="of another suite; got 'made_up'; accepted: mine"):
        refuse_another_suite(kept, "mine", ["boxes"], tmp_path)
    with pytest.raises(InputError, match="none of the suite's cases; got 'boxes, heap, rounds'"):
        refuse_another_suite(kept, "made_up", ["cans"], tmp_path)
    refuse_another_suite(kept, "made_up", ["cans", "heap"], tmp_path)


SEQUENTIAL = SUITE.replace("seeds: 4", "seeds: 200\nsequential: {good: 0.99, bad: 0.9}")


def stopped_early(suite, plan):
    """The test, and the records that it let come."""
    stop, seen = EarlyStop(suite, plan), []
    for episode in plan.episodes:
        seen.append(usual(episode))
        if not stop.observe(seen[-1]):
            break
    return stop, seen


def test_a_good_suite_stops_early_and_says_what_it_saved(tmp_path):
    suite = load_suite(write_suite(tmp_path, SEQUENTIAL))
    plan = suite.plan()
    _, seen = stopped_early(suite, plan)
    results = evaluate_suite(suite, plan, seen, early_stop=EarlyStop(suite, plan))
    test = results["sequential"]
    assert test["verdict"] == "pass"
    assert results["passed"]
    assert test["used"] + test["saved"] == 400
    assert test["saved"] > 300
    assert results["episodes"] < results["planned"]


def test_no_case_is_left_without_an_episode(tmp_path):
    others = "".join(
        f"\n  - {{name: c{k}, scene: prismatic_tray, set: {{tray.rows: {k}}}}}" for k in range(2, 5)
    )
    text = SEQUENTIAL.replace("good: 0.99, bad: 0.9", "good: 0.9, bad: 0.1").rstrip() + others
    suite = load_suite(write_suite(tmp_path, text))
    plan = suite.plan()
    stop, seen = stopped_early(suite, plan)
    assert stop.verdict.used < len(seen) == 6
    assert evaluate_suite(suite, plan, seen, early_stop=stop)["passed"]


def test_a_case_of_looks_that_all_died_has_no_success_rate(whole):
    suite, plan, records = whole
    broken = [
        blank_record(e, "died") if e.case == "heap" else r
        for e, r in zip(plan.episodes, records, strict=True)
    ]
    results = evaluate_suite(suite, plan, broken, baseline_of(suite, records))
    assert "success_rate" not in results["figures"]["heap"]
    (command,) = {v["command"] for v in results["verdicts"] if v["case"] == "heap"}
    assert command.startswith("cellpick capture bulk_bin --seed 0 ")
    assert results["overall"]["success_rate"]["value"] == 1
    assert results["baseline"]["figures"]["success_rate"]["effect"] == 0
    assert "errors" in results["baseline"]["worse"]


def test_a_bad_one_fails_as_a_whole(tmp_path):
    suite = load_suite(write_suite(tmp_path, SEQUENTIAL.replace("success_rate: 0.9, ", "")))
    plan = suite.plan()
    seen = [look(e) if e.case == "heap" else run(e, cells=10, placed=7) for e in plan.episodes[:90]]
    results = evaluate_suite(suite, plan, seen, early_stop=EarlyStop(suite, plan))
    assert results["sequential"]["verdict"] == "fail"
    assert not results["passed"]


def test_the_order_in_which_episodes_end_decides_nothing(tmp_path):
    suite = load_suite(write_suite(tmp_path, SEQUENTIAL))
    plan = suite.plan()
    rng = np.random.default_rng(2)
    seen = [
        look(e) if e.case == "heap" else run(e, placed=int(4 - (rng.random() < 0.3)))
        for e in plan.episodes[:150]
    ]
    told = []
    for order in (range(150), rng.permutation(150)):
        stop = EarlyStop(suite, plan)
        for k in order:
            stop.observe(seen[k])
        told.append(stop.verdict)
    assert told[0] == told[1]
    late = EarlyStop(suite, plan)
    # the first is still under way: nothing can be told yet
    assert all(late.observe(record) for record in seen[1:])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SUITE, "the suite does not say when it may stop early"),
        (
            "sequential: {good: 0.9, bad: 0.8}\ncases: [{name: a, scene: bulk_bin}]",
            "a suite of looks alone has no success rate",
        ),
    ],
)
def test_a_suite_that_cannot_stop_early_is_refused(text, message, tmp_path):
    suite = load_suite(write_suite(tmp_path, text))
    with pytest.raises(InputError, match=message):
        EarlyStop(suite, suite.plan())
