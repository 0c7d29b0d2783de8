"""`cellpick capture`: one look stored, with the truth in a folder of its own."""

from __future__ import annotations

import typer

from cellpick.cli.calibrated import given_calibration
from cellpick.cli.options import Calibration, Folder, Overrides, Scene, Seed
from cellpick.cli.terminal import counted, progress_line, show_ideal


def capture(
    scene: Scene,
    out: Folder,
    seed: Seed = None,
    overrides: Overrides = None,
    calibration: Calibration = None,
) -> None:
    """Store one look in `DIR/captures/`, and the truth in `DIR/truth/truth.json`.

    It is the first look of `cellpick run` with the same scene and seed.

    Example: `cellpick capture prismatic_tray --seed 3 --out look`
    """
    from cellpick.evaluate import truth_document
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
    show_ideal([camera.name for camera in models.cameras if camera.ideal_depth])
