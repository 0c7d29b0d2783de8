"""The run's log as plain dictionaries: lines of `picks.jsonl` and the sums of the two clocks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cellpick.station.runlog import RunLog, Step
from cellpick.station.timeline import Timeline

MM = 1e3
DEG = 57.29577951308232


def pick_record(step: Step) -> dict[str, Any]:
    """One attempt: what the station believed, then what the judge saw."""
    outcome = step.attempt.outcome
    return {
        "number": step.number,
        "time_s": step.time_s,
        "cycle_time_s": step.duration_s,
        "cell": step.key,
        "code": step.code,
        "predicted_sigma_mm": step.sigma_m * MM,
        "event": step.attempt.event or "",
        "reason": step.attempt.reason,
        "slot": outcome.slot,
        "serial": outcome.serial,
        "status": outcome.status,
        "cause": outcome.cause,
        "place_error_mm": outcome.place_error_m * MM,
        "place_error_deg": outcome.place_error_rad * DEG,
        "seat_error_mm": outcome.seat_error_m * MM,
        "polarity_ok": outcome.polarity_ok,
        "peak_load_n": outcome.peak_load_n,
        "contacts": [asdict(contact) for contact in outcome.contacts],
        "shorts": list(outcome.shorts),
    }


def recovery_records(log: RunLog) -> list[dict[str, Any]]:
    """Every recovery, in order."""
    return [asdict(recovery) for recovery in log.recoveries]


def measured_figures(
    timeline: Timeline, wall_time_s: float, station_time_s: float
) -> dict[str, Any]:
    """What this machine measured: the only part of a summary that two equal runs do not share."""
    return {
        "wall_time_s": wall_time_s,
        "real_time_factor": station_time_s / wall_time_s,
        "vision_time_ms": timeline.vision_ms(),
        "stage_s": {stage: sum(times) for stage, times in timeline.measured_s.items()},
    }
