"""Stages of the search by themselves: pooling, faces on lattices, climbing, rays and readings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellpick.geometry import rays
from cellpick.perception.climbing import best_move
from cellpick.perception.depth_points import directions, steady
from cellpick.perception.face_edges import FaceEdges, lattice, turned_back
from cellpick.perception.fine import energy, lookup
from cellpick.perception.grid import Grid
from cellpick.perception.kernels import make_kernels
from cellpick.perception.patch import make_patch
from cellpick.perception.pictures import is_dark, picture_of
from cellpick.perception.pool import pool

STEP_M = 2.5e-4
PIXEL_M = 1e-3
MOVES = (np.array([-7e-4, 0, 7e-4]), np.array([-7e-4, 0, 7e-4]), np.radians([-1.5, 0, 1.5]))


@pytest.fixture(scope="module")
def face() -> FaceEdges:
    """A bar's two long edges (field 1, lines along x) and its ends, of smooth profile."""
    y, x = (STEP_M * (np.arange(n) - (n - 1) / 2) for n in (121, 241))
    gx, gy = np.meshgrid(x, y)
    bump = lambda u, at: np.exp(-(((np.abs(u) - at) / 1.5e-3) ** 2))  # noqa: E731
    within = lambda u, at: 1 / (1 + np.exp((np.abs(u) - at) / 1e-3))  # noqa: E731
    along = bump(gy, 8e-3) * within(gx, 0.018)
    across = bump(gx, 0.018) * within(gy, 8e-3)
    planes = np.stack([along - across, np.zeros_like(along)], -1).astype(np.float32)
    inside = ((np.abs(gx) < 0.02) & (np.abs(gy) < 8e-3)).astype(np.float32)
    return FaceEdges(planes, np.ones_like(inside), inside, STEP_M)


def test_pooling_is_the_mean_of_whole_tiles():
    rng = np.random.default_rng(0)
    field = (rng.normal(size=(11, 14)) + 1j * rng.normal(size=(11, 14))).astype(np.complex64)
    small = pool(field, 3)
    brute = field[:9, :12].reshape(3, 3, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small, brute, atol=1e-6)


