"""Cameras compared by what they say of the cells: exact evidence, drawn errors, drawn pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from perception_core_stage import (
    MATERIALS,
    box_cell,
    calibrations,
    captures_of,
    cloud_of,
    true_poses,
)
from scipy.stats import binom

from cellpick.geometry import invert, perturb, translation
from cellpick.perception.core import refine_poses
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.core.views import adjoint
from cellpick.perception.health import disagreement
from cellpick.perception.health.disagreement import compare, reduced

FOCAL_PX, SIGMA = 1900.0, np.repeat([1e-4, 3.5e-4], 3)
FULL = np.diag(np.repeat([5e-5, 5e-4], 3) ** -2.0)


def cameras(count: int) -> np.ndarray:
    """Poses round the cells, looking down."""
    down = np.diag([1.0, -1.0, -1.0, 1.0])
    places = [(0.13, 0.11), (0.13, -0.11), (-0.13, -0.11), (-0.13, 0.11)][:count]
    Ts = [translation([x, y, 0.6]) @ down for x, y in places]
    return np.array(Ts).reshape(-1, 4, 4)


def sightings(
    rng: np.random.Generator, count: int = 4, cells: int = 6, depth: bool = True, errors=None
) -> Sightings:
    """Evidence of cameras that are as good as stated, but for `errors` (count, 10)."""
    Ts = translation(np.append(rng.uniform(-0.1, 0.1, (cells, 2)), np.zeros((cells, 1)), axis=1))
    by_camera = -adjoint(invert(Ts)[:, None] @ cameras(count)[None])
    by_depth = np.zeros((cells, count, 6, 3))
    by_depth[..., 2:5, :] = np.eye(3)
    with_depth = depth * (np.arange(count) % 2 == 0)
    bare = Sightings(
        edge_information=np.broadcast_to(FULL, (cells, count, 6, 6)),
        edge_target=np.zeros((cells, count, 6)),
        depth_information=FULL * with_depth[:, None, None] + np.zeros((cells, 1, 1, 1)),
        depth_target=np.zeros((cells, count, 6)),
        by_camera=by_camera,
        by_depth=by_depth,
        edge_share=np.ones(count),
        camera_sigma=np.tile(SIGMA, (count, 1)),
        depth_sigma=np.full((cells, count, 3), 1e-4),
        depth_noise_m=8e-5 * with_depth,
        known=np.tile(np.diag(np.repeat([5e-3, 0.1], 3) ** -2.0), (cells, 1, 1)),
        pull=np.zeros((cells, 6)),
        distance_m=np.full((cells, count), 0.6),
        focal_px=np.full(count, FOCAL_PX),
    )
    true = rng.normal(size=(count, 10)) * disagreement._stated(bare)
    true = true if errors is None else true + errors
    seen = np.einsum("ncij,cj->nci", by_camera, true[:, :6])
    read = seen + np.einsum("ncij,cj->nci", by_depth, true[:, 6:9])
    seen = seen + by_camera[..., 2] * true[:, 9:]
    shift = rng.normal(size=(cells, 1, 6)) * 1e-3
    told = [
        np.einsum("ncij,ncj->nci", A, where + shift)
        + np.einsum("ncij,ncj->nci", np.sqrt(A), rng.normal(size=where.shape))
        for A, where in (
            (bare.edge_information, seen),
            (bare.depth_information, read),
        )
    ]
    return dataclasses.replace(bare, edge_target=told[0], depth_target=told[1])


def off(camera: int, *error: float) -> np.ndarray:
    """(4, 10) one camera's error."""
    errors = np.zeros((4, 10))
    errors[camera, : len(error)] = error
    return errors


def test_healthy_cameras_give_probabilities_that_are_evenly_spread():
    rng = np.random.default_rng(0)
    found = [compare(sightings(rng)) for _ in range(300)]
    for p in (
        [c.total for c in found],
        [c.suspicions[0].alone for c in found],
        [c.of_depth[2].alone for c in found],
    ):
        for level in (0.05, 0.5):
            below = sum(np.array(p) < level)
            assert 1e-5 < binom.cdf(below, 300, level) < 1 - 1e-5
    assert not any(c.alarms for c in found)


@pytest.mark.parametrize("camera", range(4))
def test_a_moved_camera_alarms_and_explains_all_of_it(camera):
    rng = np.random.default_rng(camera)
    bump = off(camera, 1.2e-3, -1e-3, 1.2e-3, 5e-3, 5e-3, -5e-3)
    found = compare(sightings(rng, errors=bump))
    gains = [s.explains for s in found.suspicions]
    assert found.alarms
    assert int(np.argmax(gains)) == camera
    assert found.suspicions[camera].rest > 1e-4
    assert max(g for k, g in enumerate(gains) if k != camera) < gains[camera] - 18.4


