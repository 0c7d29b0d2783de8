"""Refuses a station that cannot work, with the file, the key, what came and what is accepted."""

from __future__ import annotations

from cellpick.scene.models import SceneModels


def check_scene(models: SceneModels) -> None:
    """Raises `InputError` for the first thing that cannot work."""
