"""A suite's results as Markdown, for the summary of a CI job."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cellpick.report.campaign_words import (
    HEADER,
    case_rows,
    change_words,
    sequential_words,
    verdict_line,
)

_OTHERWISE_SYNTAX = re.compile(r"[\\`|]|(?<=\])\(")
_TAG = re.compile("<(?=[A-Za-z/!?])")


def campaign_markdown(results: Mapping[str, Any]) -> str:
    """Verdict, table, what does not hold with its command, changes since the baseline."""
    verdict = "passes" if results["passed"] else "**fails**"
    count = f"{results['episodes']} of {results['planned']} episodes"
    made_by = results.get("revision", results["version"])
    parts = [
        f"## cellpick bench {_inline(results['name'])}: {verdict}",
        f"{count}, cellpick {made_by}; intervals at {100 * results['confidence']:g} %.",
        _table([HEADER, *case_rows(results)]),
        _missed([v for v in results["verdicts"] if v["status"] != "pass"]),
    ]
    if results["sequential"]:
        parts.append(_capital(sequential_words(results["sequential"])) + ".")
    if results["baseline"]:
        parts.append(comparison_markdown(results["baseline"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def comparison_markdown(compared: Mapping[str, Any]) -> str:
    """What became of each figure since the baseline, without those that say nothing."""
    told = [
        f"- {_inline(change_words(name, change))}"
        for name, change in compared["figures"].items()
        if change["episodes"][0] and change["episodes"][1]
    ]
    worse = ", ".join(compared["worse"]) or "nothing"
    head = f"### Since the baseline (cellpick {compared['revisions'][0]})\n\nWorse: {worse}."
    return "\n\n".join([head, "\n".join(told)])


def _missed(verdicts: Sequence[Mapping[str, Any]]) -> str:
    if not verdicts:
        return ""
    lines = ["### Limits that do not hold", ""]
    for verdict in verdicts:
        lines.append(f"- {_inline(verdict_line(verdict))}")
        if verdict["command"]:
            lines.append(f"  seed {verdict['seed']}: {_code(verdict['command'])}")
    return "\n".join(lines)


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(_inline(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines)


def _inline(text: str) -> str:
    """As one cell of a table, which shows the text as it is: no tag, no link, no code."""
    plain = _OTHERWISE_SYNTAX.sub(r"\\\g<0>", " ".join(text.split()))
    return _TAG.sub("&lt;", plain)


def _code(text: str) -> str:
    """As code, between more backticks in a row than it has."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
