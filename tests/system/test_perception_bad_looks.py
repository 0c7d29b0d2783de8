"""Looks as broken or odd cameras deliver them: a status for every cell, and no warning."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import cv2
import numpy as np
import pytest
from perception_stage import blinded, nearest, shoot

from cellpick.errors import InputError
from cellpick.perception import perceive
from cellpick.structures import CaptureSet

SMALL = ("tray.rows=3", "tray.columns=1", "module.rows=3", "tray.gap_mm=1")
LARGEST = float(np.finfo(np.float32).max)


@pytest.fixture(scope="module")
def shot():
    return shoot("prismatic_tray", 5, SMALL)


def changed(look: CaptureSet, change) -> CaptureSet:
    return replace(look, captures=tuple(change(k, c) for k, c in enumerate(look.captures)))


def with_depth(look: CaptureSet, change) -> CaptureSet:
    """The look with the depth of its 3D cameras changed by a function of it."""
    return changed(
        look, lambda _, c: c if c.depth is None else replace(c, depth=change(c.depth.copy()))
    )


def scattered(share: float, value: float):
    """A change of depth that puts one value in a share of the pixels."""

    def change(depth):
        depth[np.random.default_rng(3).random(depth.shape) < share] = value
        return depth

    return change


def resized(look: CaptureSet, factors) -> CaptureSet:
    """The look with every camera's pictures in another size."""

    def change(k, c):
        belief, factor = c.calibration, factors[k]
        w, h = (max(1, int(n * factor)) for n in (belief.width_px, belief.height_px))
        s = np.diag([w / belief.width_px, h / belief.height_px, 1.0])
        s[:2, 2] = (np.diag(s)[:2] - 1) / 2
        depth = c.depth
        if depth is not None:
            depth = cv2.resize(depth, (w, h), interpolation=cv2.INTER_NEAREST)
        image = cv2.resize(c.image, (w, h), interpolation=cv2.INTER_AREA).reshape(h, w, 3)
        belief = replace(belief, width_px=w, height_px=h, K=s @ belief.K)
        return replace(c, calibration=belief, image=image, depth=depth)

    return changed(look, change)


def assert_sound(estimates, shot, found=True):
    """Whatever is called ok is a cell, once, within what it says of itself; and all rows are
    whole."""
    for field in ("Ts_base_cell", "covariance", "score", "polarity_probability"):
        assert np.isfinite(getattr(estimates, field)).all(), field
    for status, reason in zip(estimates.status, estimates.reason, strict=True):
        assert (status == "ok") == (reason == "")
    rows, gap = nearest(estimates, shot) if len(estimates) else (np.zeros(0, int), np.zeros(0))
    sure = np.array([s == "ok" for s in estimates.status], bool)
    assert len(set(rows[sure])) == sure.sum()
    assert (gap[sure] < 4 * estimates.sigma_m[sure]).all()
    if found:
        assert sure.sum() == len(shot.serials)


@pytest.mark.parametrize(
    "value", [np.nan, np.inf, -np.inf, 0.0, -0.5, LARGEST, -LARGEST, 1e30, 1e-40, 0.5, 500.0]
)
def test_depth_that_is_one_value_leaves_the_cells_to_the_pictures(value, shot):
    look = with_depth(shot.look, lambda depth: np.full_like(depth, value))
    assert_sound(perceive(look), shot)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, LARGEST])
def test_depth_with_such_a_value_in_every_third_pixel_still_serves(value, shot):
    look = with_depth(shot.look, scattered(0.3, value))
    estimates = perceive(look)
    assert_sound(estimates, shot)
    blind = with_depth(shot.look, lambda depth: np.full_like(depth, np.nan))
    # as good as with all readings, and better than without any
    assert estimates.sigma_m.max() < 1.05 * perceive(shot.look).sigma_m.max()
    assert estimates.sigma_m.max() < 0.9 * perceive(blind).sigma_m.min()


def test_four_of_five_readings_anywhere_cost_no_cell(shot):
    def stray(depth):
        rng = np.random.default_rng(0)
        out = rng.random(depth.shape) < 0.8
        return np.where(out, rng.uniform(0.3, 0.9, depth.shape), depth).astype(np.float32)

    assert_sound(perceive(with_depth(shot.look, stray)), shot)


