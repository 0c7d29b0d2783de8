"""A suite's records judged: figures, limits, baseline and sequential test in one document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from cellpick.campaign.baseline import Baseline
from cellpick.campaign.early_stop import EarlyStop
from cellpick.campaign.figures import figures_of_samples
from cellpick.campaign.plan import Plan
from cellpick.campaign.regression import COMPARED, regressions
from cellpick.campaign.sample import Sample, samples_of
from cellpick.campaign.statistics import ALPHA
from cellpick.campaign.suite import Suite
from cellpick.campaign.thresholds import judge
from cellpick.installation import revision
from cellpick.report import json_text

SCHEMA = "cellpick.results/1"


def evaluate_suite(
    suite: Suite,
    plan: Plan,
    records: Sequence[Mapping[str, Any]],
    baseline: Baseline | None = None,
    early_stop: EarlyStop | None = None,
) -> dict[str, Any]:
    """`results.json`: plain values, all of which follow from the records."""
    samples = samples_of(records)
    verdicts = judge(suite, samples)
    compared = None if baseline is None else comparison_document(baseline, samples, revision())
    stopped = None if early_stop is None else _sequential(early_stop, records)
    worse = compared["worse"] if compared else []
    passed = (
        all(verdict.status == "pass" for verdict in verdicts)
        and not worse
        and (stopped is None or stopped["verdict"] != "fail")
    )
    document = {
        "schema": SCHEMA,
        "name": suite.name,
        "kind": "suite",
        "version": version("cellpick"),
        "revision": revision(),
        "digest": plan.digest,
        "confidence": suite.confidence,
        "planned": len(plan.episodes),
        "episodes": len(samples),
        "passed": passed,
        "figures": {case.name: _figures(suite, samples, case.name) for case in suite.cases},
        "overall": _figures(suite, samples),
        "verdicts": [asdict(verdict) for verdict in verdicts],
        "sequential": stopped,
        "baseline": compared,
    }
    return dict(json.loads(json_text(document)))


def comparison_document(
    baseline: Baseline, samples: Sequence[Sample], current_revision: str
) -> dict[str, Any]:
    """What became of each compared figure, and the names of those that are worse.

    `current_revision`: of the cellpick that made the samples.
    """
    found = regressions(baseline.samples, samples)
    document = {
        "version": baseline.version,
        "revisions": [baseline.revision, current_revision],
        "alpha": ALPHA,
        "worse": [name for name, c in found.items() if c.verdict == "worse"],
        "figures": {
            name: {**asdict(c), "interval": list(c.interval), "unit": COMPARED[name].unit}
            for name, c in found.items()
        },
    }
    return dict(json.loads(json_text(document)))


def _figures(
    suite: Suite, samples: Sequence[Sample], case: str | None = None
) -> dict[str, dict[str, Any]]:
    kept = [s for s in samples if case is None or s.case == case]
    found = figures_of_samples(kept, suite.confidence) if kept else {}
    return {name: asdict(figure) for name, figure in found.items()}


def _sequential(early_stop: EarlyStop, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    for record in records:
        early_stop.observe(record)
    return {**early_stop.rates, **asdict(early_stop.verdict)}
