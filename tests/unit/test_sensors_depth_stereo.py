"""Active stereo: its errors are a matcher's, of the published size, and grow as disparity says."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sensors_stage import MODELS, board, camera, look, state_of

from cellpick.geometry import translation
from cellpick.scene import load_camera
from cellpick.sensors import CameraRig
from cellpick.sensors.depth.dots import Dots
from cellpick.structures import SearchTask, Solid

D435 = replace(load_camera(MODELS / "cameras/realsense_d435.yaml").depth, scale_sigma=0.0)
SIZE = (150, 90)
"""Of the read-out; the matcher's image is twice as wide and high."""
FRACTIONS = (0.08, 0.25, 0.42, 0.58, 0.75, 0.92)
PIXEL_M = 1 / (D435.focal_px * D435.baseline_m)
"""Depth error in units of z^2 a pixel of disparity."""


def state_at(height_m, spec=D435, fixtures=None, material="white"):
    fixtures = [board(material, size_m=(9.0, 9.0, 0.02))] if fixtures is None else fixtures
    focal_px = spec.focal_px / spec.subsample
    return state_of([camera(depth=spec, size=SIZE, focal_px=focal_px, height_m=height_m)], fixtures)


def matched(height_m, seed=0, **changes):
    """Depth (90, w) without the columns whose partner lies outside the right image."""
    depth = look(state_at(height_m, **changes), seed).captures[0].depth.astype(float)
    return depth[8:-8, 72:-8]


def noise_px(height_m):
    """Root mean square over fractions of a pixel of the disparity's deviation from its plane."""
    whole = np.floor(1 / (PIXEL_M * height_m))
    squares = []
    for fraction in FRACTIONS:
        disparity = 1 / (PIXEL_M * matched(1 / (PIXEL_M * (whole + fraction))))
        assert np.isfinite(disparity).mean() > 0.99
        v, u = np.indices(disparity.shape)
        A = np.stack([np.ones(disparity.size), u.ravel(), v.ravel()], axis=1)
        good = np.isfinite(disparity).ravel()
        fit = np.linalg.lstsq(A[good], disparity.ravel()[good], rcond=None)[0]
        squares.append(np.mean((disparity.ravel()[good] - A[good] @ fit) ** 2))
    return float(np.sqrt(np.mean(squares)))


@pytest.fixture(scope="module")
def measured():
    return {height_m: noise_px(height_m) for height_m in (0.6, 1.0)}


@pytest.mark.parametrize("height_m", [0.6, 1.0])
def test_a_matt_plate_shows_the_published_subpixel_noise(measured, height_m):
    assert measured[height_m] == pytest.approx(0.08, rel=0.1)


def test_noise_in_metres_grows_with_the_square_of_the_distance(measured):
    near, far = (z**2 * PIXEL_M * measured[z] for z in (0.6, 1.0))
    assert far / near == pytest.approx((1.0 / 0.6) ** 2, rel=0.15)
    assert near == pytest.approx(0.9e-3, rel=0.12)
    assert far == pytest.approx(2.5e-3, rel=0.12)


def test_errors_of_neighbours_are_alike_as_the_station_is_told():
    error = 1 / matched(0.6)
    error -= error.mean()
    kernel = D435.correlation_px
    for step in (1, 2):
        found = np.corrcoef(error[:, step:].ravel(), error[:, :-step].ravel())[0, 1]
        assert found == pytest.approx(np.exp(-(step**2) / (4 * kernel**2)), abs=0.15)
    assert abs(np.corrcoef(error[:, 16:].ravel(), error[:, :-16].ravel())[0, 1]) < 0.2


def test_the_plate_is_where_it_is_whatever_the_distance():
    for height_m in (0.4, 0.83, 1.7):
        middle = np.nanmedian(matched(height_m))
        # pixel locking of up to an eighth of a pixel is the matcher's own
        assert middle == pytest.approx(height_m, abs=0.13 * PIXEL_M * height_m**2)


def test_depth_and_picture_belong_to_the_same_pixels():
    block = Solid("block", "box", [0.05, 0.05, 0.1], translation([0.02, 0.005, 0.05]), "white")
    depth = look(state_at(0.6, fixtures=[board(), block])).captures[0].depth
    rows, columns = np.nonzero(depth < 0.55)
    f = D435.focal_px / D435.subsample / 0.5
    assert columns.mean() == pytest.approx(74.5 + f * 0.02, abs=2.0)
    # the camera looks down: its image's y runs against the world's
    assert rows.mean() == pytest.approx(44.5 - f * 0.005, abs=1.5)
    assert np.ptp(columns) == pytest.approx(f * 0.05, abs=5)


def test_what_only_one_imager_sees_has_no_reading():
    depth = look(state_at(0.6)).captures[0].depth
    partner = D435.baseline_m * D435.focal_px / 0.6 / D435.subsample
    assert np.isnan(depth[20:-20, : int(partner) - 8]).mean() > 0.9


def test_without_dots_a_plain_board_gives_next_to_nothing():
    spec = replace(D435, dot_light=0.0)
    assert np.isnan(matched(0.6, spec=spec)).mean() > 0.3
    assert np.isfinite(matched(0.6)).mean() > 0.99


def test_more_noise_in_the_images_is_more_noise_in_the_depth():
    quiet, loud = (matched(0.6, spec=D435.scaled(factor)) for factor in (0.5, 3.0))
    assert np.nanstd(loud) > 1.5 * np.nanstd(quiet)


def test_nothing_in_view_gives_no_reading():
    away = [board(T=translation([20.0, 0, 0]))]
    assert np.isnan(look(state_at(0.6, fixtures=away)).captures[0].depth).mean() > 0.95


def test_two_devices_of_one_kind_throw_different_dots():
    first, second = (Dots((0.5, 0.4), 0.01, 0.003, np.random.default_rng(seed)) for seed in (1, 2))
    x, y = np.meshgrid(np.linspace(-0.4, 0.4, 300), np.linspace(-0.3, 0.3, 200))
    grids = [d.light(x.astype(np.float32), y.astype(np.float32)) for d in (first, second)]
    assert [g.mean() for g in grids] == pytest.approx([1, 1], abs=0.1)
    assert abs(np.corrcoef(grids[0].ravel(), grids[1].ravel())[0, 1]) < 0.2
    assert (first.light(np.full((1, 1), 5, np.float32), np.zeros((1, 1), np.float32)) == 0).all()


@pytest.mark.parametrize("threads", [1, 4])
def test_the_same_seed_gives_the_same_bits_with_any_number_of_threads(threads):
    state = state_at(0.6, material="aluminium")
    task = SearchTask(state.cell, state.materials, np.eye(4), np.full(3, 0.3), 0.99)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(threads)
        rig = CameraRig(state, np.random.default_rng(7))
        depth = rig.look(state, np.eye(4), task).captures[0].depth
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(depth, look(state, 7).captures[0].depth, equal_nan=True)


@pytest.mark.parametrize("width_px", [12, 33, 70])
def test_an_image_narrower_than_a_disparity_has_what_depth_it_can(width_px):
    narrow = camera(depth=D435, size=(width_px, 30), focal_px=D435.focal_px / 2)
    depth = look(state_of([narrow])).captures[0].depth
    assert depth.shape == (30, width_px)
    # at 0.6 m a partner stands 27 columns away
    assert np.isfinite(depth).any() == (width_px > 27)
    if width_px > 27:
        assert np.nanmedian(depth) == pytest.approx(0.6, abs=0.01)
