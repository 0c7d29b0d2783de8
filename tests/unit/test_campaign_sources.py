"""Results of two revisions, or of two states of a scene, never share a folder."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from campaign_stage import run_record
from suite_stage import Stand, usual

from cellpick.campaign import (
    Baseline,
    Episode,
    EpisodeResult,
    Journal,
    Plan,
    load_suite,
    load_sweep,
    read_baseline,
    run_campaign,
    sweep_plan,
)
from cellpick.campaign.episode import blank_record
from cellpick.campaign.results_folder import read_records
from cellpick.campaign.sample import sample_of
from cellpick.errors import InputError
from cellpick.installation import revision

OTHER = "0.1.0+0123456789ab"
FILES = {"./mine.yaml": "a" * 16, "models/cells/c.yaml": "b" * 16}
EPISODES = tuple(Episode("./mine.yaml", seed, files=FILES) for seed in range(3))
PLAN = Plan("suite", "smoke", {}, EPISODES)
EDITED = {"./mine.yaml": "c" * 16}


def with_files(plan, files):
    return replace(plan, episodes=tuple(replace(e, files=files) for e in plan.episodes))


def result_of(episode, **changes):
    return EpisodeResult(blank_record(episode) | changes)


@pytest.fixture
def folder(tmp_path):
    """Of a campaign that was stopped after its first episode."""
    with Journal(tmp_path / "r", PLAN) as journal:
        journal.add(result_of(EPISODES[0]))
    return tmp_path / "r"


def edit(folder, **changes):
    path = folder / "campaign.json"
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))


def refusal(folder, plan=PLAN):
    before = {p: p.read_bytes() for p in folder.rglob("*.json*")}
    with pytest.raises(InputError) as caught:
        Journal(folder, plan)
    assert {p: p.read_bytes() for p in folder.rglob("*.json*")} == before
    return str(caught.value)


def test_the_folder_of_another_revision_is_refused_and_both_are_named(folder):
    edit(folder, revision=OTHER)
    assert refusal(folder) == (
        f"{folder}: the folder holds results of another revision of cellpick; got '{OTHER}'; "
        f"accepted: {revision()}, or another folder (--out)"
    )


def test_the_folder_from_before_revisions_is_refused_too(folder):
    edit(folder, revision=None, files=None)
    assert "another revision of cellpick; got '0.1.0'; accepted: 0.1.0+" in refusal(folder)


def test_a_file_that_was_edited_since_is_named(folder):
    assert refusal(folder, with_files(PLAN, FILES | EDITED)) == (
        f"{folder}: the folder holds results of other files; changed since: ./mine.yaml; "
        "accepted: these files as they were, or another folder (--out)"
    )


def test_an_edited_model_of_a_checkout_is_named_beside_the_revisions(folder):
    edit(folder, revision=OTHER)
    message = refusal(folder, with_files(PLAN, FILES | {"models/cells/c.yaml": ""}))
    assert "another revision of cellpick; changed since: models/cells/c.yaml; got" in message


def test_a_result_of_another_revision_ends_the_campaign_and_the_journal_keeps_the_rest(folder):
    class Mixed:
        def run(self, episodes):
            first, second = episodes
            yield result_of(first)
            yield result_of(second, revision=OTHER)

    message = (
        f"{folder}: an episode was run by another revision of cellpick than the campaign's; got "
        f"'{OTHER}'; accepted: {revision()}. 2 of 3 episodes are on disk, and the same command"
    )
    with pytest.raises(InputError, match=re.escape(message)):
        run_campaign(PLAN, folder, Mixed())
    assert [r["seed"] for r in read_records(folder)] == [0, 1]
    with Journal(folder, PLAN) as journal:
        assert journal.add(result_of(EPISODES[2]))


def test_a_result_of_changed_files_ends_the_campaign_and_names_them(folder):
    with Journal(folder, PLAN) as journal:
        result = replace(result_of(EPISODES[1]), changed=("./mine.yaml", "/a/b.yaml"))
        message = "other files than the campaign was planned with: ./mine.yaml, /a/b.yaml; accepted"
        with pytest.raises(InputError, match=re.escape(message)):
            journal.add(result)
    assert [r["seed"] for r in read_records(folder)] == [0]


def test_a_journal_of_another_revision_beside_the_own_is_refused(folder):
    other = json.dumps(blank_record(EPISODES[1]) | {"revision": OTHER})
    (folder / "episodes" / "z.jsonl").write_text(other + "\n")
    message = f"z.jsonl: a record of another revision of cellpick; got '{OTHER}'; accepted: 0.1.0+"
    assert message in refusal(folder)


CELL = "models/cells/prismatic_148x26x91.yaml"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A suite and a sweep of one scene that names a model of its own."""
    from cellpick.scene import data_folder

    monkeypatch.chdir(tmp_path)
    cell = data_folder("models") / CELL.removeprefix("models/")
    (tmp_path / "cell.yaml").write_text(cell.read_text())
    (tmp_path / "mine.yaml").write_text("{cell: ./cell.yaml, tray: {rows: 1}}")
    (tmp_path / "suite.yaml").write_text("cases: [{name: a, scene: ./mine.yaml, seeds: 2}]")
    (tmp_path / "sweep.yaml").write_text(
        "{name: s, scene: ./mine.yaml, keys: {tray.gap_mm: [1, 2]}}"
    )
    return tmp_path


