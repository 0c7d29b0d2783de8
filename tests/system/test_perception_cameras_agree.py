"""Rendered looks without a mark in view: a camera that is not where it is believed stands out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from perception_stage import FIXED

from cellpick.evaluate import match_estimates
from cellpick.geometry import perturb
from cellpick.perception import perceive
from cellpick.scene import draw_scene, load_scene, resolve_scene
from cellpick.sensors import CameraRig
from cellpick.station.looking import tray_task
from cellpick.station.recipe import believe

SMALL = (*FIXED, "tray.rows=3", "tray.columns=1", "module.rows=3", "marks={tray: 0, module: 0}")
BUMP = np.array([1.2e-3, -1e-3, 1.2e-3, 5e-3, 5e-3, -5e-3])
TOLERANCE_M = 1e-3


@cache
def rendered():
    """A healthy look and the truth."""
    models = resolve_scene(load_scene("prismatic_tray", SMALL))
    scene_rng, rig_rng, belief_rng = np.random.default_rng(5).spawn(3)
    state = draw_scene(models, scene_rng)
    task = tray_task(believe(models, belief_rng))
    return CameraRig(state, rig_rng).look(state, state.arm.flange_pose(state.q), task), state


def believed_elsewhere(look, row, motion):
    """The look with a calibration of one camera that is off by a small motion."""
    captures = list(look.captures)
    belief = captures[row].calibration
    belief = replace(belief, T_mount_camera=perturb(belief.T_mount_camera, motion))
    captures[row] = replace(captures[row], calibration=belief)
    return replace(look, captures=tuple(captures))


def verdicts(estimates):
    return [status.verdict for status in estimates.cameras]


def test_healthy_cameras_agree():
    look, _ = rendered()
    assert look.task.marks == ()
    assert verdicts(perceive(look)) == ["ok"] * 4


@pytest.mark.parametrize("row", [0, 1])
def test_a_moved_camera_is_named_and_the_cells_are_placed_without_it(row):
    look, state = rendered()
    estimates = perceive(believed_elsewhere(look, row, BUMP))
    assert verdicts(estimates) == ["distrusted" if k == row else "ok" for k in range(4)]
    assert estimates.status == ("ok",) * len(state.serials)
    assert match_estimates(estimates, state, look.task).position_error_m.max() < TOLERANCE_M


def test_a_picture_of_another_time_is_named_though_its_stamp_is_fresh():
    look, state = rendered()
    captures = list(look.captures)
    # what it saw before the arm that carries it came to rest, 18 mm ago
    captures[3] = replace(captures[3], image=np.roll(captures[3].image, 60, axis=1))
    estimates = perceive(replace(look, captures=tuple(captures)))
    assert verdicts(estimates) == ["ok", "ok", "ok", "distrusted"]
    assert estimates.status == ("ok",) * len(state.serials)


def test_two_cameras_that_disagree_are_both_named_and_no_cell_may_be_acted_on():
    look, _ = rendered()
    pair = replace(look, captures=look.captures[:2], expected=look.expected[:2])
    healthy = perceive(pair)
    assert verdicts(healthy) == ["ok", "ok"]
    bumped = perceive(believed_elsewhere(pair, 1, BUMP))
    assert verdicts(bumped) == ["degraded", "degraded"]
    assert all("see the cells in other places" in s.reason for s in bumped.cameras)
    assert "ok" not in bumped.status
    assert bumped.sigma_m.min() > healthy.sigma_m.max()
