"""Whether a campaign is well, and what it is not well in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from cellpick.report.campaign_tally import Tally
from cellpick.report.figure_words import amount, bare_amount, interval, title, unit_words
from cellpick.report.record_fields import as_number, count, mapping, number, part, rows, words

TONES = {"pass": "good", "fail": "bad"}
_SAID = re.compile(r"^it is [^;]*(; )?")
"""What a reason repeats of the value."""
_CHANGES = {"worse": "bad", "better": "good"}


def verdict_words(results: Mapping[str, Any], tally: Tally, planned: int) -> dict[str, str]:
    """The first thing on the page: `tone`, `word`, `text`."""
    told = _verdict(results, tally)
    if 0 < tally.episodes < planned:
        told["text"] += f" {tally.episodes} of {planned} planned episodes were run."
        if not rows(results, "verdicts"):
            told |= {"tone": "warn", "word": "Not finished"}
    return told


def _verdict(results: Mapping[str, Any], tally: Tally) -> dict[str, str]:
    if not tally.episodes:
        return {"tone": "plain", "word": "No episodes", "text": "Nothing has been run yet."}
    verdicts = rows(results, "verdicts")
    wrong = _wrong(results)
    if wrong:
        failed = wrong != [_silent(results)] or part(results, "passed") is False
        word, tone = ("Fails", "bad") if failed else ("No verdict", "warn")
        return {"tone": tone, "word": word, "text": "; ".join(wrong) + "."}
    if not verdicts:
        ended = tally.statuses["done"]
        text = f"{ended} of {tally.episodes} episodes ended by themselves; no limits were judged."
        return {"tone": "plain", "word": "Done", "text": text}
    held = "The one limit holds." if len(verdicts) == 1 else f"All {len(verdicts)} limits hold."
    return {"tone": "good", "word": "Passes", "text": held}


def missed(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """Limits that do not hold, or cannot be told, in words."""
    return [
        {
            "tone": TONES.get(words(verdict, "status"), "warn"),
            "case": words(verdict, "case"),
            "figure": title(words(verdict, "figure")),
            "value": amount(number(verdict, "value"), words(verdict, "unit")),
            "interval": interval(verdict),
            "wanted": wanted(verdict),
            "reason": _SAID.sub("", words(verdict, "reason")),
            "command": words(verdict, "command"),
        }
        for verdict in rows(results, "verdicts")
        if words(verdict, "status") != "pass"
    ]


def wanted(verdict: Mapping[str, Any]) -> str:
    """A limit in words: the least or most, and how surely."""
    rule = words(verdict, "rule")
    sign = {True: "\u2265 ", False: "\u2264 "}[">=" in rule] if rule else ""
    _, bracket, sure = rule.partition("(")
    limit = amount(number(verdict, "limit"), words(verdict, "unit"))
    return f"{sign}{limit}{' ' + bracket if bracket else ''}{sure}"


def changes(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """What became of each figure since the baseline, as far as there are values."""
    found = []
    figures = mapping(results, "baseline", "figures")
    for key in figures:
        change = mapping(figures, key)
        unit = words(change, "unit") or ("share" if key.endswith("_rate") else "")
        if math.isnan(number(change, "baseline") + number(change, "current")):
            continue
        low, high = (as_signed(end, unit) for end in _ends(part(change, "interval")))
        verdict = words(change, "verdict")
        found.append(
            {
                "figure": title(key),
                "before": amount(number(change, "baseline"), unit),
                "now": amount(number(change, "current"), unit),
                "change": f"{as_signed(number(change, 'effect'), unit)} {unit_words(unit)}".strip(),
                "interval": f"{low} to {high}",
                "verdict": verdict,
                "tone": _CHANGES.get(verdict, ""),
                "why": words(change, "reason") or _chance(number(change, "p_adjusted")),
            }
        )
    return found


def sequential_words(results: Mapping[str, Any]) -> str:
    """How a test that may end early has ended; empty where there is none."""
    test = mapping(results, "sequential")
    if not test:
        return ""
    ended = {
        "pass": "it passes",
        "fail": "it fails",
        "continue": "it has not ended",
        "undecided": "what it saw lies between the two",
    }
    verdict = ended.get(words(test, "verdict"), words(test, "verdict") or "no verdict")
    rates = f"false alarms {amount(number(test, 'alpha'), 'share')}"
    rates += f", misses {amount(number(test, 'beta'), 'share')}"
    good, bad = (amount(number(test, name), "share") for name in ("good", "bad"))
    saved = f", which saved {count(test, 'saved')}" if count(test, "saved") else ""
    return (
        f"Sequential test that tells a success of {good} from one of {bad} ({rates}): "
        f"{verdict} after {count(test, 'used')} episodes{saved}."
    )


def as_signed(value: Any, unit: str) -> str:
    """A difference with its sign."""
    text = bare_amount(value, unit)
    return f"+{text}" if as_number(value) > 0 and text != "0" else text


def _wrong(results: Mapping[str, Any]) -> list[str]:
    verdicts = rows(results, "verdicts")
    failed = sum(words(v, "status") == "fail" for v in verdicts)
    parts = [f"{failed} of {len(verdicts)} limits missed"] if failed else []
    parts += [silent] if (silent := _silent(results)) else []
    worse = part(results, "baseline", "worse")
    if isinstance(worse, list) and worse:
        parts.append("worse than the baseline: " + ", ".join(title(str(w)).lower() for w in worse))
    if words(results, "sequential", "verdict") == "fail":
        parts.append("the sequential test fails")
    if part(results, "passed") is False and not parts:
        parts.append("results.json says so")
    return parts


def _silent(results: Mapping[str, Any]) -> str:
    verdicts = rows(results, "verdicts")
    silent = sum(words(v, "status") not in TONES for v in verdicts)
    return f"{silent} of {len(verdicts)} limits without data" if silent else ""


def _ends(interval_of: Any) -> tuple[Any, Any]:
    is_pair = isinstance(interval_of, list | tuple) and len(interval_of) == 2
    return (interval_of[0], interval_of[1]) if is_pair else (None, None)


def _chance(p: float) -> str:
    return "" if math.isnan(p) else f"p = {p:.2g}"
