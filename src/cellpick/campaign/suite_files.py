"""What a suite leaves in its folder beside the journal: JSON, JUnit XML, Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cellpick.report import campaign_markdown, json_text, junit_xml, write_whole


def write_suite_files(
    folder: Path,
    results: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    timestamp: str,
    hostname: str,
) -> None:
    """`results.json`, `junit.xml`, `summary.md`; raises `UnavailableError` naming the path."""
    times_s = Counter[str]()
    for record in records:
        times_s[record["case"]] += record["measured"].get("wall_time_s", 0.0)
    write_whole(folder / "results.json", json_text(results, indent=1).encode() + b"\n")
    write_whole(folder / "junit.xml", junit_xml(results, times_s, timestamp, hostname))
    write_whole(folder / "summary.md", campaign_markdown(results).encode())
