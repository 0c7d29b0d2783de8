"""Suite files: what they mean, and one clear message for each thing that is wrong in them."""

from __future__ import annotations

import pytest
from suite_stage import SUITE, write_suite

from cellpick.campaign import load_suite
from cellpick.campaign.overrides import override_text
from cellpick.campaign.seeds import seeds_of
from cellpick.errors import InputError
from cellpick.scene import data_folder, load_scene
from cellpick.scene.documents import parse_yaml
from cellpick.scene.library import shipped

SHIPPED = shipped(data_folder("benchmarks/suites"))


def loaded(folder, text=SUITE):
    return load_suite(write_suite(folder, text))


def test_a_case_takes_the_suites_limits_under_its_own(tmp_path):
    boxes, _, heap = loaded(tmp_path).cases
    assert {limit.figure: limit.value for limit in boxes.limits} == {
        "success_rate": 0.9,
        "polarity_errors": 0.0,
        "place_error_mm_p95": 1.0,
        "errors": 0.0,
    }
    assert [limit.figure for limit in heap.limits] == ["found_rate", "errors"]
    assert heap.looks_only
    assert not boxes.looks_only


def test_the_plan_goes_round_the_cases_seed_by_seed(tmp_path):
    plan = loaded(tmp_path).plan()
    assert [(e.case, e.seed) for e in plan.episodes[:4]] == [
        ("boxes", 0),
        ("rounds", 0),
        ("heap", 0),
        ("boxes", 1),
    ]
    assert len(plan.episodes) == 12
    assert plan.episodes[0].command == "cellpick run prismatic_tray --seed 0 --set tray.rows=1"


def test_limits_are_no_part_of_what_is_run_but_scenes_are(tmp_path):
    first = loaded(tmp_path).plan()
    tighter = loaded(tmp_path, SUITE.replace("0.9", "0.99")).plan()
    other = loaded(tmp_path, SUITE.replace("tray.rows: 1", "tray.rows: 2")).plan()
    assert first.digest == tighter.digest != other.digest


def test_a_plan_knows_the_contents_of_all_files_that_its_scenes_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = tmp_path / "mine.yaml"
    cell = tmp_path / "cell.yaml"
    cell.write_text((data_folder("models") / "cells" / "prismatic_148x26x91.yaml").read_text())
    text = "cases: [{name: a, scene: ./mine.yaml}, {name: b, scene: odd_tray}]"
    plans = []
    for gap in (2, 3):
        scene.write_text(f"{{cell: ./cell.yaml, tray: {{gap_mm: {gap}}}}}")
        plans.append(loaded(tmp_path, text).plan())
    first, second = (plan.files for plan in plans)
    assert plans[0].digest == plans[1].digest
    assert {name for name in first if first[name] != second[name]} == {"./mine.yaml"}
    assert {"./cell.yaml", "scenes/odd_tray.yaml", "models/materials.yaml"} <= first.keys()
    assert "models/arms/industrial_10kg.urdf" in first
    assert [("./cell.yaml" in episode.files) for episode in plans[0].episodes] == [True, False]


def test_a_scenes_path_starts_at_the_suites_folder(tmp_path, monkeypatch):
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "mine.yaml").write_text("tray: {rows: 2}")
    monkeypatch.chdir(tmp_path)
    path = write_suite(tmp_path / "scenes", "cases: [{name: a, scene: mine.yaml}]")
    (episode,) = load_suite(path).plan().episodes
    assert episode.scene == "scenes/mine.yaml"
    assert load_scene(episode.scene).tray.rows == 2


def test_a_grid_is_a_case_for_each_combination(tmp_path):
    text = """
    cases:
      - name: gaps
        scene: prismatic_tray
        set: {tray.rows: 2, tray.gap_mm: 9}
        grid: {tray.gap_mm: [1, 2], noise.depth: [1, 2, 3]}
    """
    cases = loaded(tmp_path, text).cases
    assert len(cases) == 6
    assert cases[1].name == "gaps, tray.gap_mm=1, noise.depth=2"
    assert cases[1].values == {"tray.rows": 2, "tray.gap_mm": 1, "noise.depth": 2}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_suite_is_sound_and_says_what_it_is_for(name):
    suite = load_suite(name)
    assert suite.name == name
    assert suite.description
    assert all(len(case.limits) > 1 for case in suite.cases)


def test_three_suites_are_shipped_and_standard_has_every_scene():
    assert SHIPPED == ["smoke", "standard", "stress"]
    cases = load_suite("standard").cases
    assert sorted(case.scene for case in cases) == shipped(data_folder("scenes"))
    assert all(not case.values for case in cases)


