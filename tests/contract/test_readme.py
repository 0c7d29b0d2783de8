"""The README's figures are those that the benchmark wrote."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.acceptance import markdown, misses

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "benchmarks/results/acceptance.json").read_text(encoding="utf-8"))


def test_the_readme_shows_the_table_as_it_was_measured() -> None:
    table = markdown(RESULTS["cases"])
    assert table == (ROOT / "benchmarks/results/acceptance.md").read_text(encoding="utf-8")
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")


def test_what_the_results_miss_is_said() -> None:
    assert RESULTS["missed"] == [
        f"{label}: {miss}"
        for label, figures in RESULTS["cases"].items()
        for miss in misses(figures)
    ]


def test_the_readmes_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
