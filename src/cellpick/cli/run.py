"""`cellpick run`: one station run, judged by physics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cellpick.cli.calibrated import given_calibration
from cellpick.cli.error_words import TITLE, error_words, figure_words, figures_words
from cellpick.cli.options import AsJson, Calibration, Overrides, Scene, Seed
from cellpick.cli.terminal import progress_line, show_ideal, show_table

MISSES_A_THRESHOLD = 1

NEVER = ("polarity_errors", "drops", "safety_violations")
"""What must not happen at all in a run that is called good."""


def run(
    scene: Scene,
    seed: Seed = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the results.  [runs/SCENE-SEED]"),
    ] = None,
    overrides: Overrides = None,
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="A baseline: true poses take the place of perception."),
    ] = False,
    calibration: Calibration = None,
    as_json: AsJson = False,
) -> None:
    """Run the station once: cells picked from the tray into the module.

    Exits with 0 when every cell is placed (or the module full) without a polarity error, drop or
    safety violation, else with 1.

    Example: `cellpick run prismatic_tray --seed 3 --set tray.gap_mm=0 --out runs/flush`
    """
    from cellpick.report import json_text
    from cellpick.scene import load_scene, resolve_scene
    from cellpick.station import run_scene

    with progress_line(silent=as_json) as progress:
        progress("reading the scene")
        models = resolve_scene(load_scene(scene, overrides or ()))
        chosen = models.spec.seed if seed is None else seed
        folder = out or Path("runs") / f"{models.spec.name}-{chosen}"
        believed = None if calibration is None else given_calibration(calibration, models)
        result = run_scene(models, chosen, folder, progress, oracle=oracle, calibration=believed)
    if as_json:
        typer.echo(json_text(result.summary, indent=2))
    else:
        show_table(f"{result.summary['scene']}, seed {chosen}", ("", ""), rows(result.summary))
        typer.echo(f"report: {folder / 'report.html'}")
        show_ideal(result.summary.get("ideal_cameras", ()))
    if not flawless(result.summary):
        raise typer.Exit(MISSES_A_THRESHOLD)


def flawless(summary: dict[str, Any]) -> bool:
    """Whether every cell that has a slot is placed, and nothing happened that never must."""
    due = min(summary["cells_total"], summary["slots_total"])
    whole = bool(summary["placed_ok"] == due)
    return whole and not any(summary[name] for name in NEVER)


def rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """The summary's figures in words, for the table at the end."""
    measured = summary["measured"]
    return [
        ("cells placed", f"{summary['placed_ok']} of {summary['cells_total']}"),
        ("slots in the module", str(summary["slots_total"])),
        ("attempts", str(summary["attempts"])),
        *((name.replace("_", " "), str(summary[name])) for name in (*NEVER, "collisions")),
        *((f"failed: {cause}", str(count)) for cause, count in summary["failures"].items()),
        *(
            (f"{name} {TITLE}", error_words(*(summary[f"{name}_error_{u}"] for u in ("mm", "deg"))))
            for name in ("pose", "place")
        ),
        ("cycle time mean / p95", figures_words(summary["cycle_time_s"], ("mean", "p95"), "s")),
        ("picks per hour", figure_words(summary["picks_per_hour"], 0)),
        ("wall time", f"{figure_words(measured.get('wall_time_s'), 1)} s"),
        ("real-time factor", f"{figure_words(measured.get('real_time_factor'), 1)} x"),
    ]
