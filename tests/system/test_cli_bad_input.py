"""Bad input through the command line: exit code, one message, and nothing that looks whole.

Every file is written as an engineer would write it: a scene of a few lines beside its own models,
named by relative paths.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from cellpick.cli import main
from cellpick.errors import UnavailableError
from cellpick.scene import draw_scene, load_scene, resolve_scene
from cellpick.scene.library import data_folder
from cellpick.store import write_look
from estimates_stage import empty_estimates

MODELS = data_folder("models")
CELL = MODELS / "cells" / "prismatic_148x26x91.yaml"
GRIPPER = MODELS / "grippers" / "vacuum_2cup.yaml"
ARM = MODELS / "arms" / "industrial_10kg.yaml"


class Bad(NamedTuple):
    """A scene that must be refused, and what the message must name."""

    scene: str | bytes
    """Text of scene.yaml."""
    file: str
    """The file that is at fault, from the folder of the scene."""
    words: tuple[str, ...]
    """Key and rule, what came, what is accepted: in this order."""
    model: tuple[Path, str, str] | None = None
    """A model to copy to model.yaml, with a text in it and what to put in its place."""


SCENES = {
    "an unknown key": Bad(
        "tray: {rowz: 3}",
        "scene.yaml",
        ("tray.rowz: unknown key; did you mean 'rows'?", "got 'rowz'", "cells, columns"),
    ),
    "a wrong type": Bad(
        "tray: {rows: six}",
        "scene.yaml",
        ("tray.rows: must be a valid integer", "got 'six'", "a whole number >= 1 and <= 100"),
    ),
    "a map left empty": Bad(
        "tray:",
        "scene.yaml",
        ("tray: must be a map", "got 'nothing'", "a map of arrangement, cells, columns"),
    ),
    "not a number": Bad(
        "tray: {gap_mm: .nan}",
        "scene.yaml",
        ("tray.gap_mm: must be a finite number", "got nan", "a number >= 0 and <= 100"),
    ),
    "an infinite number": Bad(
        "tray: {position_mm: [.inf, 0]}",
        "scene.yaml",
        ("tray.position_mm.0: must be a finite number", "got inf", "a number >= -3000"),
    ),
    "a place in metres": Bad(
        "tray: {position_mm: [0.55, -0.25]}",
        "scene.yaml",
        ("tray.position_mm: the tray stands in the arm's base", "got [0.55, -0.25]", "a place"),
    ),
    "a cell of 148 m": Bad(
        "cell: ./model.yaml",
        "model.yaml",
        ("case.size_mm.0: must be less than or equal to 1000", "got 148000", "a number >= 5"),
        (CELL, "[148.0, 26.5, 91.0]", "[148000, 26500, 91000]"),
    ),
    "a cell in metres": Bad(
        "cell: ./model.yaml",
        "model.yaml",
        ("case.size_mm.0: must be greater than or equal to 5", "got 0.148", "a number >= 5"),
        (CELL, "[148.0, 26.5, 91.0]", "[0.148, 0.0265, 0.091]"),
    ),
    "a missing model file": Bad(
        "cell: ./nope.yaml",
        "scene.yaml",
        (
            "cell: no such cell model",
            "got './nope.yaml'",
            "relative ones start at {folder})",
            "prismatic_148x26x91",
        ),
    ),
    "a misspelt model": Bad(
        "arm: {model: industrial_10k}",
        "scene.yaml",
        ("arm.model: no such arm model; did you mean 'industrial_10kg'?", "got", "a path"),
    ),
    "a name too long for any file": Bad(
        f"gripper: {'x' * 5000}",
        "scene.yaml",
        ("gripper: no such gripper model", "got 'xxx", "vacuum_2cup"),
    ),
    "cells that overlap": Bad(
        "tray: {pitch_mm: [150, 20]}",
        "scene.yaml",
        ("tray.pitch_mm: cells overlap", "got [150.0, 20.0]", "at least [148.0, 26.5]"),
    ),
    "cells that do not fit the tray": Bad(
        "tray: {inner_size_mm: [300, 100]}",
        "scene.yaml",
        ("tray.inner_size_mm: the cells do not fit", "got [300.0, 100.0]", "at least [298.0, 169"),
    ),
    "no rows": Bad(
        "tray: {rows: 0}", "scene.yaml", ("tray.rows: must be", "got 0", "a whole number >= 1")
    ),
    "a tray out of reach": Bad(
        "tray: {position_mm: [1200, 0]}",
        "scene.yaml",
        ("tray.position_mm: out of the arm's reach", "got [1200.0, 0.0]", "mm nearer to"),
    ),
    "a gripper too weak": Bad(
        "gripper: ./model.yaml",
        "model.yaml",
        ("cups: too weak for prismatic_148x26x91 of 0.81 kg", "holds 5.0 N", "at least 15.6 N"),
        (GRIPPER, "vacuum_kpa: 75.0", "vacuum_kpa: 8"),
    ),
    "no room for cups between terminals": Bad(
        "gripper: ./model.yaml",
        "model.yaml",
        ("cups: no room for the cups", "cups of 16 mm radius", "0.5 mm of flat face"),
        (GRIPPER, "radius_mm: 10.0", "radius_mm: 16"),
    ),
    "no such flange link, by the scene": Bad(
        "arm: {flange_link: flang}",
        "scene.yaml",
        ("arm.flange_link: no such flange link in", ".urdf; did you mean 'flange'?", "got 'flang'"),
    ),
    "no such flange link, by the arm's file": Bad(
        "arm: {model: ./model.yaml}",
        "model.yaml",
        ("flange_link: no such flange link in", "got 'tool0'", "accepted: base_link, link_1"),
        (ARM, "flange_link: flange", "flange_link: tool0"),
    ),
    "a flange with no joints before it": Bad(
        "arm: {flange_link: base_link}",
        "scene.yaml",
        ("arm.flange_link: the chain", "got 'base_link after no moving", "six of type revolute"),
    ),
    "a missing URDF": Bad(
        "arm: {model: ./model.yaml}",
        "model.yaml",
        ("urdf: no such URDF file", "got 'gone.urdf'", "a path to a file"),
        (ARM, "urdf: industrial_10kg.urdf", "urdf: gone.urdf"),
    ),
    "a rig without cameras": Bad(
        "rig: {cameras: []}",
        "scene.yaml",
        ("rig.cameras: a list should have at least 1 item", "got []", "a list of 1 to 8"),
    ),
    "an empty file": Bad(
        "", "scene.yaml", ("must hold keys and values", "got 'nothing'", "a YAML file of keys")
    ),
    "a list": Bad(
        "- a\n- b", "scene.yaml", ("must hold keys and values", "got 'a list'", "a YAML file")
    ),
    "a binary file": Bad(bytes(range(128, 256)), "scene.yaml", ("is not text", "a YAML file")),
    "a tab": Bad(
        "tray:\n\trows: 3", "scene.yaml", ("is not valid YAML: line 2, column 1", "a YAML file")
    ),
    "a date that is none": Bad(
        "seed: 2024-13-45", "scene.yaml", ("is not valid YAML: month must be", "a YAML file")
    ),
    "brackets without end": Bad("[" * 5000, "scene.yaml", ("is not valid YAML", "a YAML file")),
    "a map that holds itself": Bad(
        "tray: &x {jitter: *x}", "scene.yaml", ("cannot stand in a file", "no alias to the map")
    ),
}

OVERRIDES = {
    "seed=abc": ("seed: must be a valid integer", "got 'abc'", "a whole number >= 0"),
    "seed=1.5": ("seed: must be a valid integer", "got 1.5", "a whole number >= 0"),
    "seed=2024-13-45": ("--set: seed: the value is not valid YAML", "got '2024-13-45'"),
    "tray.gap_mm=.nan": ("tray.gap_mm: must be a finite number", "got nan", "a number >= 0"),
    "tray.position_mm.5=1": ("--set: tray.position_mm.5: no such place", "got '5'", "0 to 1"),
    "tray": ("--set: an override must be path=value", "got 'tray'"),
}


@pytest.fixture
def call(monkeypatch, capfd, tmp_path):
    """Run the command line in this process, in a folder of its own; libraries' noise is heard."""

    def run(*arguments: object):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["cellpick", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capfd.readouterr()
        return SimpleNamespace(code=caught.value.code or 0, out=streams.out, err=streams.err)

    return run


def assert_refused(done, words: tuple[str, ...], code: int = 2) -> None:
    """The exit code, and one line on stderr alone that holds `words` in this order."""
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    position = 0
    for word in words:
        assert word in done.err[position:], (word, done.err)
        position = done.err.index(word, position) + len(word)


def write(folder: Path, bad: Bad) -> tuple[str, ...]:
    """Write the scene and its model; gives all that the message must hold, in order."""
    text = bad.scene if isinstance(bad.scene, bytes) else bad.scene.encode()
    (folder / "scene.yaml").write_bytes(text)
    if bad.model is not None:
        shipped, old, new = bad.model
        whole = shipped.read_text(encoding="utf-8")
        assert whole.count(old) == 1
        (folder / "model.yaml").write_text(whole.replace(old, new), encoding="utf-8")
        shutil.copy(ARM.with_suffix(".urdf"), folder)
    words = tuple(word.replace("{folder}", str(folder)) for word in bad.words)
    return (f"error: {folder / bad.file}: ", *words)


@pytest.mark.parametrize("name", SCENES)
def test_a_bad_scene_ends_with_2_and_says_where_and_what(call, tmp_path, name):
    words = write(tmp_path, SCENES[name])
    done = call("check", "scene.yaml")
    assert_refused(done, words)
    assert "; accepted: " in done.err


@pytest.mark.parametrize("override", OVERRIDES)
def test_a_bad_override_ends_with_2_and_says_where_and_what(call, override):
    assert_refused(call("check", "prismatic_tray", "--set", override), OVERRIDES[override])


@pytest.mark.parametrize("command", ["run", "capture"])
@pytest.mark.parametrize("name", ["an unknown key", "a tray out of reach"])
def test_a_bad_scene_leaves_no_folder_behind(call, tmp_path, command, name):
    words = write(tmp_path, SCENES[name])
    assert_refused(call(command, "scene.yaml", "--out", "results"), words)
    assert [path.name for path in tmp_path.iterdir()] == ["scene.yaml"]


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("seed", ["-1", "1.5", "one", str(2**63)])
def test_a_seed_that_is_none_ends_with_2(call, command, seed):
    done = call(command, "prismatic_tray", "--seed", seed)
    assert (done.code, done.out) == (2, "")
    assert "Invalid value for '--seed'" in done.err


def test_the_greatest_seed_can_be_drawn_from_and_written_down(call):
    assert call("check", "prismatic_tray", "--seed", 2**63 - 1).code == 0
    assert call("check", "prismatic_tray", "--set", f"seed={2**63 - 1}").code == 0


@pytest.mark.parametrize(
    "override",
    ["module.rows=5", "rig.cameras=[zivid_2plus_m60]", "tray.yaw_deg=170"],
)
def test_what_is_odd_but_works_is_accepted(call, override):
    done = call("check", "prismatic_tray", "--set", override)
    assert (done.code, done.err) == (0, "")


def test_a_scene_that_cannot_be_read_ends_with_3(call, tmp_path, monkeypatch):
    (tmp_path / "scene.yaml").write_text("{}")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    words = (str(tmp_path / "scene.yaml"), "cannot be read: Permission denied")
    assert_refused(call("check", "scene.yaml"), words, code=3)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


STORES = {
    "a missing image": (lambda s: (s / "0_cam0_3d.png").unlink(), "0_cam0_3d.png: the file is m"),
    "a cut image": (lambda s: cut(s / "0_cam0_3d.png"), "0_cam0_3d.png: not a whole PNG image"),
    "a missing depth": (lambda s: (s / "0_cam0_3d.depth.npy").unlink(), "the file is missing"),
    "a cut depth": (lambda s: cut(s / "0_cam0_3d.depth.npy"), "depth.npy: not a whole .npy array"),
    "a cut index": (lambda s: cut(s / "look.json"), "look.json: not valid JSON, or cut short"),
    "no index": (lambda s: (s / "look.json").unlink(), "not a stored look: there is no look.json"),
}


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_not_whole_ends_with_2_and_names_the_file(call, small_look, tmp_path, name):
    write_look(small_look, tmp_path / "captures")
    spoil, words = STORES[name]
    spoil(tmp_path / "captures")
    done = call("perceive", "captures", "--out", "new/estimates.json")
    assert_refused(done, ("error: captures", words, "; accepted: "))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("", "cannot write .: it is a folder"),
        ("captures", "cannot write captures: it is a folder"),
        ("file/estimates.json", "cannot write into folder file: File exists"),
        ("pipe", "cannot write pipe: it is no plain file"),
    ],
)
def test_estimates_that_cannot_be_written_end_with_3_before_any_work(
    call, small_look, tmp_path, out, words, monkeypatch
):
    write_look(small_look, tmp_path / "captures")
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr("cellpick.perception.perceive", lambda _: pytest.fail("it worked in vain"))
    assert_refused(call("perceive", "captures", "--out", out), (words,), code=3)


