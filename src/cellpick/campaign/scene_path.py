"""Where the scene lies that a suite or a sweep names."""

from __future__ import annotations

import os
from pathlib import Path


def from_here(scene: str, path: Path) -> str:
    """A scene's path, which starts at the folder of the file `path` that names it, as one from the
    working folder, where printed commands start; a shipped scene's name as it is."""
    if "/" not in scene and Path(scene).suffix not in (".yaml", ".yml"):
        return scene
    return os.path.relpath(path.parent / scene)
