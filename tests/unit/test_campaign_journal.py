"""What is in the journal is whole, counts once, and is of one plan."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from cellpick.campaign import Episode, EpisodeResult, Journal, Plan, run_campaign
from cellpick.campaign.episode import blank_record
from cellpick.campaign.results_folder import read_document, read_records
from cellpick.errors import InputError, StoppedError, UnavailableError
from cellpick.installation import revision
from cellpick.report import append_line

EPISODES = tuple(Episode("scene", seed, case="a") for seed in range(4))
PLAN = Plan("suite", "smoke", {"seeds": 4}, EPISODES)
RECORDS = "episodes/records.jsonl"


def result_of(episode: Episode, text: str = "") -> EpisodeResult:
    return EpisodeResult(blank_record(episode, reason=text), b"jpeg of %d" % episode.seed)


class HereAndNow:
    """An engine without processes, which counts what it is given."""

    def __init__(self):
        self.ran = []

    def run(self, episodes: Iterable[Episode]):
        for episode in episodes:
            self.ran.append(episode)
            yield result_of(episode)


def fill(folder, count=4):
    with Journal(folder, PLAN) as journal:
        for episode in EPISODES[:count]:
            assert journal.add(result_of(episode))


def content(folder):
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_record_is_read_as_it_was_added_in_the_plans_order(tmp_path):
    with Journal(tmp_path / "new" / "folder", PLAN) as journal:
        for episode in reversed(EPISODES):
            assert journal.add(result_of(episode, f"ä\n{episode.seed}"))
            assert episode.id in journal.done()
        wanted = [result_of(e, f"ä\n{e.seed}").record for e in EPISODES]
        assert list(journal.records()) == wanted
    folder = tmp_path / "new" / "folder"
    assert (folder / "pictures" / f"{EPISODES[2].id}.jpg").read_bytes() == b"jpeg of 2"
    assert list(read_records(folder)) == wanted[::-1]
    assert read_document(folder) == {
        "schema": "cellpick.campaign/1",
        "kind": "suite",
        "name": "smoke",
        "version": wanted[0]["version"],
        "revision": revision(),
        "digest": PLAN.digest,
        "files": {},
        "episodes": 4,
        "spec": {"seeds": 4},
    }


def test_the_first_record_of_an_episode_counts(tmp_path):
    with Journal(tmp_path, PLAN) as journal:
        assert journal.add(result_of(EPISODES[0], "first"))
        before = content(tmp_path)
        assert not journal.add(result_of(EPISODES[0], "second"))
        assert content(tmp_path) == before
    line = (tmp_path / RECORDS).read_bytes()
    (tmp_path / RECORDS).write_bytes(line + line.replace(b'"first"', b'"third"'))
    with Journal(tmp_path, PLAN) as journal:
        assert [r["reason"] for r in journal.records()] == ["first"]
    assert [r["reason"] for r in read_records(tmp_path)] == ["first"]


def test_a_line_torn_anywhere_is_cut_and_its_episode_runs_again(tmp_path):
    fill(tmp_path)
    whole = (tmp_path / RECORDS).read_bytes()
    undisturbed = content(tmp_path)
    second_last = whole.rindex(b"\n", 0, -1) + 1
    for length in (*range(second_last, len(whole), 40), len(whole) - 2, len(whole) - 1):
        (tmp_path / RECORDS).write_bytes(whole[:length])
        assert [r["seed"] for r in read_records(tmp_path)] == [0, 1, 2]
        engine = HereAndNow()
        run_campaign(PLAN, tmp_path, engine)
        assert engine.ran == [EPISODES[3]]
        assert content(tmp_path) == undisturbed


def test_a_new_command_runs_only_what_is_missing(tmp_path):
    fill(tmp_path, 3)
    engine = HereAndNow()
    told = []
    records = run_campaign(PLAN, tmp_path, engine, told.append)
    assert [r["seed"] for r in told] == [3]
    wanted = [result_of(e).record for e in EPISODES]
    assert list(records) == list(records) == wanted
    assert (len(records), records[-1], list(records[1:3])) == (4, wanted[3], wanted[1:3])
    assert list(run_campaign(PLAN, tmp_path, engine)) == wanted
    assert engine.ran == [EPISODES[3]]


def test_the_observer_is_told_what_is_on_disk_and_may_end_the_campaign(tmp_path):
    engine = HereAndNow()

    def observe(record):
        assert record == list(read_records(tmp_path))[-1]
        return record["seed"] < 1

    assert [r["seed"] for r in run_campaign(PLAN, tmp_path, engine, observe)] == [0, 1]
    assert engine.ran == list(EPISODES[:2])


def test_an_interruption_says_how_far_it_came_and_leaves_all_that_ended(tmp_path):
    def observe(record):
        if record["seed"] == 1:
            raise KeyboardInterrupt

    with pytest.raises(StoppedError, match=r"2 of 4 episodes are in .*; the same command"):
        run_campaign(PLAN, tmp_path, HereAndNow(), observe)
    assert len(run_campaign(PLAN, tmp_path, HereAndNow())) == 4


def test_an_interruption_right_after_a_write_counts_what_was_written(tmp_path, monkeypatch):
    def interrupted(path, text):
        append_line(path, text)
        if len(path.read_bytes().splitlines()) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("cellpick.campaign.journal.append_line", interrupted)
    with pytest.raises(StoppedError, match=re.escape(f"2 of 4 episodes are in {tmp_path}")):
        run_campaign(PLAN, tmp_path, HereAndNow())
    assert len(list(read_records(tmp_path))) == 2


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (replace(PLAN, name="stress"), "campaign of another name; got 'smoke'; accepted: stress"),
        (replace(PLAN, kind="sweep"), "campaign of another kind; got 'suite'; accepted: sweep"),
        (replace(PLAN, spec={"seeds": 5}), "another suite 'smoke': its content has changed"),
        (replace(PLAN, episodes=EPISODES[1:]), "another suite 'smoke': its content has changed"),
    ],
)
def test_the_folder_of_another_plan_is_refused_and_left_alone(tmp_path, other, message):
    fill(tmp_path, 2)
    before = content(tmp_path)
    with pytest.raises(InputError, match=message):
        Journal(tmp_path, other)
    assert content(tmp_path) == before
    fill_again = HereAndNow()
    run_campaign(PLAN, tmp_path, fill_again)
    assert len(fill_again.ran) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "0.0.1"}, "campaign of another cellpick; got '0.0.1'"),
        ({"schema": "cellpick.campaign/2"}, "not the results of a campaign.*campaign/2"),
        ({"digest": ...}, "digest: a key is missing"),
    ],
)
def test_the_folder_of_another_version_or_schema_is_refused(tmp_path, change, message):
    fill(tmp_path, 1)
    path = tmp_path / "campaign.json"
    document = json.loads(path.read_text()) | change
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not ...}))
    with pytest.raises(InputError, match=message):
        Journal(tmp_path, PLAN)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("campaign.json", "{", "campaign.json: not JSON"),
        ("campaign.json", "[]", "not the results of a campaign"),
        (RECORDS, "{}\n", r"records.jsonl:1: this line is no record of an episode"),
        (
            RECORDS,
            "nonsense\n",
            r"records.jsonl:1: this line is not JSON; accepted: a line as cellpick wrote it; "
            "without the line its episode is run again",
        ),
        (RECORDS, f"{'[' * 9999}\n", "this line is not JSON"),
        *(
            (
                RECORDS,
                json.dumps(blank_record(EPISODES[0]) | {key: None}) + "\n",
                f"records.jsonl:1: {key}: this record of an episode is not whole; .* run again",
            )
            for key in ("id", "case", "seed", "summary", "attempts")
        ),
        (
            RECORDS,
            json.dumps(blank_record(Episode("other", 1))) + "\n",
            "an episode that is not in the plan",
        ),
    ],
)
def test_what_no_campaign_wrote_is_refused(tmp_path, name, text, message):
    fill(tmp_path, 1)
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        Journal(tmp_path, PLAN)


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match=r"not empty and holds no campaign; got 'thesis.tex'"):
        Journal(tmp_path, PLAN)
    with pytest.raises(InputError, match="no results of a campaign: No such file"):
        read_document(tmp_path)


def test_a_folder_that_the_disk_does_not_give_is_no_wrong_input(tmp_path, monkeypatch):
    fill(tmp_path, 1)

    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(
        UnavailableError, match=r"campaign\.json: cannot be read: Permission denied"
    ):
        read_document(tmp_path)


def test_a_second_command_at_the_same_folder_is_refused(tmp_path):
    with (
        Journal(tmp_path, PLAN),
        pytest.raises(InputError, match=rf"another command \(process {os.getpid()}\) is at work"),
    ):
        Journal(tmp_path, PLAN)
    Journal(tmp_path, PLAN).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match=r"cannot write into folder .*file"):
        Journal(tmp_path / "file" / "folder", PLAN)


def test_a_plan_without_episodes_or_with_one_twice_is_refused():
    with pytest.raises(InputError, match="suite 'smoke' has no episodes"):
        replace(PLAN, episodes=())
    twice = (*EPISODES, replace(EPISODES[0], case="b"))
    with pytest.raises(InputError, match=r"one episode twice, in cases 'a' and 'b'; got 'cellpick"):
        replace(PLAN, episodes=twice)


def test_the_digest_tells_plans_apart_and_knows_the_same_again():
    others = [
        replace(PLAN, kind="sweep"),
        replace(PLAN, name="x"),
        replace(PLAN, spec={"seeds": "4"}),
        replace(PLAN, episodes=EPISODES[::-1]),
    ]
    assert len({PLAN.digest, *(other.digest for other in others)}) == 5
    assert Plan("suite", "smoke", {"seeds": 4}, EPISODES).digest == PLAN.digest


def test_a_record_that_does_not_fit_leaves_nothing_that_counts(tmp_path, monkeypatch):
    fill(tmp_path, 2)
    before = (tmp_path / RECORDS).read_bytes()
    with Journal(tmp_path, PLAN) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full_disk)
            with pytest.raises(UnavailableError, match=r"cannot .*: No space left on device"):
                journal.add(EpisodeResult(blank_record(EPISODES[2])))
        assert (tmp_path / RECORDS).read_bytes() == before
        assert len(journal.done()) == 2
        assert journal.add(result_of(EPISODES[2]))
    assert [r["seed"] for r in read_records(tmp_path)] == [0, 1, 2]


def full_disk(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
