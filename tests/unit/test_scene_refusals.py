"""Scenes that cannot work, each refused with the file, the key, what came and what is accepted."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cellpick.errors import InputError
from cellpick.scene import load_scene, resolve_scene
from cellpick.scene.library import data_folder

MODELS = data_folder("models")


def edited(folder: Path, kind: str, name: str, edit: Callable[[Any], None]) -> str:
    """A changed copy of a shipped model file, as the path that a scene would name."""
    data = yaml.safe_load((MODELS / kind / f"{name}.yaml").read_text(encoding="utf-8"))
    edit(data)
    path = folder / f"{kind}.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return str(path)


def refusal(scene: str, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        resolve_scene(load_scene(scene, overrides))
    assert caught.value.exit_code == 2
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("scene", "overrides", "words"),
    [
        ("prismatic_tray", ["tray.pitch_mm=[140, 28]"], "tray.pitch_mm: cells overlap"),
        ("prismatic_tray", ["tray.pitch_mm=[150, 26.4]"], "at least [148.0, 26.5]"),
        ("prismatic_tray", ["tray.cells=13"], "tray.cells: more cells than the tray has pockets"),
        ("prismatic_tray", ["tray.inner_size_mm=[300, 160]"], "the cells do not fit the tray"),
        ("prismatic_tray", ["module.polarity=['+z']"], "module.polarity.0: a box cell's positive"),
        ("cylindrical_tray", ["module.polarity=['+z', '+x']"], "module.polarity.1: a cylinder"),
        ("prismatic_tray", ["tray.position_mm=[500, 250]"], "tray and module overlap"),
        ("prismatic_tray", ["tray.position_mm=[1100, 0]"], "tray.position_mm: out of the arm's"),
        ("prismatic_tray", ["tray.position_mm=[100, 0]"], "the tray stands in the arm's base"),
        (
            "prismatic_tray",
            ["module.position_mm=[0, 1000]"],
            "module.position_mm: out of the arm's",
        ),
        ("prismatic_tray", ["module.position_mm=[1450, 0]"], "the module stands over the edge"),
        ("prismatic_tray", ["arm.position_mm=[0, 0, 900]"], "out of the arm's reach"),
        ("prismatic_tray", ["rig.standoff_mm=1140"], "rig.standoff_mm: out of the arm's reach"),
        ("prismatic_tray", ["rig.standoff_mm=1400"], "outside the 3D cameras' range; got 1400.0"),
        ("prismatic_tray", ["tray.floor_mm=1"], "tray.floor_mm: the tray's floor is too thin"),
        ("prismatic_tray", ["arm.park_deg=[0, 60, 0, 0, 0, 0]"], "arm.park_deg: the arm cannot"),
        ("prismatic_tray", ["rig.focus_mm=250"], "camera 1 looks past the tray"),
        (
            "prismatic_tray",
            ["rig.cameras=[photoneo_phoxi_s, photoneo_phoxi_s]", "rig.offset_mm=[60, 20]"],
            "rig.offset_mm: the housings of cameras 0 and 1 overlap",
        ),
        (
            "cylindrical_tray",
            ["rig.cameras=[realsense_d435]", "rig.standoff_mm=700"],
            "rig.cameras: no camera resolves the cells from there",
        ),
        ("prismatic_tray", ["rig.cameras.1=webcam"], "rig.cameras.1: no such camera model"),
        ("prismatic_tray", ["cell=prismatic_148"], "cell: no such cell model; did you mean"),
        ("prismatic_tray", ["arm.model=nope"], "arm.model: no such arm model; got 'nope'"),
        ("prismatic_tray", ["gripper=./nope.yaml"], "gripper: no such gripper model"),
        ("prismatic_tray", ["materials=./nope.yaml"], "materials: no such table of materials"),
        ("prismatic_tray", ["gripper=pin_jaw_21"], "the jaws do not fit prismatic_148x26x91"),
        ("cylindrical_tray", ["gripper=pin_jaw_46"], "pin_jaw_46: they meet it at 0.0 mm"),
        ("cylindrical_tray", ["gripper=vacuum_2cup"], "no room for the cups"),
        ("cylindrical_tray", ["tray.gap_mm=2"], "tray.divider_clearance_mm: no room for dividers"),
        (
            "cylindrical_tray",
            ["tray.divider_height_mm=60", "tray.divider_clearance_mm=0.5"],
            "tray.gap_mm: the jaws do not fit between neighbouring cells and walls",
        ),
    ],
)
def test_a_station_that_cannot_work_is_refused(
    scene: str, overrides: list[str], words: str
) -> None:
    message = refusal(scene, *overrides)
    assert words in message
    assert "accepted: " in message


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c["case"].update(size_mm=[148000, 26.5, 91]), "case.size_mm.0: must be less"),
        (lambda c: c["case"].update(size_mm=[0.148, 0.0265, 0.091]), "got 0.148; accepted: a num"),
        (lambda c: c["weight"].update(mass_kg=810), "weight.mass_kg: must be less than or equal"),
        (lambda c: c["weight"].update(mass_g=810), "weight.mass_g: unknown key; did you mean"),
        (lambda c: c["case"].pop("source"), "case.source: a required key is missing"),
        (lambda c: c["case"].update(certainty="sure"), "accepted: 'datasheet', 'second-hand'"),
        (lambda c: c.update(shape="coin"), "shape: must be 'box', 'cylinder' or 'pouch'; got"),
        (lambda c: c.update(shape="cylinder"), "case.size_mm: a cylinder's first two sizes"),
        (lambda c: c["edges"].update(corner_radius_mm=14), "edges: edge radii must be smaller"),
        (lambda c: c["features"]["items"].pop(1), "needs terminals of both polarities; got ['-']"),
        (
            lambda c: c["features"]["items"][1].update(center_mm=[70, 0]),
            "features.items.terminal_plus: the feature stands over the edge",
        ),
        (lambda c: c["features"]["items"][1].update(polarity=""), "a terminal needs a polarity"),
        (lambda c: c["features"]["items"][1].update(name="vent"), "feature names must be unique"),
        (
            lambda c: c.update(symmetries=[{"axis": [0, 0, 1], "fold": 2}]),
            "symmetries.0: the symmetry moves a terminal onto another place or polarity",
        ),
        (
            lambda c: c.update(symmetries=[{"axis": [0, 0, 1], "fold": 0}]),
            "polarity is never a symmetry",
        ),
        (lambda c: c.update(symmetries=[{"axis": [0, 0, 2], "fold": 1}]), "must have length 1"),
        (lambda c: c["surface"].update(top_material="gold"), "no such material; got 'gold'"),
        (
            lambda c: c["features"]["items"][0].update(size_mm=[40, 12], center_mm=[0, 0]),
            "no room for the cups on prismatic_148x26x91 between terminals, vent and edges",
        ),
    ],
)
def test_a_cell_file_that_cannot_be_is_refused(
    tmp_path: Path, edit: Callable[[Any], None], words: str
) -> None:
    path = edited(tmp_path, "cells", "prismatic_148x26x91", edit)
    assert words in refusal("prismatic_tray", f"cell={path}")


def test_a_ring_turned_inside_out_is_refused(tmp_path: Path) -> None:
    def edit(cell: Any) -> None:
        cell["features"]["items"][1]["size_mm"] = [11.0, 16.5]

    path = edited(tmp_path, "cells", "cylindrical_21700", edit)
    assert "a ring's outer diameter must be above" in refusal("cylindrical_tray", f"cell={path}")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda g: g["cups"].update(vacuum_kpa=10), "too weak for prismatic_148x26x91"),
        (lambda g: g["cups"].update(vacuum_kpa=75000), "cups.vacuum_kpa: must be less than"),
        (lambda g: g["cups"].update(radius_mm=13), "no room for the cups"),
        (lambda g: g.update(kind="jaws"), "must hold the block of its kind and no other"),
        (lambda g: g.pop("cups"), "accepted: vacuum with cups, or jaws with jaws"),
        (lambda g: g["mount"].update(mass_kg=9), "too heavy for the arm; got '11.93 kg'"),
        (lambda g: g["bodies"]["items"][0].update(material="oak"), "no such material; got 'oak'"),
    ],
)
def test_a_gripper_that_cannot_hold_the_cell_is_refused(
    tmp_path: Path, edit: Callable[[Any], None], words: str
) -> None:
    path = edited(tmp_path, "grippers", "vacuum_2cup", edit)
    assert words in refusal("prismatic_tray", f"gripper={path}")


def test_weak_jaws_are_refused_with_the_force_that_they_lack(tmp_path: Path) -> None:
    path = edited(tmp_path, "grippers", "pin_jaw_21", lambda g: g["jaws"].update(force_n=1))
    message = refusal("cylindrical_tray", f"gripper={path}")
    # 2 x 0.6 x 1 N of friction against 2 x 0.070 kg x 12.81 m/s^2
    assert "holds 1.2 N" in message
    assert "at least 1.8 N" in message


def test_thick_pins_do_not_fit_between_neighbours(tmp_path: Path) -> None:
    def edit(gripper: Any) -> None:
        for body in gripper["jaws"]["items"][1:]:
            body["size_mm"] = [12, 12, 37]
            body["center_mm"][0] += 3.75 / 2**0.5
            body["center_mm"][1] *= (9.016 + 3.75 / 2**0.5) / 9.016

    path = edited(tmp_path, "grippers", "pin_jaw_21", edit)
    resolve_scene(load_scene("cylindrical_tray", [f"gripper={path}"]))
    tight = ["tray.gap_mm=1", "tray.divider_height_mm=0", f"gripper={path}"]
    message = refusal("cylindrical_tray", *tight)
    assert re.search(r"tray\.gap_mm: the jaws do not fit .* got 1\.0; accepted: about", message)
    tight = ["module.clearance_mm=0", "module.wall_thickness_mm=1", f"gripper={path}"]
    message = refusal("cylindrical_tray", *tight)
    assert "module.wall_thickness_mm: the jaws do not fit" in message


def test_relative_paths_start_at_the_scene_file(tmp_path: Path) -> None:
    edited(tmp_path, "cells", "prismatic_148x26x91", lambda c: c["weight"].update(mass_kg=0.9))
    scene = tmp_path / "mine.yaml"
    scene.write_text("cell: ./cells.yaml\n", encoding="utf-8")
    assert resolve_scene(load_scene(scene)).cell.mass_kg == 0.9
