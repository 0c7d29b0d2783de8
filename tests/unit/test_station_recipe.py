"""The recipe: drawings as believed, off by what commissioning leaves, and no truth in it."""

import numpy as np
import pytest

from cellpick.geometry import difference, invert
from cellpick.scene import draw_scene, load_scene, resolve_scene
from cellpick.station.recipe import believe


@pytest.fixture(scope="module")
def models():
    overrides = ["arm.position_mm=[30, -20, 0]", "arm.yaw_deg=5"]
    return resolve_scene(load_scene("prismatic_tray", overrides))


def test_the_recipe_does_not_depend_on_where_tray_and_cells_truly_are(models):
    before = believe(models, np.random.default_rng(1))
    draw_scene(models, np.random.default_rng(2))
    after = believe(models, np.random.default_rng(1))
    assert np.array_equal(before.T_base_module, after.T_base_module)
    assert np.array_equal(before.T_base_tray, invert(models.T_world_base) @ models.T_world_tray)


def test_the_believed_module_is_off_by_the_stated_error(models):
    true = invert(models.T_world_base) @ models.T_world_module
    deltas = np.array(
        [
            difference(true, believe(models, np.random.default_rng(seed)).T_base_module)
            for seed in range(300)
        ]
    )
    spread = deltas.std(axis=0)
    module = models.spec.module
    assert np.allclose(spread[:3], module.belief_error_mm * 1e-3, rtol=0.15)
    assert np.allclose(spread[5], np.radians(module.belief_error_deg), rtol=0.15)
    assert np.allclose(spread[3:5], 0.0, atol=1e-7)


def test_module_fixtures_move_with_the_belief_and_others_do_not(models):
    recipe = believe(models, np.random.default_rng(3))
    T_base_world = invert(models.T_world_base)
    shift = recipe.T_base_module @ invert(T_base_world @ models.T_world_module)
    for drawn, believed in zip(models.fixtures, recipe.fixtures, strict=True):
        expected = T_base_world @ drawn.T_parent_solid
        if drawn.name.startswith("module."):
            expected = shift @ expected
        assert np.allclose(believed.T_parent_solid, expected, atol=1e-12), drawn.name


def test_the_tray_tolerance_covers_every_corner_that_can_be_drawn(models):
    recipe = believe(models, np.random.default_rng(0))
    x, y, _ = models.tray_size_m / 2
    corners = np.array([[a, b, 0, 1] for a in (-x, x) for b in (-y, y)])
    for seed in range(50):
        state = draw_scene(models, np.random.default_rng(seed))
        off = (corners @ state.T_world_tray.T - corners @ models.T_world_tray.T)[:, :3]
        assert np.linalg.norm(off, axis=1).max() <= recipe.tray_tolerance_m + 1e-9
