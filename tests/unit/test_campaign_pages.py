"""The page of a folder: from what is in it alone, with figures where nothing judged it."""

from __future__ import annotations

import json

import pytest
from campaign_page_stage import picture

from cellpick.campaign import Episode, Journal, Plan, write_pages
from cellpick.campaign.episode import EpisodeResult, blank_record
from cellpick.errors import InputError

EPISODES = tuple(Episode("prismatic_tray", seed, case="a") for seed in range(3))
PLAN = Plan("suite", "three", {}, EPISODES)


@pytest.fixture
def folder(tmp_path):
    with Journal(tmp_path / "three", PLAN) as journal:
        for episode in EPISODES[:2]:
            record = blank_record(episode, "raised", "ValueError: no")
            journal.add(EpisodeResult(record, picture(episode.seed)))
    return tmp_path / "three"


def test_a_folder_that_nothing_judged_has_figures_with_intervals_and_pictures(folder):
    text = write_pages(folder).read_text(encoding="utf-8")
    for words in ("Not finished", "2 of 3 planned", "Placed right, %", "95 % interval", "raised"):
        assert words in text, words
    assert text.count("data:image/jpeg;base64,") == 2


def test_results_that_are_there_are_shown(folder):
    results = {
        "digest": PLAN.digest,
        "episodes": 2,
        "verdicts": [{"case": "a", "figure": "drops", "status": "fail"}],
        "figures": {},
    }
    (folder / "results.json").write_text(json.dumps(results))
    assert "1 of 1 limits missed" in write_pages(folder).read_text(encoding="utf-8")
    for other in ({"episodes": 1}, {"digest": "of another plan"}):
        (folder / "results.json").write_text(json.dumps(results | other))
        assert "1 of 1 limits missed" not in write_pages(folder).read_text(encoding="utf-8")
    (folder / "results.json").write_text("[")
    with pytest.raises(InputError, match=r"results\.json.*not the results of a campaign"):
        write_pages(folder)
