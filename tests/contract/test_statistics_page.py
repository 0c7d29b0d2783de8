"""The page on statistics states what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cellpick.campaign.statistics import clustered_interval, upper_limit

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
MEASURED = json.loads((ROOT / "benchmarks/results/statistics.json").read_text(encoding="utf-8"))


def test_its_table_of_misses_is_the_measured_one():
    results = (ROOT / "benchmarks/results/statistics.md").read_text(encoding="utf-8")
    table = re.search(r"\| change \|.*?\n\n", results, flags=re.DOTALL)
    assert table is not None
    assert table.group() in PAGE


def test_its_coverage_is_the_measured_one():
    rows = MEASURED["coverage"]["rows"]
    for name in ("clustered", "wilson", "bootstrap"):
        assert f"{100 * min(row[name] for row in rows):.0f} %" in PAGE


def test_its_table_of_faultless_campaigns_is_what_the_functions_say():
    rows = re.findall(
        r"^\| (\d+) \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \|", PAGE, re.M
    )
    assert len(rows) == 6
    for episodes, cells, low, independent, clustered in rows:
        whole = [12] * int(episodes)
        assert int(cells) == sum(whole)
        assert f"{100 * clustered_interval(whole, whole).low:.1f}" == low
        assert f"{100 * upper_limit(0, sum(whole)):.2f}" == independent
        assert f"{100 * upper_limit(0, sum(whole), design_effect=2.1):.2f}" == clustered
