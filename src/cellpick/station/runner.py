"""One whole run with its folder: the function behind `cellpick run`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cellpick.errors import InputError
from cellpick.evaluate import Matches, match_estimates, summarise
from cellpick.geometry import invert
from cellpick.report import (
    ReportData,
    append_pick,
    estimates_document,
    json_text,
    start_run,
    write_html,
    write_overview_png,
    write_summary,
    write_whole,
)
from cellpick.scene import SceneModels
from cellpick.station.cameras import camera_records
from cellpick.station.cycle import Cycle
from cellpick.station.looking import Look, tray_task
from cellpick.station.records import MM, measured_figures, pick_record, recovery_records
from cellpick.station.runlog import RunLog, Step
from cellpick.station.station import Station
from cellpick.station.verify import verify_slots
from cellpick.store import write_calibration
from cellpick.structures import RigCalibration

Progress = Callable[[str], None]
"""Takes one line about what is going on."""

CALIBRATION = "calibration.json"
"""Name of the calibration that a run's folder keeps, where it was given one."""
ORACLE_NOTE = "oracle: true poses took the place of perception"


@dataclass(frozen=True)
class RunResult:
    """What a run leaves behind."""

    folder: Path
    """Its folder."""
    summary: dict[str, Any]
    """The content of its `summary.json`."""
    matches: tuple[Matches, ...]
    """Each look at the tray, judged."""


def look_once(models: SceneModels, seed: int, *, calibration: RigCalibration | None = None) -> Look:
    """The first look of a run with this seed, and the truth at that moment."""
    with Station(models, seed, calibration=calibration) as station:
        return station.look(tray_task(station.recipe), np.zeros((0, 4, 4)))


def run_scene(
    models: SceneModels,
    seed: int,
    folder: Path,
    progress: Progress,
    *,
    oracle: bool = False,
    calibration: RigCalibration | None = None,
) -> RunResult:
    """Run a station once and write its folder; `oracle` replaces perception by the truth.

    `calibration` is what the station believes of its cameras, in place of what would be drawn.

    Raises `InputError` for a scene that is for looks alone, and `UnavailableError` when the folder
    cannot be written, before anything is simulated.
    """
    if models.spec.purpose == "look":
        raise InputError(
            "nothing can be picked in a scene that is for looks alone",
            source=models.spec.source,
            key="purpose",
            got="look",
            accepted="pick, or `cellpick capture` and `cellpick perceive`",
        )
    start = time.perf_counter()
    start_run(folder)
    resolved = yaml.safe_dump(
        {**models.spec.model_dump(mode="json"), "seed": seed}, sort_keys=False
    )
    write_whole(folder / "scene.resolved.yaml", resolved.encode())
    if calibration is not None:
        write_calibration(calibration, folder / CALIBRATION)
    progress("building the station")
    with Station(models, seed, oracle=oracle, calibration=calibration) as station:
        cycle = Cycle(station, lambda step: _observe(step, models, folder, progress))
        log = cycle.run()
        station_time_s = station.running_s
        outcomes = station.judge_again([step.attempt.outcome for step in log.steps])
        filled = sorted(cycle.filled)
    progress("writing the report")
    matches = [match_estimates(k.estimates, k.state, k.captures.task) for k in log.looks]
    summary = summarise(
        scene=models.spec.name,
        seed=seed,
        version=version("cellpick"),
        cells_total=models.cell_count,
        outcomes=outcomes,
        looks=matches,
        cycle_times_s=[
            step.duration_s
            for step, outcome in zip(log.steps, outcomes, strict=True)
            if outcome.status == "placed"
        ],
        station_time_s=station_time_s,
        measured={},
    )
    summary |= _station_figures(station, log, filled)
    with station.timeline.measured("report"):
        _write_report(folder, station, log, matches, summary, ORACLE_NOTE if oracle else "")
    wall_time_s = time.perf_counter() - start
    summary["measured"] = measured_figures(station.timeline, wall_time_s, station_time_s)
    write_summary(folder, summary)
    return RunResult(folder, summary, tuple(matches))


def _observe(step: Step, models: SceneModels, folder: Path, progress: Progress) -> None:
    append_pick(folder, pick_record(step))
    outcome = step.attempt.outcome
    verdict = outcome.cause or outcome.status
    progress(f"attempt {step.number}, {models.cell_count} cells: {verdict} at {step.time_s:.1f} s")


def _station_figures(station: Station, log: RunLog, filled: list[int]) -> dict[str, Any]:
    """What the station itself reports, beside the judge's figures."""
    verified = {}
    if log.module_look is not None:
        verified = verify_slots(log.module_look.estimates, station.recipe, filled)
    return {
        "slots_total": len(station.recipe.Ts_module_slot),
        "perception": "oracle" if station.oracle else "cameras",
        "calibration": "drawn" if station.calibration is None else "file",
        "ideal_cameras": _ideal(station),
        "stopped": log.stopped,
        "looks": len(log.looks) + (log.module_look is not None),
        "verified": sum(status == "verified" for status in verified.values()),
        "unverified": {str(k): status for k, status in verified.items() if status != "verified"},
        "recoveries": recovery_records(log),
        "cameras": camera_records(log),
        "station_time_s": station.running_s,
        "stage_time_s": dict(station.timeline.simulated_s),
    }


def _ideal(station: Station) -> list[str]:
    """Names of the cameras whose depth has no error."""
    return [camera.name for camera in station.models.cameras if camera.ideal_depth]


def _command(station: Station) -> str:
    """What repeats the run in its own folder."""
    options = " --oracle" if station.oracle else ""
    options += f" --calibration {CALIBRATION}" if station.calibration is not None else ""
    return "cellpick run scene.resolved.yaml" + options


def _write_report(
    folder: Path,
    station: Station,
    log: RunLog,
    matches: list[Matches],
    summary: dict[str, Any],
    note: str,
) -> None:
    first = log.looks[0]
    outcomes = [step.attempt.outcome for step in log.steps if step.attempt.outcome.slot >= 0]
    data = ReportData(
        summary=summary,
        command=_command(station),
        recipe=station.recipe,
        look=first.captures,
        estimates=first.estimates,
        Ts_base_true=invert(first.state.T_world_base) @ first.state.Ts_world_cell,
        pose_errors_mm=(np.concatenate([m.position_error_m for m in matches]) * MM).tolist(),
        pose_errors_deg=np.degrees(np.concatenate([m.angle_error_rad for m in matches])).tolist(),
        place_errors_mm=[o.place_error_m * MM for o in outcomes],
        place_errors_deg=[float(np.degrees(o.place_error_rad)) for o in outcomes],
        simulated_s=station.timeline.simulated_s,
        measured_s={k: sum(v) for k, v in station.timeline.measured_s.items()},
        picks=[pick_record(step) for step in log.steps],
        note=note,
    )
    first_look = json_text(estimates_document(first.estimates, _ideal(station)), indent=2) + "\n"
    write_whole(folder / "first_look.json", first_look.encode())
    write_html(folder, data)
    write_overview_png(folder / "overview.png", first.captures, first.estimates)