PLANS = {
    "suite": lambda: load_suite("./suite.yaml").plan(),
    "sweep": lambda: sweep_plan(load_sweep("sweep.yaml")),
}


class Usual(Stand):
    of = staticmethod(usual)
    ran = []


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("name", ["./mine.yaml", "./cell.yaml"])
def test_a_campaign_of_an_edited_scene_or_model_is_not_resumed(here, kind, name):
    run_campaign(PLANS[kind](), here / "r", Usual(1), lambda record: False)
    content = (here / name).read_text()
    (here / name).write_text(content + "\n# edited\n")
    with pytest.raises(InputError, match=rf"other files; changed since: {name}; accepted"):
        run_campaign(PLANS[kind](), here / "r", Usual(1))
    (here / name).write_text(content)
    assert len(run_campaign(PLANS[kind](), here / "r", Usual(1))) == 2


def test_limits_may_change_in_a_folder(here):
    run_campaign(PLANS["suite"](), here / "r", Usual(1))
    text = (here / "suite.yaml").read_text()
    (here / "suite.yaml").write_text(text + "\nthresholds: {drops: 0}")
    assert len(run_campaign(PLANS["suite"](), here / "r", Usual(1))) == 2


def test_a_large_sweep_knows_the_files_of_every_level(here):
    cells = []
    for k in range(3):
        (here / f"cell{k}.yaml").write_text((here / "cell.yaml").read_text())
        cells.append(f"./cell{k}.yaml")
    gaps = {"low": 1, "high": 2, "steps": 70}
    document = {"name": "s", "scene": "./mine.yaml", "keys": {"cell": cells, "tray.gap_mm": gaps}}
    (here / "sweep.yaml").write_text(json.dumps(document))
    plan = PLANS["sweep"]()
    assert len(plan.episodes) == 210
    assert set(cells) <= plan.files.keys()
    cells[1] = "./none.yaml"
    (here / "sweep.yaml").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"the scene refuses .*none\.yaml"):
        PLANS["sweep"]()


def test_a_baseline_from_before_revisions_is_known_by_its_version(tmp_path):
    samples = (sample_of(run_record(Episode("scene", 0), 12)),)
    document = Baseline("s", "0.1.0", "", samples).document()
    del document["revision"]
    path = tmp_path / "base.json"
    path.write_text(json.dumps(document))
    assert read_baseline(path).revision == "0.1.0"
    path.write_text(json.dumps(document | {"revision": OTHER}))
    assert read_baseline(path).revision == OTHER


def test_a_folder_is_read_by_its_revision_or_its_version(here):
    run_campaign(PLANS["suite"](), here / "r", Usual(1))
    assert read_baseline(here / "r").revision == revision()
    edit(here / "r", revision=None)
    assert read_baseline(here / "r").revision == "0.1.0"
