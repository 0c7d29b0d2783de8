"""`cellpick check` and `cellpick schema`: what a scene file may say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from cellpick.cli.options import AsJson, Overrides, Scene, Seed
from cellpick.cli.terminal import counted, show_json
from cellpick.errors import InputError


def check(
    scene: Scene, overrides: Overrides = None, seed: Seed = None, as_json: AsJson = False
) -> None:
    """Validate a scene and everything it names.

    Says what is wrong, where, and what is accepted.

    Example: `cellpick check scenes/prismatic_tray.yaml --set tray.gap_mm=0`
    """
    try:
        found = _examine(scene, overrides or (), seed)
    except InputError as error:
        if as_json:
            show_json({"ok": False, **_described(error)})
        raise
    if as_json:
        show_json({"ok": True, **found})
    else:
        cells, slots, cameras = (
            counted(found[f"{noun}s"], noun) for noun in ("cell", "slot", "camera")
        )
        typer.echo(
            f"{found['scene']}: all well: {cells} {found['cell']}, {slots}, arm {found['arm']}, "
            f"gripper {found['gripper']}, {cameras}"
        )
        if found["purpose"] == "look":
            typer.echo(f"for looks alone: {found['no_pick'] or 'the scene says so'}")


def schema() -> None:
    """Print the JSON Schema of scene files, for editors.

    Example: `cellpick schema > scene.schema.json`
    """
    from cellpick.scene import SceneSpec

    show_json(SceneSpec.model_json_schema())


def _examine(scene: str, overrides: Sequence[str], seed: int | None) -> dict[str, Any]:
    import numpy as np

    from cellpick.scene import draw_scene, grip_problem, load_scene, resolve_scene

    models = resolve_scene(load_scene(scene, overrides))
    state = draw_scene(models, np.random.default_rng(models.spec.seed if seed is None else seed))
    return {
        "scene": models.spec.name,
        "cell": state.cell.name,
        "cells": len(state.serials),
        "slots": len(state.Ts_module_slot),
        "arm": state.arm.name,
        "gripper": state.gripper.name,
        "cameras": len(state.cameras),
        "purpose": models.spec.purpose,
        "no_pick": grip_problem(models) if models.spec.purpose == "look" else "",
    }


def _described(error: InputError) -> dict[str, Any]:
    return {
        "rule": error.rule,
        "source": error.source,
        "key": error.key,
        "got": None if error.got is None else str(error.got),
        "accepted": error.accepted,
    }
