"""Writes README.md beside this file from the schema of scene files; a golden test compares them."""

from pathlib import Path

from cellpick.scene import data_folder, load_scene
from cellpick.scene.reference import scene_reference

HEAD = """# Scenes

One file is one scenario. `cellpick run NAME` takes a name from this folder or a path to a file of
your own; `cellpick check FILE` says what is wrong with it, and `cellpick schema` prints a JSON
Schema for editors.

| scene | shows |
|---|---|
"""

KEYS = """
## Keys

Every key has a default; a file names only what differs. The unit is in the name: `_mm`, `_deg`,
`_s`. `--set tray.yaw_deg=170` overrides a key, `--set lights.0.strength=0.2` one in a list. A model
is the name of a shipped file in `models/`, or a path, which starts at the scene file's folder.

The world: z up, the table's top at z = 0. The tray and the module stand on the table; their own
frames have their origin in the middle of the surface that cells stand on. Rows run along y, columns
along x. All that is drawn by chance comes from the seed; jitter shrinks where cells would overlap.

This page is written by `scenes/make_readme.py`.

"""


def readme() -> str:
    """The whole page."""
    names = sorted(path.stem for path in data_folder("scenes").glob("*.yaml"))
    rows = [f"| `{name}` | {load_scene(name).description} |" for name in names]
    return HEAD + "\n".join(rows) + "\n" + KEYS + scene_reference()


if __name__ == "__main__":
    Path(__file__).with_name("README.md").write_text(readme(), encoding="utf-8")
