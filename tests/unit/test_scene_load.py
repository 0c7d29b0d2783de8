"""What cameras far out ask of the wrist: refused where its torque does not do, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.geometry import transform
from cellpick.scene import load_scene, resolve_scene
from cellpick.scene.check_load import GRAVITY_M_S2, check_load, torques_nm
from cellpick.scene.rig import RIG_DENSITY_KG_M3

ARMS = ("industrial_10kg", "collaborative_12kg")


def models_of(*overrides):
    return resolve_scene(load_scene("prismatic_tray", overrides))


def sampled(models):
    """Each box as eight points with its mass and moments: (8 n, 3) in the flange, and masses."""
    ends = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), axis=-1).reshape(-1, 3) / (2 * np.sqrt(3))
    p = [transform(s.T_parent_solid, ends * s.size_m) for s in models.rig]
    mass = [RIG_DENSITY_KG_M3 * np.prod(s.size_m) for s in models.rig]
    mass[: len(models.camera_models)] = [c.mass_kg for c in models.camera_models]
    return np.concatenate(p), np.repeat(mass, 8) / 8


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("offset", ["[130, 110]", "[90, 350]"])
def test_the_torque_is_that_of_the_points_speeds_as_the_joint_turns(arm, offset):
    models = models_of(f"arm.model={arm}", f"rig.offset_mm={offset}")
    p, mass = sampled(models)
    step, wanted = 1e-5, []
    for joint in (4, 5):
        turn = np.zeros(6)
        turn[joint] = step
        torques = []
        for last in np.linspace(0, 2 * np.pi, 24, endpoint=False):
            q = np.array([0.3, -1.0, 0.8, 0.2, 0.5, last])
            ahead, behind = (models.arm.flange_pose(q + s * turn) for s in (1, -1))
            speed = (transform(ahead, p) - transform(behind, p)) / (2 * step)
            inertia = (mass * (speed**2).sum(axis=-1)).sum()
            lever_kg_m = np.linalg.norm((mass[:, None] * speed).sum(axis=0))
            asked = models.arm.acceleration_rad_s2[joint]
            torques.append(inertia * asked + GRAVITY_M_S2 * lever_kg_m)
        wanted.append(max(torques))
    assert torques_nm(models) == pytest.approx(np.array(wanted), rel=1e-6)


@pytest.mark.parametrize(("arm", "limit"), [(ARMS[0], "up to 40 N m"), (ARMS[1], "up to 56 N m")])
def test_cameras_too_far_out_are_refused_with_the_joint_and_its_torque(arm, limit):
    with pytest.raises(InputError) as caught:
        models_of(f"arm.model={arm}", "rig.offset_mm=[1400, 1400]")
    said = str(caught.value)
    assert "rig.offset_mm: the arm cannot turn cameras so far out" in said
    assert f"at the acceleration of {arm}" in said
    assert "N m with corners at [1400.0, 1400.0]" in said
    assert limit in said


@pytest.mark.parametrize("joint", [4, 5])
def test_each_of_the_last_joints_is_checked_to_its_own_torque(joint):
    usual = models_of()
    effort = np.array(usual.arm.effort_nm)
    effort[joint] = 1.001 * torques_nm(usual)[joint - 4]
    check_load(replace(usual, arm=replace(usual.arm, effort_nm=effort)))
    effort[joint] *= 0.998
    weak = replace(usual, arm=replace(usual.arm, effort_nm=effort))
    with pytest.raises(InputError, match=f"about joint_{joint + 1} at the acceleration"):
        check_load(weak)


def test_what_ships_asks_for_a_fifth_of_the_torque_at_most():
    for arm in ARMS:
        usual = models_of(f"arm.model={arm}")
        assert (torques_nm(usual) < 0.2 * usual.arm.effort_nm[4:]).all()


def test_a_rig_on_a_frame_may_be_as_wide_as_it_sees():
    models = models_of("rig.mount=fixed", "rig.offset_mm=[600, 600]", "rig.standoff_mm=900")
    assert models.rig == ()
