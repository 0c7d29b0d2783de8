"""A stored look is all that perception needs: the same estimates to the bit, with no truth near."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from cellpick.report import estimates_document, json_text
from cellpick.scene import load_scene, resolve_scene
from cellpick.station import look_once

SEED = 5


def cellpick(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cellpick", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.fixture(scope="module", params=["prismatic_tray", "cylindrical_tray"])
def stored(request, tmp_path_factory):
    """A scene's name, and a folder with one look at it and what perception made of it."""
    folder = tmp_path_factory.mktemp(request.param)
    cellpick("capture", request.param, "--seed", SEED, "--out", folder)
    cellpick("perceive", folder / "captures", "--out", folder / "estimates.json")
    return request.param, folder


def test_perception_on_a_stored_look_is_the_stations_own(stored):
    scene, folder = stored
    look = look_once(resolve_scene(load_scene(scene)), SEED)
    expected = json_text(estimates_document(look.estimates), indent=2) + "\n"
    assert (folder / "estimates.json").read_text(encoding="utf-8") == expected
    assert len(json.loads(expected)["cells"]) > 0


def test_perception_needs_no_truth_and_no_place(stored, tmp_path):
    _, folder = stored
    shutil.copytree(folder / "captures", tmp_path / "elsewhere")
    again = cellpick("perceive", tmp_path / "elsewhere")
    assert json.loads(again.stdout) == json.loads((folder / "estimates.json").read_text())
    assert again.stderr == ""


def test_the_store_holds_nothing_but_what_was_seen(stored):
    _, folder = stored
    serials = [
        cell["serial"] for cell in json.loads((folder / "truth/truth.json").read_text())["cells"]
    ]
    index = (folder / "captures" / "look.json").read_text()
    assert serials
    assert not [serial for serial in serials if serial in index]
    assert not [word for word in ("world", "truth", "seed", "serial") if f'"{word}' in index]
