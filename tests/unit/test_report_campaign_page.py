"""A campaign's page: one file, nothing from elsewhere, verdict first, then why, and safe text."""

from __future__ import annotations

import copy
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from campaign_page_stage import (
    effects,
    ended,
    looked,
    record,
    records,
    results,
    suite,
    sweep,
)
from test_report_page import Page

from cellpick.report import CampaignData, render_campaign

EMPTY = CampaignData(campaign={})


@pytest.mark.parametrize("data", [suite(), sweep(), EMPTY], ids=["suite", "sweep", "empty"])
def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing(data):
    text = render_campaign(data)
    for tag, attributes in Page(text).tags:
        assert tag not in ("script", "link", "iframe", "object")
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"https?://|url\(|@import", text)
    assert "nan" not in re.sub(r"[A-Za-z0-9+/=]{200,}|<style>.*?</style>", "", text, flags=re.S)


def test_the_verdict_comes_first_then_what_does_not_hold():
    text = render_campaign(suite())
    assert text.index("Fails") < text.index("What does not hold") < text.index('id="failures"')
    assert "of 42 limits missed" in text


def test_text_from_outside_is_escaped():
    nasty = '<script>alert("1")</script>'
    bad = record(
        1, attempts=[], case=nasty, scene=nasty, command=nasty, reason=nasty, inputs={nasty: nasty}
    )
    raised = ended("raised", nasty, 2, traceback=nasty, case="\u96fb\u6c60 \u00e9")
    text = render_campaign(replace(suite([bad, raised]), command=nasty))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 8
    assert "\u96fb\u6c60 \u00e9" in text
    Page(text)


@pytest.mark.parametrize(
    "made",
    [
        [],
        [record()],
        [looked(k, 10 + k % 3) for k in range(3)],
        [ended("raised", "ValueError: x", k) for k in range(12)],
        [record(k, attempts=[]) for k in range(12)],
        [record(summary={}, attempts=[], first_look={}, measured={})],
        [record() | dict.fromkeys(("id", "case", "scene", "seed", "command", "kind", "reason"))],
    ],
    ids=["none", "one", "looks", "raised", "failed", "without figures", "broken"],
)
def test_odd_campaigns_have_a_page(made):
    for data in (suite(made), sweep(made)):
        Page(render_campaign(data))


def test_the_same_data_twice_gives_the_same_page():
    assert render_campaign(suite()) == render_campaign(suite())


def test_the_page_stays_small():
    data = suite(records(600))
    big = replace(data, pictures={r["id"]: bytes(120_000) for r in data.records})
    assert 1_000_000 < len(render_campaign(big)) < 3_000_000


BROKEN = (None, math.nan, math.inf, -1, 1e300, "", "<&>", [], {}, True, [None], {"a": 1}, -0.0)


def places(value, path=()):
    """Where something stands in a document, lists by their first three."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value[:3])
        for key, item in items:
            yield from places(item, (*path, key))


def broken(document, path, value):
    """The document with another value in one place, or without it."""
    changed = copy.deepcopy(document)
    *steps, last = path
    target = changed
    for step in steps:
        target = target[step]
    if value == "" and isinstance(target, dict):
        del target[last]
    else:
        target[last] = value
    return changed


def test_whatever_one_value_is_the_page_is_whole():
    rng = np.random.default_rng(4)
    made = [*records(2)[:1], *records(3)[-8:-5], looked(1, 9)]
    whole = {"records": made, "results": results(made), "effects": effects(),
             "campaign": dict(suite(made).campaign)}  # fmt: skip
    where = [path for path in places(whole) if len(path) > 2 or path[:1] == ("campaign",)]
    for _ in range(60):
        path = where[int(rng.integers(1, len(where)))]
        value = BROKEN[int(rng.integers(len(BROKEN)))]
        Page(render_campaign(CampaignData(**broken(whole, path, value))))
