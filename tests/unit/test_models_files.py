"""The shipped models: they load, they agree with their published figures, they can be used."""

import numpy as np
import pytest

from cellpick.geometry import from_rpy, link_poses, pose, rotation_z
from cellpick.scene import (
    load_arm,
    load_camera,
    load_cell,
    load_gripper,
    load_materials,
    load_scene,
    resolve_scene,
)
from cellpick.scene.check_grip import closing_travel_m, cup_room_m, holding_force_n
from cellpick.scene.check_reach import wrist_excess_m
from cellpick.scene.library import data_folder, shipped
from cellpick.scene.overlap import bodies_of, pairs, separations
from cellpick.structures import ArmModel

MODELS = data_folder("models")
CELLS, ARMS = shipped(MODELS / "cells"), shipped(MODELS / "arms")
GRIPPERS, CAMERAS = shipped(MODELS / "grippers"), shipped(MODELS / "cameras")


def arm(name: str) -> ArmModel:
    return load_arm(MODELS / "arms" / f"{name}.yaml").arm


@pytest.mark.parametrize("name", [*CELLS, *ARMS, *GRIPPERS, *CAMERAS])
def test_a_models_name_is_its_files(name: str) -> None:
    loaders = (("cells", load_cell), ("grippers", load_gripper), ("cameras", load_camera))
    for kind, load in loaders:
        path = MODELS / kind / f"{name}.yaml"
        if path.is_file():
            assert load(path).name == name
            return
    assert arm(name).name == name


@pytest.mark.parametrize(
    ("name", "size_mm", "mass_kg"),
    [
        ("prismatic_148x26x91", (148, 26.5, 91), None),
        ("prismatic_173x45x125", (173, 45, 125), 2.0),
        ("cylindrical_21700", (21, 21, 70), 0.070),
        ("cylindrical_4680", (46, 46, 80), 0.355),
    ],
)
def test_the_promised_cells_have_their_size_and_mass(
    name: str, size_mm: tuple[float, ...], mass_kg: float | None
) -> None:
    cell = load_cell(MODELS / "cells" / f"{name}.yaml")
    np.testing.assert_allclose(cell.size_m * 1e3, size_mm)
    assert cell.mass_kg == (mass_kg or cell.mass_kg)
    # a lithium-ion cell weighs between 1.5 and 3.2 kg a litre
    volume = np.prod(cell.size_m) * (np.pi / 4 if cell.shape == "cylinder" else 1)
    assert 1.5e3 < cell.mass_kg / volume < 3.2e3
    assert cell.turns_freely == (cell.shape == "cylinder")


@pytest.mark.parametrize("name", CELLS)
def test_a_code_has_modules_that_a_camera_can_read(name: str) -> None:
    cell = load_cell(MODELS / "cells" / f"{name}.yaml")
    codes = [f for f in cell.features if f.kind == "code"]
    assert len(codes) == (0 if name == "cylindrical_21700" else 1)
    # six signs fill a DataMatrix of 12 x 12 modules, with one module of quiet zone a side
    assert all(f.size_m.min() / 14 >= 0.8e-3 for f in codes)


@pytest.mark.parametrize("name", [c for c in CELLS if c.startswith("prismatic")])
def test_both_prismatic_cells_have_room_for_the_cups_and_are_held(name: str) -> None:
    models = resolve_scene(load_scene("prismatic_tray", [f"cell={name}"]))
    assert models.gripper.cups is not None
    assert cup_room_m(models.cell, models.gripper.cups) >= 1e-3
    # 2 cups x pi (10 mm)^2 x 75 kPa
    assert holding_force_n(models) == pytest.approx(2 * np.pi * 1e-4 * 75e3)
    assert models.cell.features[1].center_m[0] > 0 > models.cell.features[2].center_m[0]


