"""Tells whether a scene is still the one whose episodes are on disk."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from cellpick.scene import SceneModels, data_folder


def scene_digest(models: SceneModels) -> str:
    """Of the scene with its overrides and defaults, and of the user's own cell, arm, gripper and
    table of materials: shipped ones change with the version alone."""
    digest = sha256(models.spec.model_dump_json().encode())
    shipped = data_folder("models").resolve()
    for path in (Path(name) for name in sorted(models.sources.values())):
        if shipped not in path.resolve().parents:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
