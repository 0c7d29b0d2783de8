"""`cellpick calibrate`: the station finds out where its cameras are."""

from __future__ import annotations

from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from cellpick.cli.options import AsJson, Overrides, Scene, Seed
from cellpick.cli.terminal import progress_line, show_ideal, show_table
from cellpick.errors import InputError

MISSES_A_THRESHOLD = 1
LEAST_POSES, MOST_POSES = 5, 200


class Intrinsics(str, Enum):
    """What becomes of the lenses."""

    solve = "solve"
    hold = "hold"


def calibrate(
    scene: Scene,
    seed: Seed = None,
    poses: Annotated[
        int, typer.Option(help=f"Poses of the arm, {LEAST_POSES} to {MOST_POSES}.")
    ] = 20,
    intrinsics: Annotated[
        Intrinsics,
        typer.Option(help="Solve the lenses round what is believed of them, or hold them."),
    ] = Intrinsics.solve,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for the results.  [runs/calibration-SCENE-SEED]"
        ),
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Calibrate the cameras: the arm moves over poses, the cameras look at a ChArUco board.

    Writes `DIR/calibration.json`, which `cellpick run` takes by `--calibration`, and a report.
    Exits with 1 when a touch error is above 0.3 mm or a check fails.

    Example: `cellpick calibrate prismatic_tray --out runs/cal`
    """
    from cellpick.report import json_text, make_folder, write_calibration_html, write_whole
    from cellpick.scene import load_scene, resolve_scene
    from cellpick.station import calibrate_rig, calibration_document
    from cellpick.store import write_calibration

    if not LEAST_POSES <= poses <= MOST_POSES:
        accepted = f"{LEAST_POSES} to {MOST_POSES}"
        raise InputError("too few or too many", key="--poses", got=poses, accepted=accepted)
    with progress_line(silent=as_json) as progress:
        progress("reading the scene")
        models = resolve_scene(load_scene(scene, overrides or ()))
        chosen = models.spec.seed if seed is None else seed
        folder = make_folder(out or Path("runs") / f"calibration-{models.spec.name}-{chosen}")
        result = calibrate_rig(models, chosen, poses, intrinsics.value, progress)
        progress("writing the report")
        document = calibration_document(result, version("cellpick"))
        write_calibration(result.calibration, folder / "calibration.json")
        write_whole(folder / "report.json", (json_text(document, indent=1) + "\n").encode())
        command = f"cellpick calibrate {scene} --seed {chosen} --poses {poses}"
        command += f" --intrinsics {intrinsics.value}"
        command += "".join(f" --set {override}" for override in overrides or ())
        page = write_calibration_html(folder, document, result.tour.pictures(), command)
    if as_json:
        typer.echo(json_text(document, indent=1))
    else:
        show_table(f"{models.spec.name}, seed {chosen}", TOUCH, touch_rows(document))
        show_table("touch error p95 in mm by method", ("", *eyes(document)), method_rows(document))
        show_table("checks", ("", "", ""), check_rows(document))
        typer.echo(f"calibration: {folder / 'calibration.json'}")
        typer.echo(f"report: {page}")
        show_ideal(document["ideal_cameras"])
    if not document["good"]:
        raise typer.Exit(MISSES_A_THRESHOLD)


TOUCH = ("touch test", "p50", "p95", "max", "predicted p95", "")


def eyes(document: dict[str, Any]) -> list[str]:
    """Names of the cameras, and of all together."""
    return [touch["eye"] for touch in document["touch"]]


def touch_rows(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """The touch test in words."""
    return [
        (
            touch["eye"],
            *(f"{touch[name]:.3f} mm" for name in ("p50_mm", "p95_mm", "max_mm")),
            f"{touch['predicted_p95_mm']:.3f} mm",
            "held" if touch["held"] else "broken",
        )
        for touch in document["touch"]
    ]


def method_rows(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """OpenCV's methods and the joint solution side by side."""
    names = eyes(document)
    joint = {touch["eye"]: touch["p95_mm"] for touch in document["touch"]}
    table = {**document["touch_by_method_p95_mm"], "joint solution": joint}
    return [(name, *(f"{row[eye]:.3f}" for eye in names)) for name, row in table.items()]


def check_rows(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """What was checked."""
    return [
        (check["name"], "passed" if check["passed"] else "FAILED", check["words"])
        for check in document["checks"]
    ]
