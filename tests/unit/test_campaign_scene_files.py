"""Files of a scene: their names, and what has become of them."""

from __future__ import annotations

import re

import pytest

from cellpick.campaign import Episode, run_episode
from cellpick.campaign.scene_files import changed_files, files_as_they_are
from cellpick.scene import data_folder, load_scene, resolve_scene
from cellpick.scene.models import load_models

URDF = data_folder("models") / "arms" / "industrial_10kg.urdf"
TRIANGLE = "solid s\n" + "".join(f"vertex {k} {k * k} {k + 1}\n" for k in range(3)) + "endsolid\n"


@pytest.fixture
def station(tmp_path, monkeypatch):
    """A scene below the working folder with an arm, a mesh and a cell of its own."""
    here = tmp_path / "here"
    (here / "arm").mkdir(parents=True)
    monkeypatch.chdir(here)
    mesh = '<collision><geometry><mesh filename="hull.stl"/></geometry></collision>'
    text = re.sub('(<link name="[^"]*">)', rf"\1{mesh}", URDF.read_text(), count=1)
    assert "hull.stl" in text
    (here / "arm" / "mine.urdf").write_text(text)
    (here / "arm" / "hull.stl").write_text(TRIANGLE)
    cell = data_folder("models") / "cells" / "prismatic_148x26x91.yaml"
    (tmp_path / "cell.yaml").write_text(cell.read_text())
    scene = here / "mine.yaml"
    scene.write_text("{cell: ../cell.yaml, arm: {model: arm/mine.urdf}, purpose: look}")
    return scene


def test_all_that_a_scene_reads_is_known_by_name(station, tmp_path):
    files = files_as_they_are(load_models(load_scene(station)).files)
    shipped = [name for name in files if not name.startswith((".", "/"))]
    assert {name.split("/")[0] for name in shipped} == {"models"}
    own = [name for name in files if name not in shipped]
    assert own == ["./arm/hull.stl", "./arm/mine.urdf", "./mine.yaml", str(tmp_path / "cell.yaml")]
    assert changed_files(files) == ()
    for name in own:
        content = (station.parent / name).read_bytes()
        (station.parent / name).write_bytes(content.replace(b"\n", b"\r\n"))
        assert changed_files(files) == ()
        (station.parent / name).write_bytes(content + b" ")
        assert changed_files(files) == (name,)
        (station.parent / name).unlink()
        assert changed_files(files) == (name,)
        (station.parent / name).write_bytes(content)
    assert changed_files(files) == ()


def test_an_episode_whose_files_changed_runs_nothing_and_says_which(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = tmp_path / "mine.yaml"
    scene.write_text("{}")
    files = files_as_they_are(resolve_scene(load_scene("./mine.yaml")).files)
    scene.write_text("{tray: {rows: ")
    result = run_episode(Episode("./mine.yaml", 0, files=files))
    assert result.changed == ("./mine.yaml",)
    assert result.picture == b""


def test_a_file_that_changes_while_an_episode_runs_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = tmp_path / "mine.yaml"
    scene.write_text("{}")
    files = files_as_they_are([scene])

    def edits(*_):
        scene.write_text("{tray: {rows: 1}}")
        raise RuntimeError

    monkeypatch.setattr("cellpick.campaign.episode.load_scene", edits)
    assert run_episode(Episode("./mine.yaml", 0, files=files)).changed == ("./mine.yaml",)


def test_the_files_are_no_part_of_what_an_episode_is():
    a, b = Episode("s", 1, files={"./a": "0"}), Episode("s", 1)
    assert a == b
    assert a.id == b.id