def test_a_single_row_of_readings_does_no_harm(shot):
    def one_row(depth):
        depth[: depth.shape[0] // 2] = np.nan
        depth[depth.shape[0] // 2 + 1 :] = np.nan
        return depth

    assert_sound(perceive(with_depth(shot.look, one_row)), shot)


@pytest.mark.parametrize("row", range(4))
def test_one_dead_camera_of_any_kind_costs_no_cell_and_is_named(row, shot):
    look = changed(shot.look, lambda k, c: blinded(c) if k == row else c)
    estimates = perceive(look)
    assert_sound(estimates, shot)
    verdicts = [status.verdict for status in estimates.cameras]
    assert [k for k, verdict in enumerate(verdicts) if verdict != "ok"] == [row]


@pytest.mark.parametrize(
    "picture", ["black", "white", "noise"], ids=["all black", "all white", "all noise"]
)
def test_pictures_of_nothing_show_no_cell(picture, shot):
    def drawn(_, c):
        rng = np.random.default_rng(1)
        image = {
            "black": lambda: np.zeros_like(c.image),
            "white": lambda: np.full_like(c.image, 255),
            "noise": lambda: rng.integers(0, 256, c.image.shape, dtype=np.uint8),
        }[picture]()
        depth = None if c.depth is None else np.full_like(c.depth, np.nan)
        return replace(c, image=image, depth=depth)

    estimates = perceive(changed(shot.look, drawn))
    assert "ok" not in estimates.status
    assert_sound(estimates, shot, found=False)


@pytest.mark.parametrize("factors", [(1, 0.5, 0.5, 1), (0.31, 0.77, 0.53, 0.5), (2, 1, 1.5, 1)])
def test_pictures_of_different_sizes_find_every_cell(factors, shot):
    assert_sound(perceive(resized(shot.look, factors)), shot)


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("factor", [1e-9, 0.004])
def test_one_camera_of_a_pixel_or_a_few_does_no_harm(row, factor, shot):
    factors = [factor if k == row else 1.0 for k in range(4)]
    assert_sound(perceive(resized(shot.look, factors)), shot)


def test_cameras_of_one_pixel_find_nothing(shot):
    assert len(perceive(resized(shot.look, [1e-9] * 4))) == 0


def test_no_captures_give_no_rows_and_name_the_cameras_that_are_missing(shot):
    none = replace(shot.look, captures=())
    estimates = perceive(none)
    assert len(estimates) == 0
    assert [status.verdict for status in estimates.cameras] == ["missing"] * len(none.expected)


@pytest.mark.parametrize("turn", ["up", "away", "inside"])
def test_cameras_that_do_not_see_the_region_give_no_rows(turn, shot):
    def aside(_, c):
        T = c.calibration.T_mount_camera.copy()
        if turn == "up":
            T[:3, :3] = T[:3, :3] @ np.diag([1.0, -1.0, -1.0])
        else:
            T[:3, 3] = [100.0, 0, 0] if turn == "away" else shot.look.task.T_base_region[:3, 3]
        return replace(c, calibration=replace(c.calibration, T_mount_camera=T, mount="base"))

    assert len(perceive(changed(shot.look, aside))) == 0


def test_a_region_far_larger_than_its_cells_is_searched(shot):
    size = np.append(shot.look.task.region_size_m[:2] * 0 + 0.8, shot.look.task.region_size_m[2])
    look = replace(shot.look, task=replace(shot.look.task, region_size_m=size))
    estimates = perceive(look)
    assert_sound(estimates, shot)


@pytest.mark.parametrize("size", [1e-3, 0.01])
def test_a_region_smaller_than_a_cell_is_empty(size, shot):
    look = replace(shot.look, task=replace(shot.look.task, region_size_m=np.full(3, size)))
    assert_sound(perceive(look), shot, found=False)


def test_a_lens_that_bends_beyond_all_reason_is_no_crash(shot):
    for k1 in (-5.0, 1e3):
        bent = changed(
            shot.look,
            lambda _, c, k1=k1: replace(
                c, calibration=replace(c.calibration, distortion=np.array([k1, 0, 0, 0, k1]))
            ),
        )
        assert_sound(perceive(bent), shot, found=False)


def test_a_material_that_the_task_lacks_is_named(shot):
    task = dataclasses.replace(shot.look.task, materials={})
    with pytest.raises(
        InputError, match=r"materials lacks what the cell prismatic_\w+ names; got "
    ):
        perceive(replace(shot.look, task=task))