@pytest.mark.parametrize(
    ("gripper", "cell"),
    [("pin_jaw_21", "cylindrical_21700"), ("pin_jaw_46", "cylindrical_4680")],
)
def test_the_pins_meet_their_cell_at_45_degrees(gripper: str, cell: str) -> None:
    jaws = load_gripper(MODELS / "grippers" / f"{gripper}.yaml").jaws
    model = load_cell(MODELS / "cells" / f"{cell}.yaml")
    assert jaws is not None
    touch = closing_travel_m(model, jaws)
    assert touch == pytest.approx(1.5e-3, abs=0.11e-3)
    for sign, jaw in zip((1, -1), jaws.solids, strict=True):
        for pin in (s for s in jaw if ".pin." in s.name):
            p = pin.T_parent_solid[:2, 3] + [sign * 1.5e-3, 0]
            assert np.abs(p[0]) == pytest.approx(np.abs(p[1]), abs=1e-5)
            reach = model.size_m[0] / 2 + pin.size_m[0] / 2
            assert np.linalg.norm(p) == pytest.approx(reach, abs=1e-5)
            assert pin.T_parent_solid[2, 3] + pin.size_m[2] / 2 == pytest.approx(25e-3)


def test_the_two_jaws_are_each_others_image() -> None:
    for name in (g for g in GRIPPERS if g.startswith("pin_jaw")):
        jaws = load_gripper(MODELS / "grippers" / f"{name}.yaml").jaws
        assert jaws is not None
        plus, minus = (
            {tuple(np.round(s.T_parent_solid[:3, 3], 9)) for s in jaw} for jaw in jaws.solids
        )
        assert {(-x, -y, z) for x, y, z in plus} == minus


def test_the_industrial_arm_has_its_published_reach_and_a_spherical_wrist() -> None:
    model = arm("industrial_10kg")
    stretched = np.array([0, 0, np.arctan2(0.025, 0.515), 0, 0, 0])
    links = link_poses(model.Ts_parent_joint, model.axes, stretched)
    assert np.hypot(*links[4, :2, 3]) == pytest.approx(model.reach_m, abs=1e-3)
    rng = np.random.default_rng(0)
    q = rng.uniform(model.lower_rad, model.upper_rad, (50, 6))
    wrist = link_poses(model.Ts_parent_joint, model.axes, q)
    flange = model.flange_pose(q)
    # the wrist centre lies 90 mm behind the flange, whatever the wrist joints do
    centre = flange[:, :3, 3] - 0.09 * flange[:, :3, 2]
    np.testing.assert_allclose(wrist[:, 4, :3, 3], centre, atol=1e-9)


def test_the_collaborative_arm_follows_its_published_denavit_hartenberg_parameters() -> None:
    a = [0, -0.6127, -0.57155, 0, 0, 0]
    d = [0.1807, 0, 0, 0.17415, 0.11985, 0.11655]
    alpha = [np.pi / 2, 0, 0, np.pi / 2, -np.pi / 2, 0]
    q = np.random.default_rng(1).uniform(-np.pi, np.pi, (50, 6))
    T = np.tile(np.eye(4), (50, 1, 1))
    for i in range(6):
        screw = pose(from_rpy([alpha[i], 0, 0]), [a[i], 0, d[i]])
        T = T @ pose(rotation_z(q[:, i]), np.zeros(3)) @ screw
    np.testing.assert_allclose(arm("collaborative_12kg").flange_pose(q), T, atol=1e-9)


@pytest.mark.parametrize("name", ARMS)
def test_the_flange_looks_down_when_parked(name: str) -> None:
    file = load_arm(MODELS / "arms" / f"{name}.yaml")
    T = file.arm.flange_pose(file.park_rad)
    np.testing.assert_allclose(T[:3, 2], [0, 0, -1], atol=1e-9)
    assert T[2, 3] > 0.6
    assert (file.park_rad >= file.arm.lower_rad).all()
    assert (file.park_rad <= file.arm.upper_rad).all()


ORDINARY_DEG = {
    "industrial_10kg": [
        [0, -90, 90, 0, 90, 0],
        [24, -82, 98, 0, 74, -156],
        [24, -52, 118, 0, 25, -66],
        [-43, -48, 107, 0, 31, 137],
        [22, -60, 139, 0, 12, 112],
    ],
    "collaborative_12kg": [
        [0, -90, -90, -90, 90, 0],
        [-8, -80, -92, -98, 90, -98],
        [-8, -93, -129, -48, 90, 172],
        [58, -100, -120, -50, 90, -122],
        [2, -73, -145, -52, 90, 182],
    ],
}


