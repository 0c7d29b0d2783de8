"""`cellpick capture`: one look stored, with the truth in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cellpick.cli.calibrated import given_calibration
from cellpick.cli.error_words import TITLE, error_words
from cellpick.cli.options import Calibration, Folder, Overrides, Scene, Seed
from cellpick.cli.terminal import counted, progress_line, show_ideal, show_table

if TYPE_CHECKING:
    from cellpick.evaluate import Matches


def capture(
    scene: Scene,
    out: Folder,
    seed: Seed = None,
    overrides: Overrides = None,
    calibration: Calibration = None,
) -> None:
    """Store one look in `DIR/captures/`, and the truth in `DIR/truth/truth.json`.

    Says how perception does on it: cells found, false and missed, and the errors of their poses.
    It is the first look of `cellpick run` with the same scene and seed.

    Example: `cellpick capture prismatic_tray --seed 3 --out look`
    """
    from cellpick.evaluate import match_estimates, truth_document
    from cellpick.report import json_text, make_folder, write_whole
    from cellpick.scene import load_scene, resolve_scene
    from cellpick.station import look_once
    from cellpick.store import refuse_foreign, write_look

    with progress_line(silent=False) as progress:
        progress("reading the scene")
        models = resolve_scene(load_scene(scene, overrides or ()))
        refuse_foreign(out / "captures")
        truth = make_folder(out / "truth") / "truth.json"
        progress("taking one look")
        believed = None if calibration is None else given_calibration(calibration, models)
        chosen = models.spec.seed if seed is None else seed
        look = look_once(models, chosen, calibration=believed)
        # an older look's truth must not stand beside the new one, should the disk fill up
        truth.unlink(missing_ok=True)
        write_look(look.captures, out / "captures")
        write_whole(truth, (json_text(truth_document(look.state), indent=2) + "\n").encode())
    typer.echo(f"{counted(len(look.captures.captures), 'capture')} in {out / 'captures'}")
    typer.echo(f"the truth in {truth}")
    matches = match_estimates(look.estimates, look.state, look.captures.task)
    show_table(f"{models.spec.name}, seed {chosen}, judged by the truth", ("", ""), judged(matches))
    show_ideal([camera.name for camera in models.cameras if camera.ideal_depth])


def judged(matches: Matches) -> list[tuple[str, str]]:
    """How perception does on a look, for the table at the end."""
    from cellpick.campaign.episode import look_figures
    from cellpick.evaluate.statistics import quantiles

    found = look_figures(matches)
    ended = ", ".join(f"{count} {status}" for status, count in found["statuses"].items())
    errors = (quantiles(found[f"pose_error_{unit}"]) for unit in ("mm", "deg"))
    return [
        ("cells found", f"{found['found']} of {found['cells']}"),
        ("of these", ended or "-"),
        ("estimates where no cell is", str(found["false"])),
        ("polarities told wrongly", str(found["polarity"].get("wrong", 0))),
        (f"of ok: pose {TITLE}", error_words(*errors)),
    ]
