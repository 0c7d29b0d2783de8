"""The keys of a campaign's files, each of them in docs/formats.md."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from cellpick.campaign import Baseline, Episode, Figure, Plan, evaluate_suite, load_suite
from cellpick.campaign.dataset import ATTEMPTS, EPISODES, HEAD, TAIL
from cellpick.campaign.effects import effects_of
from cellpick.campaign.episode import blank_record, look_figures
from cellpick.campaign.run_figures import RUN_FIGURES
from cellpick.campaign.run_table import RunTable
from cellpick.campaign.sample import Sample, sample_of
from cellpick.campaign.statistics import SprtVerdict
from cellpick.campaign.statistics.comparison import Comparison
from cellpick.campaign.thresholds import Verdict
from cellpick.evaluate import Matches

FORMATS = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
PAGES = FORMATS[FORMATS.index("## The folder of a campaign") : FORMATS.index("## Exit codes")]
EPISODE = Episode("prismatic_tray", 1, case="a case")
NO_MATCH = Matches(
    *(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0)),
    *((), (), (), (), ()),
)
SWEEPS = Path(__file__).resolve().parents[2] / "docs" / "how-to-sweep.md"
COUNTS = ("polarity_errors", "drops", "collisions", "safety_violations")
FILES = """campaign.json effects.json results.json junit.xml summary.md report.html pictures/ID.jpg
    episodes/*.jsonl"""


def undocumented(keys) -> list[str]:
    return [key for key in keys if not re.search(rf"`{re.escape(key)}`", PAGES)]


def fields(record) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]


def test_every_file_of_a_campaign_is_documented():
    assert undocumented([*FILES.split(), EPISODES, ATTEMPTS]) == []


def test_every_key_of_a_plan_and_of_a_record_is_documented():
    record = blank_record(EPISODE)
    plan = Plan("suite", "name", {}, (EPISODE,)).document
    keys = [*record, record["schema"], *plan, plan["schema"], *HEAD, *TAIL, *look_figures(NO_MATCH)]
    assert undocumented(keys) == []


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("suite") / "one.yaml"
    path.write_text("cases: [{name: a case, scene: prismatic_tray, seeds: [1]}]\n")
    suite = load_suite(path)
    record = blank_record(EPISODE, "raised", "ValueError: no")
    before = Baseline(suite.name, "0", "0+a", (sample_of(record),))
    return evaluate_suite(suite, suite.plan(), [record], before)


def test_every_key_of_the_results_is_documented(results):
    assert undocumented([*results, results["schema"], *results["baseline"]]) == []
    told = [*fields(Figure), *fields(Verdict), *fields(SprtVerdict), *fields(Comparison)]
    assert undocumented(told) == []


def test_every_key_of_the_effects_and_every_figure_of_a_run_is_documented():
    table = [{"x": x, "y": y} for x in (0, 1, 2, 3) for y in (0, 1)]
    runs = RunTable(["x", "y"], ["picks_per_hour"])
    for k, inputs in enumerate(table):
        record = blank_record(Episode("prismatic_tray", 1, (), "", inputs))
        record["summary"] = dict.fromkeys(("cells_total", "placed_ok", "picked", *COUNTS), 1)
        record["summary"]["station_time_s"] = 1.0 + k % 3
        record["first_look"] = look_figures(NO_MATCH)
        runs.add(record, sample_of(record))
    found = effects_of(runs, ["picks_per_hour"], "saltelli", table, np.random.default_rng(0))
    (figure,) = found["figures"]
    parts = [*figure["main"].values(), figure["pairs"], figure["importance"], figure["sobol"]]
    keys = [key for rows in parts for key in rows[0] if not key.startswith("total_")]
    assert "first_known" in keys
    assert undocumented([*found, found["schema"], *figure, *keys]) == []
    page = SWEEPS.read_text(encoding="utf-8")
    names = [name for name in RUN_FIGURES if f"`{name}`" not in page]
    assert {name.rpartition("_")[2] for name in names} <= {"mean", "p95"}
    assert all(f"`{name}`" in page for name, figure in RUN_FIGURES.items() if figure.shown)


def test_every_key_of_a_baseline_is_documented():
    document = Baseline("suite", "0", "0+a", ()).document()
    assert undocumented([*document, document["schema"], *fields(Sample)]) == []


def test_the_page_reads_the_results_as_they_are_written(results):
    from cellpick.report import CampaignData, render_campaign

    page = render_campaign(CampaignData(campaign={"name": "one"}, results=results))
    assert "No episodes" in page
    record = blank_record(EPISODE, "raised", "ValueError: no")
    page = render_campaign(CampaignData({"name": "one"}, [record], results))
    assert "1 of 1 limits missed" in page
    assert "Without a result" in page
    assert "\u2264 0" in page
