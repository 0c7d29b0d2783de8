"""The list of scene keys is the schema's own; `python scenes/make_readme.py` writes it anew."""

import importlib.util
from pathlib import Path

from cellpick.scene.library import data_folder


def test_the_readme_of_the_scenes_is_current() -> None:
    folder: Path = data_folder("scenes")
    script = importlib.util.spec_from_file_location("make_readme", folder / "make_readme.py")
    assert script is not None
    assert script.loader is not None
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    assert (folder / "README.md").read_text(encoding="utf-8") == module.readme()