REFUSED = {
    "an unknown key": ("sceen: a", "unknown key; did you mean 'scene'?"),
    "an unknown key of a limit": (
        "thresholds: {success_rate: {limt: 1}}",
        "thresholds.success_rate.limt: unknown key; did you mean 'limit'?",
    ),
    "an empty grid": ("grid: {tray.gap_mm: []}", "grid.tray.gap_mm: a list should have at least 1"),
    "an unknown figure": ("thresholds: {sucess_rate: 1}", "did you mean 'success_rate'?"),
    "a limit that is none": ("thresholds: {drops: few}", "cases.0.thresholds.drops"),
    "a key that is not in the scene": ("set: {tray.gapmm: 1}", "tray.gapmm: unknown key; did you"),
    "a grid over all that is set": (
        "set: {tray.gap_mm: 1}\n    grid: {tray: [{rows: 1}]}",
        "cases.0.tray.gap_mm: the key tray comes after it",
    ),
    "a swept key that is not": ("grid: {tray.gapmm: [1]}", "tray.gapmm: unknown key; did you mean"),
    "a value out of bounds": ("set: {tray.gap_mm: -1}", "tray.gap_mm: must be greater than or"),
    "a path into a value": ("set: {tray.rows.x: 1}", "leads into a plain value"),
    "a confidence in a count": (
        "thresholds: {drops: {limit: 0, confidence: 0.9}}",
        "drops.confidence: a bare count has no confidence",
    ),
    "a confidence of one": (
        "thresholds: {success_rate: {limit: 1, confidence: 1.0}}",
        "confidence: must be less than 1",
    ),
    "a rate in per cent": (
        "thresholds: {success_rate: 98}",
        "success_rate: no figure of its kind can be so; got 98.0; accepted: a share from 0 to 1",
    ),
    "less than nothing": ("thresholds: {drops: -1}", "got -1.0; accepted: 0 or more"),
    "no number": ("thresholds: {success_rate: .nan}", "thresholds.success_rate"),
    "yes for a limit": ("thresholds: {success_rate: true}", "thresholds.success_rate: must be"),
    "no seeds": ("seeds: 0", "cases.0.seeds: names no seeds; got 0; accepted: how many"),
    "seeds that fall": ('seeds: "5-2"', "names no seeds"),
    "seeds that are none": ("seeds: many", "names no seeds"),
    "a seed twice": ("seeds: [1, 1]", "names a seed twice"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_one_clear_message_for(what, tmp_path):
    line, message = REFUSED[what]
    text = f"cases:\n  - name: a\n    scene: prismatic_tray\n    {line}\n"
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.exit_code == 2


NINE = list(range(9))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cases: []", "cases: a list should have at least 1"),
        ("name: a", "cases: a required key is missing"),
        ("cases: [{name: a, scene: nowhere}]", "case 'a': no such scene; got 'nowhere'"),
        ("cases: [{name: ' a', scene: odd_tray}]", "cases.0.name"),
        ('cases: [{name: "a\\eb", scene: odd_tray}]', "cases.0.name"),
        ("name: ../a\ncases: [{name: a, scene: odd_tray}]", "name: String should match pattern"),
        (
            f"cases: [{{name: a, scene: odd_tray, grid: {{a: {NINE}, b: {NINE}, c: {NINE}}}}}, "
            f"{{name: b, scene: odd_tray, grid: {{a: {NINE}, b: {NINE}, c: {NINE}}}}}]",
            "more cases than a suite may have; got 1458; accepted: at most 1000",
        ),
        (
            "cases: [{name: a, scene: odd_tray}]\nthresholds: [1]",
            "thresholds: must be a map; got [1]",
        ),
        (
            "cases: [{name: a, scene: odd_tray}, {name: a, scene: bulk_bin}]",
            "two cases have one name; got 'a'",
        ),
        (
            "cases: [{name: a, scene: odd_tray}, {name: b, scene: odd_tray}]",
            "one episode twice, in cases 'a' and 'b'",
        ),
        (
            "cases: [{name: a, scene: odd_tray, thresholds: {drops: 0}}]",
            "cases.0.thresholds.drops: the scene is for looks alone and has no such figure",
        ),
        (
            "sequential: {good: 0.9, bad: 0.95}\ncases: [{name: a, scene: odd_tray}]",
            "sequential.bad: the bad rate lies below the good one; got 0.95",
        ),
    ],
)
def test_a_suite_that_cannot_be_is_refused(text, message, tmp_path):
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, text).plan()
    assert message in str(caught.value)


def test_a_suite_that_is_not_there_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(InputError, match="no such suite; did you mean 'smoke'") as caught:
        load_suite("smok")
    assert ", ".join(SHIPPED) in str(caught.value)


@pytest.mark.parametrize(
    ("value", "seeds"),
    [(3, (0, 1, 2)), ("0-2,7", (0, 1, 2, 7)), ("5", (5,)), ([9, 4], (9, 4))],
)
def test_seeds_are_a_number_ranges_or_a_list(value, seeds):
    assert seeds_of(value, "f", "seeds") == seeds


@pytest.mark.parametrize("value", [True, -1, 1.5, "", "a-b", "1--2", [True], [-1], [2**63], {}])
def test_other_seeds_are_refused(value):
    with pytest.raises(InputError, match="names no seeds"):
        seeds_of(value, "f", "seeds")


@pytest.mark.parametrize("value", [10**7, "0-9999999"])
def test_more_seeds_than_anyone_runs_are_refused_before_they_are_listed(value):
    with pytest.raises(InputError, match="1000000 at most"):
        seeds_of(value, "f", "seeds")


@pytest.mark.parametrize(
    "value",
    [
        *(1, 1.5, 1e-7, True, None, "word", "12", "yes: no", "#x", ""),
        *([1, "a"], {"k": [1, {"x": "1"}]}),
        *("a\nb", "\x7f", "\u2028x", "電池: 😀", ["😀"], " a"),
    ],
)
def test_an_override_says_its_value_and_type(value):
    key, _, text = override_text("a.b", value).partition("=")
    assert key == "a.b"
    assert parse_yaml(text) == value
    assert type(parse_yaml(text)) is type(value)


def test_a_limit_that_no_case_has_is_refused(tmp_path):
    text = SUITE.replace("success_rate: 0.9", "found_rate: 0.5")
    heap = text[: text.index("  - {name: boxes")] + text[text.index("  - {name: heap") :]
    rule = (
        r"thresholds\.place_error_mm_p95: every case is for looks alone, and none has such a figure"
    )
    with pytest.raises(InputError, match=rule):
        load_suite(write_suite(tmp_path, heap))
    assert load_suite(write_suite(tmp_path, text)).cases