def test_a_look_never_replaces_other_files(call, tmp_path, monkeypatch):
    monkeypatch.setattr("cellpick.station.look_once", lambda *_: pytest.fail("it worked in vain"))
    (tmp_path / "captures").mkdir()
    (tmp_path / "captures" / "thesis.txt").write_text("mine")
    done = call("capture", "prismatic_tray", "--out", ".")
    assert_refused(done, ("captures: holds something else than a stored look", "a new folder"))
    assert [path.name for path in tmp_path.iterdir()] == ["captures"]


def test_an_older_truth_never_stands_beside_a_new_look(call, small_look, tmp_path, monkeypatch):
    state = draw_scene(resolve_scene(load_scene("prismatic_tray")), np.random.default_rng(0))
    none = empty_estimates(cell=state.cell.name)
    look = SimpleNamespace(captures=small_look, state=state, estimates=none)
    monkeypatch.setattr("cellpick.station.look_once", lambda *_, calibration: look)
    assert call("capture", "prismatic_tray", "--out", "look").code == 0
    truth = tmp_path / "look" / "truth" / "truth.json"
    assert truth.exists()

    def refuse(path, _):
        raise UnavailableError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr("cellpick.report.write_whole", refuse)
    done = call("capture", "prismatic_tray", "--out", "look")
    assert_refused(done, ("cannot write look/truth/truth.json: No space left",), code=3)
    assert not truth.exists()


def test_a_module_with_fewer_slots_is_filled_and_a_full_disk_leaves_no_summary(
    call, tmp_path, monkeypatch
):
    small = ["--set", "tray.rows=2", "--set", "tray.columns=1", "--set", "module.rows=1"]
    command = ["run", "prismatic_tray", "--oracle", *small, "--out", "results"]
    assert call(*command).code == 0
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert (summary["cells_total"], summary["slots_total"], summary["placed_ok"]) == (2, 1, 1)

    def refuse(folder, _):
        raise UnavailableError(f"cannot write {folder / 'report.html'}: No space left on device")

    monkeypatch.setattr("cellpick.station.runner.write_html", refuse)
    words = ("cannot write results/report.html: No space left on device",)
    assert_refused(call(*command), words, code=3)
    assert not (tmp_path / "results" / "summary.json").exists()
    assert not (tmp_path / "results" / "report.html").exists()
