"""Sweep files: what they plan, and every mistake named before anything runs."""

from __future__ import annotations

import json

import pytest
import yaml
from campaign_stage import run_record

from cellpick.campaign import EpisodeResult, Journal, load_sweep, sweep_plan, write_pages
from cellpick.campaign.dataset import read_dataset
from cellpick.campaign.designs import DESIGNS, Axis, count_of
from cellpick.campaign.sweep import sweep_of
from cellpick.errors import InputError
from cellpick.scene import data_folder, load_scene
from cellpick.scene.library import shipped

SWEEP = {
    "name": "tiny",
    "scene": "prismatic_tray",
    "set": {"tray.rows": 1, "tray.columns": 2},
    "keys": {"tray.gap_mm": [0, 2], "noise.depth": {"low": 1, "high": 4, "steps": 3}},
    "seeds": 2,
}
SHIPPED = shipped(data_folder("benchmarks/sweeps"))


MANY = {"low": 0, "high": 1, "steps": 1000}


@pytest.fixture
def sweep(tmp_path):
    def load(**changes):
        path = tmp_path / "sweep.yaml"
        path.write_text(yaml.safe_dump(SWEEP | changes))
        return load_sweep(path)

    return load


def test_every_combination_runs_with_every_seed(sweep):
    plan = sweep_plan(sweep())
    assert len(plan.episodes) == 2 * 3 * 2
    assert len({episode.id for episode in plan.episodes}) == 12
    first = plan.episodes[0]
    assert first.inputs == {"tray.gap_mm": 0, "noise.depth": 1.0}
    spec = load_scene(first.scene, first.overrides)
    assert (spec.tray.rows, spec.tray.gap_mm, spec.noise.depth) == (1, 0, 1)


@pytest.mark.parametrize("design", ["grid", "one_at_a_time", "random", "sobol", "saltelli"])
def test_the_plan_follows_from_its_own_document(sweep, design):
    plan = sweep_plan(sweep(design=design, points=4))
    again = sweep_plan(sweep_of(json.loads(json.dumps(plan.spec))))
    assert again.episodes == plan.episodes
    assert again.digest == plan.digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys": {}}, "keys"),
        ({"keys": {"tray.gap_mm": []}}, "keys.tray.gap_mm: an empty list"),
        (
            {"keys": {"tray.gap_mm": 1}},
            r"keys\.tray\.gap_mm: must be a map; got 1; "
            "accepted: a map of high, low, scale, steps or a list",
        ),
        (
            {"keys": {"tray.gap_mm": {"low": "a", "high": 3}}},
            r"keys\.tray\.gap_mm\.low: must be a valid number; got 'a'; accepted: a number",
        ),
        (
            {"keys": {"tray.gap_mm": {"low": 1, "hihg": 3}}},
            r"keys\.tray\.gap_mm\.hihg: unknown key; did you mean 'high'\?; got 'hihg'",
        ),
        (
            {"keys": {"tray.gap_mm": {"low": 1}}},
            r"keys\.tray\.gap_mm\.high: a required key is missing; accepted: a number",
        ),
        (
            {"keys": {"tray.columns": {"low": 1, "high": 3}}, "set": {}},
            r"sweep\.yaml: keys\.tray\.columns: a range has fractions, and the scene takes whole "
            r"numbers here; got 1\.0; accepted: a list of whole numbers",
        ),
        (
            {"keys": {"tray.gap_mm": {"low": -1, "high": 3}}},
            r"sweep\.yaml: the scene refuses tray.columns=2, tray.rows=1, tray.gap_mm=-1.0: ",
        ),
        ({"description": "\ud800"}, "half of a surrogate pair"),
        ({"keys": {f"a.{k}": MANY for k in range(5)}}, "more episodes .* got 2000000000000000"),
        (
            {"keys": {f"a.{k}": MANY for k in range(9)}, "design": "saltelli", "points": 10**6},
            "more",
        ),
        ({"keys": {"tray.gapp_mm": [1]}}, "gap_mm"),
        ({"keys": {"tray.gap_mm": [1, -1]}}, "tray.gap_mm"),
        ({"keys": {"tray.gap_mm": {"low": 2, "high": 1}}}, "low must be below high"),
        ({"keys": {"tray.gap_mm": {"low": 0, "high": 1, "scale": "log"}}}, "log scale"),
        ({"keys": {"cell": ["no_such_cell"]}}, "no_such_cell"),
        ({"keys": {"tray.rows": [1, 2]}}, "tray.rows: a key is both set and swept; accepted: one"),
        (
            {"keys": {"tray": [{"rows": 1}, {"rows": 2}]}},
            "tray.columns: the key tray comes after it and takes its place with all that is in it; "
            "accepted: tray before it, or the keys in tray one by one",
        ),
        ({"set": {"tray.walls": 3}}, "walls"),
        ({"scene": "no_such_scene"}, "no_such_scene"),
        ({"design": "latin"}, "design"),
        ({"seeds": 0}, "seeds"),
        ({"keyss": {}}, "keyss"),
        ({"points": 1_000_000, "design": "random", "seeds": 100_000}, "more episodes"),
        ({"name": "a/b"}, "name"),
        ({"figures": ["place_eror_mm_p95"]}, "figures.0.*did you mean 'place_error_mm_p95'"),
        ({"figures": ["drops", "drops"]}, "figures.1.*named twice"),
        ({"figures": "drops"}, "figures"),
        (
            {"scene": "bulk_bin", "set": {}, "keys": {"ambient": [0.1]}, "figures": ["drops"]},
            "for looks alone and has no such figure",
        ),
    ],
)
def test_a_mistake_is_named_before_anything_runs(sweep, changes, message):
    with pytest.raises(InputError, match=message):
        sweep(**changes)


