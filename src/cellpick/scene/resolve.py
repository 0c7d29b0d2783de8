"""From a scene file to the models that it names, checked."""

from __future__ import annotations

from cellpick.scene.check import check_scene
from cellpick.scene.models import SceneModels, load_models
from cellpick.scene.spec import SceneSpec


def resolve_scene(spec: SceneSpec) -> SceneModels:
    """Loads, lays out and checks all that a scene names; raises `InputError`."""
    models = load_models(spec)
    check_scene(models)
    return models
