"""JUnit XML and Markdown of a suite: valid, complete, and readable after any text."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from suite_stage import SUITE, run, usual, write_suite

from cellpick.campaign import Baseline, EarlyStop, evaluate_suite, load_suite
from cellpick.campaign.episode import blank_record
from cellpick.campaign.sample import sample_of
from cellpick.report import campaign_markdown, junit_xml

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
WHEN = "2026-01-02T03:04:05"
NASTY = "]]> <b> & \x00\x1b[31m | \ud800 `x`\nsecond line é 電池"


@pytest.fixture
def results(tmp_path):
    """All sorts of verdict: limits held, missed and without data, a regression, an early end."""
    text = SUITE.replace("seeds: 4", "seeds: 12\nsequential: {good: 0.99, bad: 0.9}")
    suite = load_suite(write_suite(tmp_path, text))
    plan = suite.plan()
    before = [usual(episode) for episode in plan.episodes]
    records = []
    for episode in plan.episodes:
        if episode.case == "boxes":
            records.append(run(episode, placed=2, place_mm=1.5))
        elif episode.case == "rounds":
            records.append(blank_record(episode, "raised", NASTY))
        else:
            records.append(usual(episode))
    baseline = Baseline("made_up", "0", "0+a", tuple(sample_of(r) for r in before))
    return evaluate_suite(suite, plan, records, baseline, EarlyStop(suite, plan))


def tree_of(results, times_s=None):
    return etree.fromstring(junit_xml(results, times_s or {}, WHEN, "host name"))


def test_it_is_valid_by_the_common_schema(results):
    SCHEMA.assertValid(tree_of(results, {"boxes": 12.3456}))


def test_the_schema_would_refuse_what_readers_refuse(results):
    for spoil in (
        lambda root: root[0].attrib.pop("hostname"),
        lambda root: root[0].set("timestamp", WHEN + "Z"),
        lambda root: root[0].remove(root[0].find("properties")),
        lambda root: root.find(".//failure").attrib.pop("type"),
        lambda root: root.find(".//testcase").set("time", "1e-3"),
        lambda root: root.set("color", "red"),
    ):
        root = tree_of(results)
        spoil(root)
        assert not SCHEMA.validate(root)


def test_a_case_is_a_suite_and_a_limit_a_test(results):
    root = tree_of(results, {"boxes": 12.3456})
    assert [s.get("name") for s in root] == ["boxes", "rounds", "heap", "baseline", "sequential"]
    assert [s.get("id") for s in root] == list("01234")
    boxes = root[0]
    assert boxes.get("time") == "12.346"
    limits = [v for v in results["verdicts"] if v["case"] == "boxes"]
    assert [c.get("name") for c in boxes.findall("testcase")] == [v["rule"] for v in limits]
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall(".//failure"))
        assert suite.find("testcase").get("classname") == f"made_up.{suite.get('name')}"


def test_a_failure_says_figure_limit_interval_seed_and_command(results):
    boxes = tree_of(results)[0]
    failure = boxes.find("testcase[@name='success_rate >= 90 %']/failure")
    for part in (
        "success_rate >= 90 %",
        "50 %",
        " to ",
        "worst seed: 0",
        "reproduce: cellpick run",
    ):
        assert part in failure.text
    assert "\n" not in failure.get("message")


def test_no_data_regressions_and_the_sequential_test_fail_too(results):
    root = tree_of(results)
    assert {f.get("type") for f in root.iter("failure")} == {
        "missed limit",
        "no data",
        "worse than the baseline",
        "failed",
    }


def test_every_failure_agrees_with_the_verdict(results):
    missed = sum(v["status"] != "pass" for v in results["verdicts"])
    worse = len(results["baseline"]["worse"])
    assert worse > 0
    assert len(list(tree_of(results).iter("failure"))) == missed + worse + 1
    assert not results["passed"]


def test_a_suite_that_passes_has_no_failure(tmp_path):
    suite = load_suite(write_suite(tmp_path))
    plan = suite.plan()
    results = evaluate_suite(suite, plan, [usual(episode) for episode in plan.episodes])
    root = tree_of(results)
    SCHEMA.assertValid(root)
    assert list(root.iter("failure")) == []
    assert "passes" in campaign_markdown(results)
    assert "do not hold" not in campaign_markdown(results)


def test_any_text_survives_in_both(results):
    root = tree_of(results)
    reason = root[1].find("testcase[@name='errors <= 0']/failure").text
    assert "]]> <b> & " in reason
    assert "電池" in reason
    text = campaign_markdown(results)
    text.encode(errors="replace")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1


def test_the_markdown_has_the_table_the_misses_and_the_changes(results):
    text = campaign_markdown(results)
    assert "## cellpick bench made_up: **fails**" in text
    assert "| boxes | 12 | 50.0 % (" in text
    assert "| all | 36 |" in text
    assert "`cellpick run prismatic_tray --seed 0 --set tray.rows=1`" in text
    assert "Worse: success_rate" in text
    assert "sequential test of 99 % from 90 %" in text.lower()
