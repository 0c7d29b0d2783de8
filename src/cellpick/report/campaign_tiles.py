"""The few figures at the top of a campaign's page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from cellpick.report.campaign_tally import Tally
from cellpick.report.figure_words import RATE_OF, amount, bare_amount, interval, title
from cellpick.report.record_fields import mapping, number

NEVER = ("polarity_errors", "safety_violations", "drops")
"""Whose only good count is none."""


def tiles(results: Mapping[str, Any], tally: Tally) -> list[dict[str, str]]:
    """`title`, `value`, `unit`, `of`, `tone` of each, most important first."""
    overall = mapping(results, "overall")
    found = [_success(overall, tally)]
    if tally.kinds["run"]:
        found += [_never(overall, tally, key) for key in NEVER]
        found += [
            _quantile(overall, tally, "place_error_mm_p95", "place_error_mm", "mm"),
            _quantile(overall, tally, "cycle_time_s_p95", "cycle_s", "s"),
        ]
    found.append(_quantile(overall, tally, "pose_error_mm_p95", "pose_error_mm", "mm"))
    found.append(_episodes(tally))
    return found


def _success(overall: Mapping[str, Any], tally: Tally) -> dict[str, str]:
    cells = sum(case.cells for case in tally.cases.values())
    placed = sum(case.placed for case in tally.cases.values())
    looks = tally.kinds["look"] and not tally.kinds["run"]
    figure = mapping(overall, "found_rate" if looks else "success_rate")
    value = number(figure, "value")
    if math.isnan(value) and cells:
        value = placed / cells
    bounds = interval(figure)
    return {
        "title": "Found" if looks else "Placed right",
        "value": bare_amount(value, "share"),
        "unit": "" if math.isnan(value) else " %",
        "of": f"95 % interval {bounds}" if bounds else f"{placed} of {cells} cells",
        "tone": "",
    }


def _never(overall: Mapping[str, Any], tally: Tally, key: str) -> dict[str, str]:
    known = tally.faults[key] if tally.statuses["done"] else math.nan
    bounds = interval(mapping(overall, RATE_OF.get(key, "")))
    return {
        "title": title(key),
        "value": bare_amount(known, ""),
        "unit": "",
        "of": f"rate {bounds} %" if bounds else "",
        "tone": "" if math.isnan(known) else ("bad" if known else "good"),
    }


def _quantile(
    overall: Mapping[str, Any], tally: Tally, key: str, errors: str, unit: str
) -> dict[str, str]:
    values = np.frombuffer(tally.pooled(errors), dtype=np.float32).astype(np.float64)
    value = number(overall, key, "value")
    if math.isnan(value) and len(values):
        value = float(np.percentile(values, 95))
    bounds = interval(mapping(overall, key))
    median = f"median {amount(float(np.median(values)), unit)}" if len(values) else "not measured"
    return {
        "title": title(key),
        "value": bare_amount(value, unit),
        "unit": "" if math.isnan(value) else f" {unit}",
        "of": f"95 % interval {bounds}" if bounds else median,
        "tone": "",
    }


def _episodes(tally: Tally) -> dict[str, str]:
    ended = tally.statuses["done"]
    others = [
        f"{n} {status or 'no status'}" for status, n in tally.statuses.items() if status != "done"
    ]
    return {
        "title": "Episodes with a result",
        "value": str(ended),
        "unit": f" of {tally.episodes}",
        "of": ", ".join(others) or ("all ended by themselves" if ended else ""),
        "tone": "" if ended == tally.episodes else "bad",
    }
