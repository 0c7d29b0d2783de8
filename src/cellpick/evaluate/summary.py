"""A whole run in one dictionary: the fields of `summary.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cellpick.errors import InputError
from cellpick.evaluate.matching import Matches
from cellpick.evaluate.statistics import figure, mean_and_quantiles, quantiles, wilson_interval
from cellpick.structures import PickOutcome

SCHEMA = "cellpick.summary/1"
MM = 1e3


def summarise(
    *,
    scene: str,
    seed: int,
    version: str,
    cells_total: int,
    outcomes: Sequence[PickOutcome],
    looks: Sequence[Matches],
    cycle_times_s: Sequence[float],
    station_time_s: float,
    measured: Mapping[str, Any],
) -> dict[str, Any]:
    """The summary of one run; all but `measured` follows from scene, seed and version alone.

    `outcomes` are the judge's verdicts, one an attempt; `looks` the tray's looks, judged;
    `cycle_times_s` the station time of each attempt that placed a cell, looks included;
    `station_time_s` that of the whole run. A rate is of `cells_total`; a figure without values is
    None. Polarity and errors in the slot are those of cells that were not dropped. Raises
    `InputError` where more cells were placed than there are.
    """
    placed = {o.serial for o in outcomes if o.status == "placed"}
    if len(placed) > cells_total:
        raise InputError("more cells placed than there are", got=len(placed), key="cells_total")
    in_slot = [o for o in outcomes if o.status in ("placed", "misplaced")]
    low, high = wilson_interval(len(placed), cells_total)
    return {
        "schema": SCHEMA,
        "scene": scene,
        "seed": seed,
        "version": version,
        "cells_total": cells_total,
        "attempts": len(outcomes),
        "picked": sum(o.status in ("placed", "misplaced", "dropped") for o in outcomes),
        "placed_ok": len(placed),
        "success_rate": figure(len(placed) / cells_total if cells_total else np.nan),
        "success_ci95": [figure(low), figure(high)],
        **_faults(outcomes, in_slot),
        "pose_error_mm": quantiles(_of_looks(looks, "position_error_m") * MM),
        "pose_error_deg": quantiles(np.degrees(_of_looks(looks, "angle_error_rad"))),
        "place_error_mm": quantiles(o.place_error_m * MM for o in in_slot),
        "place_error_deg": quantiles(np.degrees([o.place_error_rad for o in in_slot])),
        "cycle_time_s": mean_and_quantiles(cycle_times_s),
        "picks_per_hour": figure(
            3600.0 * len(placed) / station_time_s if station_time_s > 0 else np.nan
        ),
        "measured": dict(measured),
    }


def _faults(outcomes: Sequence[PickOutcome], in_slot: Sequence[PickOutcome]) -> dict[str, Any]:
    causes = Counter(o.cause or o.status for o in outcomes if o.status != "placed")
    in_module = [o for o in in_slot if np.isfinite(o.place_error_m)]
    return {
        "polarity_errors": sum(not o.polarity_ok for o in in_module),
        "drops": sum(o.status == "dropped" for o in outcomes),
        "collisions": sum(len(o.contacts) for o in outcomes),
        "safety_violations": sum(len(o.shorts) for o in outcomes),
        "failures": dict(sorted(causes.items())),
    }


def _of_looks(looks: Sequence[Matches], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A figure of every estimate that perception called ok, over all looks."""
    kept = [getattr(look, name)[[status == "ok" for status in look.status]] for look in looks]
    return np.concatenate([np.zeros(0), *kept])
