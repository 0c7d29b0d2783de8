"""The last look's verdict on each slot."""

from dataclasses import replace

import numpy as np
import pytest

from cellpick.geometry import exp_rotation, perturb, pose, rotation_z
from cellpick.scene import load_scene, resolve_scene
from cellpick.station.recipe import believe
from cellpick.station.verify import verify_slots
from cellpick.structures import CellEstimates

SIGMA_M, SIGMA_RAD = 1e-4, 1e-3


@pytest.fixture(scope="module")
def recipe():
    return believe(resolve_scene(load_scene("prismatic_tray")), np.random.default_rng(0))


@pytest.fixture(scope="module")
def round_recipe():
    return believe(resolve_scene(load_scene("cylindrical_tray")), np.random.default_rng(0))


def seen(recipe, delta, status="ok"):
    T = perturb(recipe.Ts_base_slot[0], np.asarray(delta, dtype=float))[None]
    covariance = np.diag([SIGMA_M**2] * 3 + [SIGMA_RAD**2] * 3)[None]
    return CellEstimates(
        cell=recipe.cell.name,
        Ts_base_cell=T,
        covariance=covariance,
        polarity=("+x",),
        polarity_probability=np.ones(1),
        code=("",),
        status=(status,),
        reason=("",),
        score=np.ones(1),
    )


@pytest.mark.parametrize(
    ("delta", "verdict"),
    [
        ([0, 0, 0, 0, 0, 0], "verified"),
        ([0.9e-3, 0, 0, 0, 0, 0], "verified"),
        ([1.5e-3, 0, 0, 0, 0, 0], "off"),
        ([0, 0, 0, 0, 0, np.deg2rad(2)], "off"),
        ([0, 0, 0, 0, 0, np.pi], "off"),
        ([0, 0, 0.9e-3, 0, 0, 0], "verified"),
        ([0, 0, 5e-3, 0, 0, 0], "off"),
        ([0, 0.02, 0, 0, 0, 0], "not_seen"),
    ],
)
def test_a_slot_is_judged_by_its_tolerance(recipe, delta, verdict):
    assert verify_slots(seen(recipe, delta), recipe, [0]) == {0: verdict}


def test_the_predicted_error_of_the_yaw_counts(recipe):
    table = seen(recipe, [0, 0, 0, 0, 0, np.deg2rad(1.5)])
    assert verify_slots(table, recipe, [0]) == {0: "off"}
    covariance = np.array(table.covariance)
    covariance[0, 5, 5] = np.deg2rad(0.3) ** 2
    assert verify_slots(replace(table, covariance=covariance), recipe, [0]) == {0: "verified"}


@pytest.mark.parametrize(("lean_deg", "verdict"), [(0.9, "verified"), (1.5, "off")])
@pytest.mark.parametrize("yaw_deg", [0, 90, 175])
def test_a_cylinder_is_judged_by_its_lean_at_any_turn(round_recipe, yaw_deg, lean_deg, verdict):
    lean = exp_rotation([0.0, np.deg2rad(lean_deg), 0.0])
    T = round_recipe.Ts_base_slot[0] @ pose(lean @ rotation_z(np.deg2rad(yaw_deg)), np.zeros(3))
    table = replace(seen(round_recipe, np.zeros(6)), Ts_base_cell=T[None], polarity=("+z",))
    assert verify_slots(table, round_recipe, [0]) == {0: verdict}


def test_a_doubtful_estimate_verifies_nothing(recipe):
    assert verify_slots(seen(recipe, np.zeros(6), "ambiguous"), recipe, [0]) == {0: "unsure"}


def test_only_filled_slots_are_asked_for(recipe):
    assert verify_slots(seen(recipe, np.zeros(6)), recipe, []) == {}
