"""The parts of a campaign's page: what became of each cell, the worst episodes, plots, words."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from campaign_page_stage import attempt, effects, ended, looked, record, records, results, summary
from hypothesis import given
from hypothesis import strategies as st

from cellpick.report.campaign_plots import error_plot
from cellpick.report.campaign_tally import Tally
from cellpick.report.campaign_verdict import (
    changes,
    missed,
    sequential_words,
    verdict_words,
    wanted,
)
from cellpick.report.cell_fates import FULL, fates, made_good
from cellpick.report.effect_plots import Axis, importance_plot, main_effect_plot, sobol_plot
from cellpick.report.effect_words import effect_lines
from cellpick.report.effects_section import effects_section
from cellpick.report.episode_words import inputs_told
from cellpick.report.failure_tree import MOST_BRANCHES, FailureTree
from cellpick.report.figure_words import amount, bare_amount, interval
from cellpick.report.heat_map import heat_map, range_of_pairs
from cellpick.report.record_fields import as_number, count, numbers, part, rows, words
from cellpick.report.row_plot import Row, cut, row_plot, ticks
from cellpick.report.stage_plot import stage_plot
from cellpick.report.worst_episodes import OF_ONE_KIND, SHOWN, WorstEpisodes

STATUSES = ("placed", "not_picked", "misplaced", "dropped", "not_attempted")


def marks(svg, tag, kind):
    return [m for m in ElementTree.fromstring(svg).iter(tag) if m.get("class", "").startswith(kind)]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(STATUSES)), max_size=20),
    st.integers(0, 14),
    st.integers(0, 14),
    st.integers(0, 14),
)
def test_every_cell_that_was_not_placed_has_one_fate(tries, cells, slots, found):
    attempts = [attempt(k, status, cell=f"cell{name}") for k, (name, status) in enumerate(tries)]
    told = summary(attempts, cells, slots_total=slots)
    told["placed_ok"] = min(told["placed_ok"], cells)
    made = record(attempts=attempts, summary=told)
    made["first_look"]["found"] = found
    assert len(fates(made)) == cells - told["placed_ok"]
    assert fates(made).count(FULL) == min(cells - told["placed_ok"], max(cells - slots, 0))


def test_a_cell_is_told_by_its_last_attempt_and_one_that_was_placed_by_none():
    tries = [
        attempt(1, "not_picked", cell="a", cause="jaws_empty"),
        attempt(2, "not_picked", cell="b", cause="seal_failed"),
        attempt(3, "dropped", cell="a", cause="shear_slip", event="", reason=""),
        attempt(4, "placed", cell="b"),
    ]
    made = record(attempts=tries, summary=summary(tries, 2))
    assert fates(made) == [("dropped", "shear slip")]
    assert made_good(made) == [
        ("not picked up", "seal failed", "grip failed: no seal or nothing between the jaws")
    ]


def test_a_cell_without_an_attempt_is_told_by_skip_then_stop_then_the_look():
    skip = {"key": "c9", "event": "no_grasp", "action": "skip", "reason": "too near"}
    more = {"recoveries": [skip, skip | {"action": "look_again", "key": "c8"}]}
    unseen = record(attempts=[], summary=summary([], 3, **more))
    unseen["first_look"].update(cells=3, found=2)
    assert fates(unseen) == [
        ("never attempted", "skipped: no grasp", "too near"),
        ("never attempted", "not found in the first look"),
        ("never attempted", "no reason recorded"),
    ]
    unseen["summary"]["stopped"] = "arm_blocked: met the wall"
    assert (
        fates(unseen)[1:]
        == [("never attempted", "the station stopped: arm blocked", "met the wall")] * 2
    )


def tree_of(made):
    tree = FailureTree()
    for one in made:
        tree.add(one)
    return {root.name.split(",")[0]: root for root in tree.roots()}


def test_branches_add_up_to_what_they_branch_from():
    def check(node):
        shown = node.shown()
        if shown:
            assert sum(branch.count for branch in shown) == node.count
            assert len(shown) <= MOST_BRANCHES
        for branch in shown:
            assert branch.episodes <= node.episodes
            check(branch)

    made = records(240)
    made += [ended("raised", f"{chr(97 + k)}Error: x", 900 + k) for k in range(20)]
    for root in tree_of(made).values():
        check(root)
    done = [r for r in made if r["status"] == "done"]
    assert tree_of(made)["Cells not placed"].count == sum(len(fates(r)) for r in done)
    assert tree_of(made)["Episodes without a result"].count == len(made) - len(done)


def test_reasons_that_differ_in_numbers_alone_stand_together():
    made = [ended("raised", f"ValueError: {k} mm of cam{k}_3d", k) for k in (1, 1)]
    root = tree_of(made)["Episodes without a result"]
    assert [node.name for node in root.branches["raised an error"].shown()] == [
        "ValueError: 1 mm of cam1_3d"
    ]
    root = tree_of([*made, ended("raised", "ValueError: 2.5 mm of cam1_3d", 3)])[
        "Episodes without a result"
    ]
    (leaf,) = root.branches["raised an error"].shown()
    assert (leaf.name, leaf.count, leaf.episodes) == ("ValueError: # mm of cam1_3d", 3, 2)
    assert leaf.command == made[0]["command"]
    assert [node.name for node in root.branches["raised an error"].chain()][-1] == leaf.name


def test_an_error_is_told_by_the_last_line_of_its_traceback():
    trace = "Traceback (most recent call last):\n  File x\nKeyError: 'a'\n"
    root = tree_of([ended("raised", "else", 1, traceback=trace), ended("", "", 2)])
    names = {node.name for b in root["Episodes without a result"].shown() for node in b.chain()}
    assert names == {"raised an error", "KeyError: 'a'", "no status"}


def test_unwanted_contacts_are_told_by_what_touched_what():
    contact = {"bodies": ["gripper.cup.0", "cell.A003"], "force_n": 2.0, "time_s": 1.0}
    wall = contact | {"bodies": ["tray", "gripper.cup.1"]}
    tries = [
        attempt(1, contacts=[contact, contact, wall]),
        attempt(2, "dropped", shorts=["busbar"]),
    ]
    root = tree_of([record(attempts=tries, summary=summary(tries))])["Unwanted contacts"]
    assert (root.count, root.total) == (3, 2)
    assert {tuple(node.name for node in branch.chain()) for branch in root.shown()} == {
        ("cell with gripper", "and the cell was placed"),
        ("gripper with tray", "and the cell was placed"),
        ("a conductor with two terminals", "not placed"),
    }


def test_looks_are_told_by_what_they_missed():
    bad = looked(1, 10)
    bad["first_look"]["statuses"] = {"ok": 7, "ambiguous": 3}
    root = tree_of([bad])["Cells not found"]
    assert (root.count, root.total) == (5, 12)
    assert {node.name: node.count for node in root.shown()} == {
        "found, but not trusted": 3,
        "no estimate lies on it": 2,
    }


def chosen(made):
    worst = WorstEpisodes()
    for one in made:
        worst.add(one)
    return worst.chosen()


def test_the_gravest_come_first_and_no_kind_crowds_out_another():
    made = records(120)
    made.append(record(990, summary=summary(made[0]["attempts"], safety_violations=1)))
    found = chosen(made)
    assert len(found) == SHOWN
    assert [w.harm for w in found] == sorted((w.harm for w in found), reverse=True)
    assert found[0].record["seed"] == 990
    assert found[1].record["seed"] == 502
    kinds = [w.kind for w in found]
    assert max(kinds.count(kind) for kind in kinds) == OF_ONE_KIND


def test_the_worst_are_the_worst_whatever_the_order():
    made = records(60)
    first = [w.harm for w in chosen(made)]
    assert first == [w.harm for w in chosen(made[::-1])]


def test_alike_failures_fill_the_list_where_there_is_nothing_else():
    made = [ended("raised", "ValueError: x", k) for k in range(30)]
    assert [w.record["seed"] for w in chosen(made)] == list(range(SHOWN))
    assert [w.what for w in chosen([record()])] == ["all cells placed, largest place error 0.00 mm"]


def test_the_tally_counts_what_the_records_say():
    rng = np.random.default_rng(3)
    tries = [attempt(k, rng=rng) for k in range(3)] + [attempt(3, "not_picked")]
    made = [record(k, attempts=tries, summary=summary(tries, 4), case="a") for k in range(5)]
    made.append(ended("died", "signal 9", 9, case="a"))
    tally = Tally(iter(made))
    case = tally.cases["a"]
    assert (case.episodes, case.done, case.cells, case.placed) == (6, 5, 20, 15)
    assert case.station_s["motion"] == pytest.approx(5 * 62.0)
    errors = sorted(5 * [a["place_error_mm"] for a in tries[:3]])
    assert sorted(tally.pooled("place_error_mm")) == pytest.approx(errors, rel=1e-6)
    assert len(tally.pooled("cycle_s")) == 15


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.98251, "share", "98.3 %"),
        (1.0, "share", "100 %"),
        (0.99996, "share", "99.996 %"),
        (0.0004, "share", "0.04 %"),
        (0.0, "share", "0 %"),
        (3.0, "", "3"),
        (0.25, "", "0.25"),
        (612.4, "1/h", "612 an hour"),
        (1234.5, "ms", "1234 ms"),
        (None, "mm", "\u2013"),
        (math.nan, "share", "\u2013"),
        (True, "", "\u2013"),
    ],
)
def test_amounts_have_their_units(value, unit, text):
    assert amount(value, unit) == text


def test_half_open_intervals_are_told():
    assert interval({"low": 0.9, "high": 1.0, "unit": "share"}) == "90.0 to 100"
    assert interval({"low": None, "high": 0.013, "unit": "share"}) == "1.3 or less"
    assert interval({"low": 0.4, "high": None, "unit": "mm"}) == "0.4 or more"
    assert interval({"low": None, "high": None}) == interval({}) == ""


def verdict_of(told, made=None):
    made = [record()] if made is None else made
    return verdict_words(told, Tally(made), len(made))


def test_the_verdict_is_what_the_results_say():
    ok = {"case": "a", "figure": "drops", "status": "pass"}
    bad, none = ok | {"status": "fail"}, ok | {"status": "no_data"}
    assert verdict_of({"verdicts": [ok]})["word"] == "Passes"
    assert verdict_of({"verdicts": [ok, bad]})["text"] == "1 of 2 limits missed."
    assert verdict_of({"verdicts": [ok, none]})["word"] == "No verdict"
    assert verdict_of({"verdicts": [ok, none], "passed": False})["word"] == "Fails"
    assert verdict_of({"verdicts": [ok], "passed": False})["word"] == "Fails"
    worse = verdict_of({"verdicts": [ok], "baseline": {"worse": ["success_rate"]}})
    assert (worse["word"], worse["text"]) == ("Fails", "worse than the baseline: placed right.")
    assert verdict_of({"verdicts": [ok], "sequential": {"verdict": "fail"}})["tone"] == "bad"
    assert verdict_of({}, [])["word"] == "No episodes"
    assert verdict_of({})["word"] == "Done"


def test_a_campaign_that_was_stopped_does_not_look_finished():
    told = verdict_words({}, Tally([record()]), 20)
    assert told["word"] == "Not finished"
    assert "1 of 20 planned episodes were run" in told["text"]


def test_limits_say_what_was_wanted():
    verdict = {"figure": "success_rate", "limit": 0.95, "unit": "share"}
    rule = "success_rate >= 0.95 (95 % confident)"
    assert wanted(verdict | {"rule": rule}) == "\u2265 95.0 % (95 % confident)"
    assert wanted({"limit": 0.0, "unit": "", "rule": "drops <= 0"}) == "\u2264 0"
    told = missed({"verdicts": [verdict | {"status": "no_data"}, verdict | {"status": "pass"}]})
    assert [row["value"] for row in told] == ["\u2013"]
    told = missed({"verdicts": [{"reason": "it is 0.4; ValueError: x"}, {"reason": "it is 1"}]})
    assert [row["reason"] for row in told] == ["ValueError: x", ""]


def test_changes_have_signs_units_and_chances():
    told = {row["figure"]: row for row in changes(results(records(12)))}
    assert told["Placed right"]["change"] == "-4.7 %"
    assert told["Placed right"]["interval"] == "-7.0 to -2.0"
    assert told["Place error"]["change"] == "+0.008 mm"
    assert (told["Cycle time"]["tone"], told["Placed right"]["tone"]) == ("good", "bad")
    assert changes({"baseline": {"figures": {"drops": {"baseline": None, "current": 1}}}}) == []


def test_a_sequential_test_tells_its_rates_its_end_and_what_it_saved():
    test = {"good": 0.98, "bad": 0.9, "alpha": 0.01, "beta": 0.05, "used": 40, "saved": 12}
    told = sequential_words({"sequential": test | {"verdict": "pass"}})
    for text in ("98.0 % from one of 90.0 %", "alarms 1.0 %", "it passes after 40", "saved 12"):
        assert text in told
    assert "saved" not in sequential_words({"sequential": test | {"saved": 0}})
    assert sequential_words({"sequential": None}) == ""


def test_rows_stand_to_scale_and_never_outside():
    lines = [
        Row("a", 50, 25, 75, "half", limit=100.0),
        Row("b", 500, -5, 900),
        Row("c"),
        Row("d", 0.0, far=100.0),
    ]
    svg = row_plot(lines, "%", 0, 100)
    a, b, d = (float(m.get("cx")) for m in marks(svg, "circle", "dot"))
    span, clipped = marks(svg, "line", "span")
    assert float(span.get("x1")) + float(span.get("x2")) == pytest.approx(2 * a, abs=0.2)
    assert (float(clipped.get("x1")), float(clipped.get("x2"))) == (d, b)
    assert float(marks(svg, "line", "limit")[0].get("x1")) == b
    assert len(marks(svg, "text", "heading")) == 1
    ElementTree.fromstring(row_plot([Row("x < y & z", 1.0, 1.0, 1.0)], "mm", 1.0, 1.0))


def test_stages_have_widths_in_proportion_and_one_colour_each():
    svg = stage_plot([("a", {"motion": 3.0, "vision": 1.0}), ("b", {"vision": 2.0})])
    bars = [m for m in marks(svg, "rect", "s") if m.get("height") == "16"]
    widths = {}
    for bar in bars:
        widths.setdefault(bar.get("class"), []).append(float(bar.get("width")))
    assert widths["s0"] == [pytest.approx(3 * widths["s1"][0], abs=0.2), 0.0]
    assert widths["s1"][1] == pytest.approx(2 * widths["s1"][0], abs=0.2)
    assert "nothing measured" in stage_plot([])


def test_main_effects_draw_every_level_and_numbers_to_scale():
    told = effects()["figures"][0]["main"]
    axis = Axis.of(told["tray.gap_mm"], "share")
    svg = main_effect_plot(told["tray.gap_mm"], axis)
    at = [float(m.get("cx")) for m in marks(svg, "circle", "dot")]
    assert (at[1] - at[0]) / (at[3] - at[0]) == pytest.approx(0.25, abs=0.01)
    assert len(marks(svg, "polyline", "joined")) == 1
    assert marks(main_effect_plot(told["gripper.name"], axis), "polyline", "joined") == []
    assert "nothing measured" in main_effect_plot([{"label": "1", "value": None}], axis)
    assert len(marks(main_effect_plot(told["gripper.name"][:1], axis), "circle", "dot")) == 1


def test_levels_of_equal_ratios_stand_evenly():
    levels = [{"label": text, "value": 0.5} for text in ("0.02", "0.2", "2")]
    svg = main_effect_plot(levels, Axis.of(levels, "mm"))
    at = [float(m.get("cx")) for m in marks(svg, "circle", "dot")]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], abs=0.2)


@given(
    st.lists(st.tuples(*[st.floats(-1e3, 1e4)] * 3), max_size=6),
    st.sampled_from(["share", "mm", ""]),
)
def test_an_axis_holds_every_mean_and_runs_upwards(triples, unit):
    levels = [{"value": v, "low": v - abs(a), "high": v + abs(b)} for v, a, b in triples]
    axis = Axis.of(levels, unit)
    assert axis.low < axis.high
    scale = 100 if unit == "share" else 1
    for level in levels:
        assert axis.low <= scale * level["value"] <= axis.high
    assert axis(axis.low) > axis(axis.high)


def test_heat_maps_are_darker_where_there_is_more_and_blank_without_data():
    pair = effects()["figures"][0]["pairs"][0]
    low, high = range_of_pairs([pair])
    assert (low, high) == (pytest.approx(0.6), pytest.approx(0.94))
    svg = heat_map(pair, low, high, "share")
    fields = marks(svg, "rect", "field")
    assert len(fields) == 11
    assert len(marks(svg, "rect", "blank")) == 1
    opacity = {f.find("title").text.split(": ")[1]: float(f.get("fill-opacity")) for f in fields}
    assert max(opacity, key=opacity.get).startswith("94.0 %")
    assert min(opacity, key=opacity.get).startswith("60.0 %")
    assert "0.6 mm, 10 runs" in heat_map(pair, low, high, "mm")
    torn = {"x": "a", "y": "b", "x_labels": ["1", "2"], "y_labels": ["<"], "value": [[0.5]]}
    assert len(marks(heat_map(torn, 0.0, 1.0, ""), "rect", "blank")) == 1
    ElementTree.fromstring(heat_map({}, 0.0, 0.0, ""))


def test_importance_is_a_bar_a_key_pale_where_it_may_be_chance():
    told = effects()["figures"][0]
    svg = importance_plot(told)
    widths = [float(m.get("width")) for m in marks(svg, "rect", "bar")]
    assert widths == sorted(widths, reverse=True)
    assert len(widths) == 4
    assert len(marks(svg, "g", "faint")) == 2
    assert svg.count("not beyond chance") == 2
    assert importance_plot({}) == sobol_plot({}, "first") == ""


def test_an_index_that_is_not_known_has_no_dot():
    told = effects()["figures"][2]
    for order in ("first", "total"):
        svg = sobol_plot(told, order)
        assert len(marks(svg, "circle", "dot")) == 1
        assert len(marks(svg, "line", "span")) == 2
        assert "not known" in svg
    assert "42.0 %" in sobol_plot(told, "first")


def test_the_section_says_what_was_left_out_what_stood_still_and_how_many_tests():
    section = effects_section(effects())
    assert [part["name"] for part in section["parts"]] == [
        *("success_rate", "place_error_mm_p95", "drops"),
    ]
    left_out = section["parts"][1]["left_out"]
    assert "12 of 120 runs are left out (12 let no cell go in a slot)" in left_out
    assert "most at tray.gap_mm 0: 12 of 30" in left_out
    assert section["parts"][0]["left_out"] == ""
    assert section["constant"] == ["Collisions: 0 in all 120 runs"]
    assert "12 tests" in section["multiplicity"]
    assert "Holm" in section["multiplicity"]
    assert "4 seeds" in section["intervals"]
    fields = dict(section["overview"]["rows"])
    assert [f["value"] for f in fields["tray.gap_mm"]] == ["41", "41", "50"]
    assert [f["value"] for f in fields["cameras.noise_scale"]] == ["22", "22", "?"]
    assert [f["held"] for f in fields["light.strength"]] == [False] * 3
    assert effects_section({}) == {}
    one = effects_section({**effects(), "units": 1, "seeds": 1})
    assert one["intervals"].startswith("No intervals")


def test_effects_in_lines_name_the_keys_that_are_beyond_chance():
    table, still = effect_lines(effects())
    assert [row[:2] for row in table[:3]] == [
        ("Placed right", "tray.gap_mm"), ("", "cameras.noise_scale"),
        ("Place error, p95", "tray.gap_mm"),
    ]  # fmt: skip
    assert table[0][2:] == ("78.0 at 0, 97.0 % at 2", "41.0 %", "p 0.002")
    assert table[-1][3] == "not known"
    assert still == ["Collisions: 0 in all 120 runs"]
    quiet = effects()["figures"][0]
    quiet["importance"] = quiet["importance"][2:]
    assert effect_lines({"figures": [quiet]})[0][0][1] == "nothing beyond chance"


def test_long_names_lose_their_middle():
    assert cut("short") == "short"
    name = "a" * 30 + "b" * 30
    assert len(cut(name)) == 38
    assert (cut(name)[0], cut(name)[-1]) == ("a", "b")


@pytest.mark.parametrize("broken", [None, 3, "x", [], {}, {"a": None}, {"a": {"b": "x"}}])
def test_broken_records_give_nothing_rather_than_an_error(broken):
    assert math.isnan(as_number(part(broken, "a", "b")))
    assert count(broken, "a", "b") == 0
    assert rows(broken, "a") == []
    assert list(numbers(broken, "a")) == []
    assert words(broken, "a", "c") == ""


def test_bare_amounts_of_large_and_tiny_values_stay_short():
    assert [bare_amount(v, "mm") for v in (0.0, 1e-7, 0.0002, 0.12345, 12345.6)] == [
        *("0", "0", "0.0002", "0.123", "12346"),
    ]
    assert [bare_amount(v, "1/h") for v in (1e-7, 1e-10)] == ["1e-07", "0"]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_evenly_apart_and_on_the_axis(low, span):
    high = low + span
    found = ticks(low, high)
    slack = 1e-6 * (abs(low) + span)
    assert len(found) <= 6
    assert all(low - slack <= tick <= high + slack for tick in found)
    assert np.ptp(np.diff(found)) <= slack if len(found) > 2 else True
    assert ticks(40.0, 100.0) == [40.0, 60.0, 80.0, 100.0]
    assert ticks(0.0, 1.0) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(3.0, 3.0)


def test_a_histogram_has_the_limit_that_all_cases_share_and_that_is_not_far_off():
    tries = [attempt(k, place_error_mm=0.3 + 0.01 * k, place_error_deg=0.1) for k in range(9)]
    tally = Tally([record(attempts=tries, summary=summary(tries))])

    def shown(*limits):
        verdicts = [{"figure": "place_error_mm_p95", "limit": limit} for limit in limits]
        return "limit" in error_plot(tally, "place_error_mm", "mm", {"verdicts": verdicts})["svg"]

    assert shown(1.0)
    assert shown(1.0, 1.0)
    assert not shown(1.0, 0.8)
    assert not shown(20.0)
    assert not shown()


def test_what_lies_far_beyond_is_told_not_drawn():
    tries = [attempt(k, place_error_mm=0.3, place_error_deg=0.1) for k in range(99)]
    tries.append(attempt(99, "misplaced", place_error_mm=90.0, place_error_deg=0.1))
    told = error_plot(Tally([record(attempts=tries)]), "place_error_mm", "mm", {})
    assert told["beyond"] == "100 values; 1 beyond this plot, the largest 90 mm"
    assert len(marks(told["svg"], "rect", "bar")) == 1


def test_swept_values_are_shown_without_their_last_bits():
    assert inputs_told(record(inputs={"a.b": 0.1 + 0.2, "c": "vacuum", "d": None})) == [
        ("a.b", "0.3"),
        ("c", "vacuum"),
        ("d", "None"),
    ]
