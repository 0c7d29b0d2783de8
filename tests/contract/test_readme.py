"""The README's figures are those that the suite left."""

from __future__ import annotations

import json
from pathlib import Path

from cellpick.report.campaign_markdown import campaign_markdown

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "benchmarks/results/standard.json").read_text(encoding="utf-8"))


def test_the_readme_shows_the_table_as_it_was_measured() -> None:
    page = (ROOT / "benchmarks/results/standard.md").read_text(encoding="utf-8")
    assert page == campaign_markdown(RESULTS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- standard -->\n")[1].split("<!-- /standard -->")[0]
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert [line for line in shown.splitlines() if line.startswith("|")] == table


def test_the_readmes_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