def test_depth_that_is_off_is_told_from_a_moved_camera():
    found = compare(sightings(np.random.default_rng(1), errors=off(2, 0, 0, 0, 0, 0, 0, 3e-3)))
    assert found.alarms
    assert found.of_depth[2].rest > 1e-4
    assert found.of_depth[2].explains > max(s.explains for s in found.suspicions) + 18.4
    assert abs(found.of_depth[2].error[6] - 3e-3) < 5e-4


def test_what_all_cameras_share_is_the_cells_motion_and_no_disagreement():
    seen = sightings(np.random.default_rng(2))
    Ts = cameras(4)
    # one motion of the world in the base frame, as each camera's own
    common = adjoint(invert(Ts)) @ np.array([4e-3, -3e-3, 2e-3, 0.01, 0.0, 0.02])
    moved = np.einsum("ncij,cj->nci", seen.by_camera, common)
    told = seen.edge_target + np.einsum("ncij,ncj->nci", seen.edge_information, moved)
    read = seen.depth_target + np.einsum("ncij,ncj->nci", seen.depth_information, moved)
    after = compare(dataclasses.replace(seen, edge_target=told, depth_target=read))
    assert not after.alarms
    assert abs(after.total - compare(seen).total) < 0.05


def test_taking_the_cells_out_is_the_dense_solution():
    rng = np.random.default_rng(3)
    seen = sightings(rng, count=2, cells=2)
    information, target = reduced(seen)
    n, c = 2, 2
    H, g = np.zeros((6 * n + 10 * c,) * 2), np.zeros(6 * n + 10 * c)
    for i in range(n):
        H[6 * i : 6 * i + 6, 6 * i : 6 * i + 6] += seen.known[i] / n
        for k in range(c):
            for A, t, depth in (
                (seen.edge_information[i, k], seen.edge_target[i, k], 0.0),
                (seen.depth_information[i, k], seen.depth_target[i, k], 1.0),
            ):
                J = np.zeros((6, len(g)))
                J[:, 6 * i : 6 * i + 6] = np.eye(6)
                first = 6 * n + 10 * k
                J[:, first : first + 6] = seen.by_camera[i, k]
                J[:, first + 9] = (1 - depth) * seen.by_camera[i, k][:, 2]
                J[:, first + 6 : first + 9] = depth * seen.by_depth[i, k]
                H, g = H + J.T @ A @ J, g + J.T @ t
    prior = np.eye(10 * c) * 1e6
    H[6 * n :, 6 * n :] += prior
    dense = np.linalg.solve(H, g)[6 * n :]
    np.testing.assert_allclose(np.linalg.solve(information + prior, target), dense, rtol=1e-6)


@pytest.mark.parametrize(("cells", "count"), [(0, 4), (0, 0)])
def test_no_cells_or_no_cameras_never_alarm(cells, count):
    seen = sightings(np.random.default_rng(4), count=count, cells=cells)
    found = compare(seen)
    assert not found.alarms
    assert len(found.suspicions) == count


def test_drawn_pictures_of_healthy_cameras_agree():
    cell, stated = box_cell(), calibrations(200, 150)
    for seed in range(2):
        rng = np.random.default_rng(seed)
        places = translation(np.array([[0.002, -0.022, 0.0], [-0.003, 0.021, 0.001]]))
        Ts = perturb(places, rng.normal(size=(2, 6)) * [0, 0, 2e-4, 5e-3, 5e-3, 0.05])
        true = true_poses(stated, rng)
        captures = captures_of(cell, Ts, stated, true, rng)
        cloud = cloud_of(cell, Ts, stated, true, rng)
        found = refine_poses(Ts, cell, captures, *cloud, materials=MATERIALS)
        assert (found.sightings.edge_share > 0.6).all()
        assert not compare(found.sightings).alarms


def test_a_picture_without_the_cells_that_others_show_is_named():
    seen = sightings(np.random.default_rng(5))
    for share, blind in (
        ([0.9, 0.1, 0.5, 0.8], (1,)),
        ([0.38, 0.38, 0.5, 0.9], ()),
        ([0.1, 0.1, 0.5, 0.1], ()),
        ([np.nan, 0.9, 0.0, 0.9], (2,)),
    ):
        found = compare(dataclasses.replace(seen, edge_share=np.array(share)))
        assert (found.blind, found.alarms) == (blind, bool(blind))