def test_three_sweeps_are_shipped():
    assert SHIPPED == ["cameras_and_noise", "gap_and_jitter", "importance"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_sweep_is_found_by_its_name_and_says_what_it_is_for(name):
    found = load_sweep(name)
    assert found.name == name
    assert found.description


def test_a_name_that_is_none_is_answered_with_those_that_are():
    message = r"no such sweep; did you mean 'importance'\?; got 'importnce'; accepted: .*" + (
        ", ".join(SHIPPED)
    )
    with pytest.raises(InputError, match=message):
        load_sweep("importnce")


@pytest.mark.parametrize("design", ["grid", "one_at_a_time", "random", "sobol", "saltelli"])
@pytest.mark.parametrize("points", [1, 5, 8])
def test_a_designs_rows_are_counted_before_they_are_made(design, points):
    axes = [Axis.of_levels([1, 2, 3]), Axis.of_range(0, 1, 4, "linear")]
    assert count_of(design, axes, points) == len(DESIGNS[design](axes, points, 0))


def test_the_page_and_the_tables_follow_from_the_folder_alone(sweep, tmp_path):
    plan = sweep_plan(sweep())
    folder = tmp_path / "results"
    with Journal(folder, plan) as journal:
        for k, episode in enumerate(reversed(plan.episodes)):
            journal.add(EpisodeResult(run_record(episode, 12 - k)))
    page = write_pages(folder)
    first = page.read_bytes(), (folder / "episodes.parquet").read_bytes()
    episodes, attempts = read_dataset(folder)
    assert episodes["id"].to_list() == [episode.id for episode in plan.episodes]
    assert episodes["placed_ok"].to_list() == list(range(1, 13))
    assert attempts.height == 144
    page.unlink()
    write_pages(folder)
    assert (page.read_bytes(), (folder / "episodes.parquet").read_bytes()) == first


def test_a_folder_without_a_campaign_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"campaign\.json"):
        write_pages(tmp_path)


def test_other_figures_make_no_other_plan_but_another_page(sweep, tmp_path):
    before, after = sweep_plan(sweep()), sweep_plan(sweep(figures=["picks_per_hour", "drops"]))
    assert before.digest == after.digest
    folder = tmp_path / "results"
    for plan in (before, after):
        with Journal(folder, plan) as journal:
            for episode in plan.episodes:
                journal.add(EpisodeResult(run_record(episode, 10 + episode.seed)))
        write_pages(folder)
        told = json.loads((folder / "effects.json").read_text())
        names = [figure["figure"] for figure in told["figures"]]
        assert ("success_rate" in names) is (plan is before)
    assert names == ["picks_per_hour", "drops"]
    assert json.loads((folder / "campaign.json").read_text())["spec"]["figures"] == names
    unknown = {**after.spec, "figures": ["of_another_version"]}
    with pytest.raises(InputError, match="no such figure"):
        sweep_of(unknown)


def test_a_record_of_another_plan_is_named(sweep, tmp_path):
    folder = tmp_path / "results"
    plan = sweep_plan(sweep())
    with Journal(folder, plan) as journal:
        journal.add(EpisodeResult(run_record(plan.episodes[0], 12)))
    other = run_record(sweep_plan(sweep(seeds=3)).episodes[2], 12)
    with (folder / "episodes" / "records.jsonl").open("a") as file:
        file.write(json.dumps(other) + "\n")
    with pytest.raises(InputError, match="not in the plan"):
        write_pages(folder)


def test_a_sweep_without_a_name_has_its_files(tmp_path):
    path = tmp_path / "tight.yaml"
    path.write_text("scene: prismatic_tray\nkeys: {tray.gap_mm: [0, 1]}\n")
    assert load_sweep(path).name == "tight"