@pytest.mark.parametrize("name", ARMS)
def test_no_links_meet_in_ordinary_poses_but_neighbours(name: str) -> None:
    models = resolve_scene(load_scene("prismatic_tray", [f"arm.model={name}"]))
    model = models.arm
    for q_deg in ORDINARY_DEG[name]:
        q = np.radians(q_deg)
        links = link_poses(model.Ts_parent_joint, model.axes, q)
        frames = [np.eye(4), *links, model.flange_pose(q)]
        groups = [*model.solids, (*models.rig, *models.gripper.solids)]
        solids = [s.moved(T) for T, group in zip(frames, groups, strict=True) for s in group]
        owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        i, j = pairs(len(solids))
        apart = np.abs(owner[i] - owner[j]) > 1
        all_ = bodies_of(tuple(solids))
        gaps = separations(all_.take(i[apart]), all_.take(j[apart]))
        assert gaps.min() > 0, q_deg


@pytest.mark.parametrize(
    ("name", "wrist", "turn"),
    [("industrial_10kg", 4, np.pi / 2), ("collaborative_12kg", 3, -1.5 * np.pi)],
)
def test_what_the_arm_reaches_is_never_called_out_of_reach(
    name: str, wrist: int, turn: float
) -> None:
    model = arm(name)
    q = np.random.default_rng(2).uniform(model.lower_rad, model.upper_rad, (5000, 6))
    # one wrist joint makes up for the upper arm's and the forearm's pitch: the flange points down
    q[:, 3:5] = [0.0, np.pi / 2]
    q[:, wrist] = turn - q[:, 1] - q[:, 2]
    T = model.flange_pose(q)
    np.testing.assert_allclose(T[:, 2, 2], -1, atol=1e-9)
    excess = wrist_excess_m(model, T[:, :3, 3])
    # at full stretch the published reach of the collaborative arm is 58 mm short of its chain
    assert excess.max() < 0.06
    assert (excess < 0).mean() > 0.9
    assert wrist_excess_m(model, np.array([[model.reach_m + 0.4, 0.0, 0.4]]))[0] > 0


@pytest.mark.parametrize("name", ARMS)
def test_limits_are_those_of_a_real_arm(name: str) -> None:
    model = arm(name)
    assert (model.upper_rad - model.lower_rad > np.pi).all()
    assert (model.velocity_rad_s <= 10).all()
    ramp = model.velocity_rad_s / model.acceleration_rad_s2
    assert (ramp > 0.05).all()
    assert (ramp < 1.0).all()
    assert (model.effort_nm > 0).all()


def test_every_material_that_can_glint_conducts() -> None:
    table = load_materials(MODELS / "materials.yaml")
    assert all(m.conductive == (m.metallic == 1.0) for m in table.values())
    assert all((m.albedo >= 0).all() and (m.albedo <= 1).all() for m in table.values())


@pytest.mark.parametrize("name", CAMERAS)
def test_a_cameras_matrix_gives_its_field_of_view(name: str) -> None:
    camera = load_camera(MODELS / "cameras" / f"{name}.yaml")
    half = np.arctan(camera.width_px / 2 / camera.K[0, 0])
    assert 38 < np.degrees(2 * half) < 95
    assert camera.K[0, 2] == (camera.width_px - 1) / 2
    assert camera.K[0, 0] == camera.K[1, 1]


def test_the_3d_camera_has_published_noise_at_its_focus() -> None:
    depth = load_camera(MODELS / "cameras" / "zivid_2plus_m60.yaml").depth
    assert depth is not None
    assert 0.05e-3 <= depth.sigma_m <= 0.1e-3
    assert 0.5 <= depth.reference_m <= 0.6


def test_the_readme_of_the_models_names_every_model() -> None:
    text = (MODELS / "README.md").read_text(encoding="utf-8")
    for name in (*CELLS, *ARMS, *GRIPPERS, *CAMERAS):
        assert f"`{name}`" in text
