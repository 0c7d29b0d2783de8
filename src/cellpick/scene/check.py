"""Refuses a station that cannot work, with the file, the key, what came and what is accepted."""

from __future__ import annotations

from cellpick.scene.check_arrangement import check_arrangement
from cellpick.scene.check_cell import check_cell
from cellpick.scene.check_faults import check_faults
from cellpick.scene.check_grip import check_grip
from cellpick.scene.check_layout import check_layout
from cellpick.scene.check_load import check_load
from cellpick.scene.check_reach import check_reach
from cellpick.scene.check_rig import check_rig
from cellpick.scene.models import SceneModels


def check_scene(models: SceneModels) -> None:
    """Raises `InputError` for the first thing that cannot work; each message names file and key."""
    check_cell(models)
    check_arrangement(models)
    check_layout(models)
    check_rig(models)
    check_load(models)
    check_faults(models)
    check_grip(models)
    check_reach(models)