def test_a_lattice_is_centred_and_turning_back_undoes_a_turn():
    xy = lattice((3, 4), 0.5)
    assert xy.shape == (3, 4, 2)
    np.testing.assert_allclose(xy.mean(axis=(0, 1)), 0, atol=1e-15)
    np.testing.assert_array_equal(xy[0, :, 0], [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_allclose(turned_back(np.array([[0.0, 1.0]]), np.pi / 2), [[1, 0]], atol=1e-12)


def test_a_face_turned_by_half_a_turn_is_mirrored_with_the_same_doubled_angles(face):
    xy = lattice((31, 41), PIXEL_M)
    once, turned = face.edges_after(xy, 0.0), face.edges_after(xy, np.pi)
    np.testing.assert_allclose(turned, once[::-1, ::-1], atol=1e-4)
    quarter = face.edges_after(xy[:, :31][:31], np.pi / 2)
    there = face.edges_after(turned_back(xy[:, :31][:31], np.pi / 2), 0.0)
    np.testing.assert_allclose(quarter, -there, atol=1e-4)


def test_a_patch_is_of_unit_norm_and_its_middle_motion_is_none(face):
    patch = make_patch(face, PIXEL_M, 1, MOVES)
    assert np.linalg.norm(patch.edges) == pytest.approx(1, abs=1e-6)
    assert patch.inside.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(patch.moved[:, 13], patch.edges, atol=1e-6)
    assert patch.moved.shape == (len(patch.edges), 27)
    np.testing.assert_array_equal(patch.x_m, -patch.x_m[::-1])


@pytest.mark.parametrize("motion", [(3e-4, 0, 0), (0, -3e-4, 0), (2e-4, 2e-4, 0.008)])
def test_a_climb_finds_a_motion_between_its_steps(motion, face):
    patch = make_patch(face, PIXEL_M, 1, MOVES)
    xy = np.stack(np.meshgrid(patch.x_m, patch.y_m), -1).astype(np.float64)
    seen = face.edges_after(turned_back(xy - motion[:2], 0.0), motion[2])
    field = np.ascontiguousarray(seen).ravel().view(np.float32)[None]
    delta, response = best_move(np.concatenate([field, 3 * field]), patch)
    np.testing.assert_allclose(delta[:2, 0], motion[:2], atol=1e-4)
    assert delta[2, 0] == pytest.approx(motion[2], abs=2e-3)
    np.testing.assert_allclose(delta[:, 1], delta[:, 0], atol=1e-5)
    assert response[1] == pytest.approx(3 * response[0], rel=1e-5)
    assert 0.97 < response[0] / energy(field, patch)[0] <= 1.02


def test_a_motion_beyond_the_steps_stays_at_the_last_one(face):
    patch = make_patch(face, PIXEL_M, 1, MOVES)
    xy = np.stack(np.meshgrid(patch.x_m, patch.y_m), -1).astype(np.float64)
    seen = face.edges_after(xy - [3.5e-3, 0], 0.0)
    delta, _ = best_move(np.ascontiguousarray(seen).ravel().view(np.float32)[None], patch)
    assert delta[0, 0] == pytest.approx(7e-4)


def test_kernels_are_of_unit_norm_and_each_is_the_first_one_turned(face, small_look):
    kernels = make_kernels(face, small_look.task.cell, PIXEL_M, 4)
    power = (kernels.planes[:, :2] ** 2).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(power, 1, atol=1e-5)
    assert kernels.planes.shape[-1] % 2 == 1
    np.testing.assert_allclose(np.diff(kernels.yaw), np.pi / len(kernels.yaw))
    # the stroke of the field turns by twice the yaw: its sum over the face by exp(2i yaw)
    total = (kernels.planes[:, 0] + 1j * kernels.planes[:, 1]).sum(axis=(1, 2))
    turned = total / total[0] * np.exp(-2j * kernels.yaw)
    np.testing.assert_allclose(np.angle(turned), 0, atol=1e-4)


def test_a_map_is_read_in_a_poses_own_frame(face):
    """On a plane a x + b y the value at a place is that of the place itself; beyond it is told."""
    grid = Grid((-0.05, -0.04), 1e-3, (81, 101))
    gx, gy = grid.centres()
    values = (3 * gx - 2 * gy).astype(np.float32)
    patch = make_patch(face, PIXEL_M, 1, MOVES)
    xy, yaw = np.array([[0.004, -0.003], [0.2, 0.2]]), np.array([0.7, 0.0])
    seen = lookup(values, grid, patch, xy, yaw, -7.0).reshape(2, len(patch.y_m), len(patch.x_m))
    px, py = np.meshgrid(patch.x_m, patch.y_m)
    c, s = np.cos(0.7), np.sin(0.7)
    x, y = 0.004 + c * px - s * py, -0.003 + s * px + c * py
    np.testing.assert_allclose(seen[0], 3 * x - 2 * y, atol=2e-4)
    assert (seen[1] == -7.0).all()


def test_rays_are_those_of_every_pixel_in_any_frame(small_look):
    belief = small_look.captures[0].calibration
    K = np.array([[770.0, 0, 320], [0, 770, 240], [0, 0, 1]])
    bend = np.array([-0.08, 0.02, 1e-3, -5e-4, 0.0])
    belief = replace(belief, width_px=640, height_px=480, K=K, distortion=bend)
    R = belief.T_mount_camera[:3, :3]
    planes = directions(belief, R, (30, 50), 1, (420, 550))
    u, v = np.meshgrid(30 + np.arange(550), 50 + np.arange(420))
    pixels = np.stack([u.ravel(), v.ravel()], -1).astype(float)
    exact = (rays(pixels, K, bend) @ R.T).T.reshape(3, 420, 550)
    np.testing.assert_allclose(np.stack(planes), exact, atol=4e-6)


def test_readings_stand_where_their_neighbours_do_and_a_mixed_one_falls(small_look):
    belief = replace(
        small_look.captures[0].calibration, depth_sigma_m=1e-4, K=np.diag([600.0, 600, 1])
    )
    depth = np.full((9, 9), 0.5, np.float32)
    depth[:, 5:] = 0.6
    depth[4, 4] = 0.55
    depth[0, 0] = np.nan
    good = steady(depth, belief).astype(bool)
    assert not good[4, 4]
    assert not good[0, 0]
    expected = np.ones_like(good)
    # a corner has three neighbours only
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1), (4, 4)):
        expected[corner] = False
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_array_equal(good[inner], expected[inner])
    assert not steady(np.full((9, 9), np.nan, np.float32), belief).any()
    assert not steady(np.full((1, 9), 0.5, np.float32), belief).any()


def test_a_picture_is_no_finer_than_asked_and_knows_where_its_pixels_are(small_look):
    capture = small_look.captures[0]
    belief = replace(capture.calibration, K=np.array([[9.0, 0, 4], [0, 9, 3], [0, 0, 1]]))
    T = np.linalg.inv(belief.T_mount_camera)
    capture = replace(capture, calibration=belief, T_base_flange=T, image=capture.image // 2 + 20)
    near = picture_of(capture, np.array([0, 0, 1.0]), 0.25)
    assert near.factor == 2
    assert near.tone.shape == (3, 4)
    np.testing.assert_allclose(near.places(np.array([[0.5, 0.5], [2.5, 0.5]])), [[0, 0], [1, 0]])
    for behind in (-1.0, 0.0):
        assert picture_of(capture, np.array([0, 0, behind]), 0.25).factor == 1
    assert not is_dark(capture)
    assert is_dark(replace(capture, image=np.full_like(capture.image, 5)))
