"""The last look's verdict on each slot."""

import numpy as np
import pytest

from cellpick.geometry import perturb
from cellpick.scene import load_scene, resolve_scene
from cellpick.station.recipe import believe
from cellpick.station.verify import verify_slots
from cellpick.structures import CellEstimates

SIGMA_M, SIGMA_RAD = 1e-4, 1e-3


@pytest.fixture(scope="module")
def recipe():
    return believe(resolve_scene(load_scene("prismatic_tray")), np.random.default_rng(0))


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
        ([0, 0.02, 0, 0, 0, 0], "not_seen"),
    ],
)
def test_a_slot_is_judged_by_its_tolerance(recipe, delta, verdict):
    assert verify_slots(seen(recipe, delta), recipe, [0]) == {0: verdict}


def test_a_doubtful_estimate_verifies_nothing(recipe):
    assert verify_slots(seen(recipe, np.zeros(6), "ambiguous"), recipe, [0]) == {0: "unsure"}


def test_only_filled_slots_are_asked_for(recipe):
    assert verify_slots(seen(recipe, np.zeros(6)), recipe, []) == {}
