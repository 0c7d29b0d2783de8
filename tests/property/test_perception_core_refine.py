"""Laws of `refine_poses` on exact pictures and clouds that `sensors` had no part in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from perception_core_stage import (
    MATERIALS,
    ROTATION_SIGMA,
    TRANSLATION_SIGMA,
    box_cell,
    calibrations,
    captures_of,
    cloud_of,
    round_cell,
    true_poses,
)

from cellpick.errors import ShapeError
from cellpick.geometry import Floats, difference, invert, perturb, transform, translation
from cellpick.perception.core import RefineOptions, refine_poses
from cellpick.structures import Capture, CellModel

MM, DEG = 1e-3, np.radians(1.0)
UNITS = np.repeat([MM, DEG], 3)


@dataclasses.dataclass(frozen=True, eq=False)
class Stage:
    """One look with exact calibration, and the truth."""

    cell: CellModel
    Ts: Floats
    captures: Sequence[Capture]
    points: Floats
    sigma: Floats
    camera: Floats

    def refine(self, Ts: Floats, **changes):
        look = {
            "captures": self.captures,
            "points": self.points,
            "points_sigma": self.sigma,
            "points_camera": self.camera,
            "materials": MATERIALS,
        }
        return refine_poses(Ts, self.cell, **(look | changes))

    def blank(self) -> list[Capture]:
        return [dataclasses.replace(c, image=np.zeros_like(c.image)) for c in self.captures]

    def error(self, Ts: Floats) -> Floats:
        """(n, 6) in millimetres and degrees, without a free angle."""
        d = difference(self.Ts, Ts) / UNITS
        return d * [1, 1, 1, 1, 1, 0 if self.cell.turns_freely else 1]


def stage_of(cell: CellModel, places: Floats, seed: int) -> Stage:
    rng = np.random.default_rng(seed)
    jitter = rng.normal(size=(len(places), 6)) * [0, 0, 2e-4, 0.005, 0.005, 0.05]
    Ts = perturb(translation(places), jitter)
    cameras = calibrations()
    exact = true_poses(cameras, None)
    captures = captures_of(cell, Ts, cameras, exact, rng)
    return Stage(cell, Ts, captures, *cloud_of(cell, Ts, cameras, exact, rng))


@pytest.fixture(scope="module")
def boxes() -> Stage:
    return stage_of(box_cell(), np.array([[0.002, -0.022, 0.0], [-0.003, 0.021, 0.001]]), 0)


@pytest.fixture(scope="module")
def rounds() -> Stage:
    return stage_of(round_cell(), np.array([[0.003, 0.004, 0.0]]), 1)


def off(stage: Stage, mm: float, deg: float, seed: int) -> Floats:
    """Initial poses that are off by up to `mm` and `deg` on each axis."""
    rng = np.random.default_rng(seed)
    bound = np.repeat([mm * MM, deg * DEG], 3)
    return perturb(stage.Ts, rng.uniform(-1, 1, (len(stage.Ts), 6)) * bound)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["boxes", "rounds"])
def test_a_pose_that_is_off_by_3_mm_and_3_degrees_is_found(name, seed, request):
    stage = request.getfixturevalue(name)
    refined = stage.refine(off(stage, 3.0, 3.0, seed))
    assert refined.status == ("ok",) * len(stage.Ts)
    assert refined.converged.all()
    assert np.abs(stage.error(refined.Ts_base_cell)[:, :3]).max() < 0.06
    assert np.abs(stage.error(refined.Ts_base_cell)[:, 3:]).max() < 0.08
    assert (refined.edge_share > 0.9).all()
    assert (refined.points_used > 500).all()
    assert (refined.rms_point_m < 1.5e-4).all()
    assert (refined.rms_edge_px < 0.3).all()


def test_a_second_call_gives_the_same_bits(boxes):
    Ts = off(boxes, 2.0, 2.0, 0)
    first, second = boxes.refine(Ts), boxes.refine(Ts)
    for one, other in ((first, second), (first.sightings, second.sightings)):
        for field in dataclasses.fields(one):
            a, b = getattr(one, field.name), getattr(other, field.name)
            if field.name != "sightings":
                assert np.array_equal(a, b, equal_nan=not isinstance(a, tuple)), field.name


def test_moving_the_whole_station_moves_the_result(boxes):
    Ts = off(boxes, 2.0, 2.0, 1)
    T_new_base = perturb(np.eye(4), [0.4, -0.7, 0.3, 0.5, -0.8, 1.1])
    captures = [
        dataclasses.replace(
            c,
            calibration=dataclasses.replace(
                c.calibration, T_mount_camera=T_new_base @ c.calibration.T_mount_camera
            ),
        )
        for c in boxes.captures
    ]
    here = boxes.refine(Ts)
    there = boxes.refine(
        T_new_base @ Ts, captures=captures, points=transform(T_new_base, boxes.points)
    )
    moved = difference(T_new_base @ here.Ts_base_cell, there.Ts_base_cell) / UNITS
    assert np.abs(moved).max() < 0.01
    np.testing.assert_allclose(there.covariance, here.covariance, rtol=0.05, atol=1e-10)


def test_order_of_cells_and_points_does_not_matter(boxes):
    Ts = off(boxes, 2.0, 2.0, 2)
    order = np.random.default_rng(0).permutation(len(boxes.points))
    here = boxes.refine(Ts)
    there = boxes.refine(
        Ts[::-1],
        points=boxes.points[order],
        points_sigma=boxes.sigma[order],
        points_camera=boxes.camera[order],
    )
    # points are summed in single precision
    np.testing.assert_allclose(there.Ts_base_cell[::-1], here.Ts_base_cell, atol=1e-8)
    np.testing.assert_allclose(there.covariance[::-1], here.covariance, rtol=1e-6, atol=1e-15)


def test_a_batch_of_one_is_a_row_of_the_batch(boxes):
    Ts = off(boxes, 2.0, 2.0, 3)
    together = boxes.refine(Ts)
    for i in range(len(Ts)):
        alone = boxes.refine(Ts[i : i + 1])
        apart = difference(alone.Ts_base_cell[0], together.Ts_base_cell[i]) / UNITS
        assert np.abs(apart).max() < 0.01


def test_zero_cells_give_zero_rows(boxes):
    refined = boxes.refine(np.zeros((0, 4, 4)))
    assert refined.Ts_base_cell.shape == (0, 4, 4)
    assert refined.covariance.shape == (0, 6, 6)
    assert refined.status == refined.reason == ()


def test_images_alone_suffice(boxes):
    none = {"points": np.zeros((0, 3)), "points_sigma": [], "points_camera": []}
    refined = boxes.refine(off(boxes, 1.0, 1.0, 4), **none)
    assert refined.status == ("ok", "ok")
    assert np.abs(boxes.error(refined.Ts_base_cell)).max() < 0.25
    assert np.isnan(refined.rms_point_m).all()
    with_points = boxes.refine(off(boxes, 1.0, 1.0, 4))
    more = np.linalg.eigvalsh(refined.covariance - with_points.covariance)
    assert (more > -1e-9).all()


def test_points_alone_settle_height_and_tilt_and_leave_the_rest(boxes):
    start = off(boxes, 1.0, 1.0, 5)
    refined = boxes.refine(start, captures=boxes.blank())
    assert np.abs(boxes.error(refined.Ts_base_cell)[:, 2:5]).max() < 0.08
    top = translation([0.0, 0.0, boxes.cell.height_m / 2])
    before, after = (difference(boxes.Ts @ top, Ts @ top) for Ts in (start, refined.Ts_base_cell))
    np.testing.assert_allclose(after[:, [0, 1]], before[:, [0, 1]], atol=6e-5)
    np.testing.assert_allclose(after[:, 5], before[:, 5], atol=2e-3)
    sigma = np.sqrt(np.diagonal(refined.covariance, 0, 1, 2))
    assert (sigma[:, 2] < 1e-4).all()
    assert (sigma[:, :2] > 4e-3).all()
    assert (refined.edges_used == 0).all()
    assert np.isnan(refined.rms_edge_px).all()


def test_nothing_seen_leaves_the_initial_pose_and_says_so(boxes):
    start = off(boxes, 1.0, 1.0, 6)
    none = {"points": np.zeros((0, 3)), "points_sigma": [], "points_camera": []}
    for captures in (boxes.blank(), []):
        refined = boxes.refine(start, captures=captures, **none)
        assert refined.status == ("unseen", "unseen")
        assert "no 3D point and no image edge" in refined.reason[0]
        np.testing.assert_array_equal(refined.Ts_base_cell, start)
        np.testing.assert_allclose(
            np.sqrt(np.diagonal(refined.covariance, 0, 1, 2))[:, 2:] / UNITS[2:], 5.0, rtol=1e-3
        )


def test_cells_behind_beside_and_at_a_camera_stay_where_they_were_put(boxes):
    at = np.array(
        [[0, 0, -0.3], [2.0, 0, 0], [0, 0, 0], [0.5, 0.1, 1e-4], [3.0, 0, 0.01], [0.1, 0, 0.05]]
    )
    p = transform(boxes.captures[0].T_base_camera, at)
    Ts = translation(p)
    none = {"points": np.zeros((0, 3)), "points_sigma": np.zeros(0)}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        refined = boxes.refine(Ts, **none, points_camera=np.zeros(0, np.int64))
    np.testing.assert_allclose(refined.Ts_base_cell, Ts, atol=1e-6)
    assert set(refined.status) == {"unseen"}


def test_a_pose_that_leaves_its_reach_is_refused(boxes):
    start = perturb(boxes.Ts, [0, 0, 3e-3, 0, 0, 0])
    refined = boxes.refine(start, options=RefineOptions(reach_m=5e-4))
    assert refined.status == ("diverged", "diverged")
    assert "left the initial pose by" in refined.reason[0]
    np.testing.assert_array_equal(refined.Ts_base_cell, start)
    assert not refined.converged.any()


def test_points_that_are_not_finite_are_dropped(boxes):
    Ts = off(boxes, 2.0, 2.0, 7)
    rng = np.random.default_rng(0)
    bad = np.full((300, 3), np.nan)
    bad[100:200] = [0.0, np.inf, 0.0]
    bad[200:] = boxes.points[:100]
    sigma = np.r_[np.full(200, 1e-4), np.full(50, np.nan), np.zeros(50)]
    at = np.sort(rng.integers(0, len(boxes.points), 300))
    clean = boxes.refine(Ts)
    dirty = boxes.refine(
        Ts,
        points=np.insert(boxes.points, at, bad, axis=0),
        points_sigma=np.insert(boxes.sigma, at, sigma),
        points_camera=np.insert(boxes.camera, at, 0),
    )
    np.testing.assert_array_equal(dirty.Ts_base_cell, clean.Ts_base_cell)


def test_half_the_points_may_be_outliers(boxes):
    Ts = off(boxes, 2.0, 2.0, 8)
    rng = np.random.default_rng(0)
    count = len(boxes.points)
    stray = rng.uniform(-0.06, 0.06, (count, 3)) + np.array([0, 0, 0.02])
    refined = boxes.refine(
        Ts,
        points=np.concatenate([boxes.points, stray]),
        points_sigma=np.tile(boxes.sigma, 2),
        points_camera=np.tile(boxes.camera, 2),
    )
    assert np.abs(boxes.error(refined.Ts_base_cell)).max() < 0.1


def test_a_camera_that_sees_clutter_does_less_harm_than_a_calibration_error_may(boxes):
    captures = list(boxes.captures)
    rng = np.random.default_rng(0)
    clutter = rng.integers(0, 256, captures[1].image.shape, dtype=np.uint8)
    captures[1] = dataclasses.replace(captures[1], image=clutter)
    refined = boxes.refine(off(boxes, 1.0, 1.0, 9), captures=captures)
    assert np.linalg.norm(boxes.error(refined.Ts_base_cell)[:, :3], axis=1).max() < 0.25
    assert np.abs(boxes.error(refined.Ts_base_cell)[:, 3:]).max() < 0.1


@pytest.mark.parametrize("name", ["boxes", "rounds"])
def test_a_camera_that_is_off_by_its_bound_still_reads_the_right_edges(name, request):
    stage = request.getfixturevalue(name)
    captures = list(stage.captures)
    off_mm = [0.6, -0.4, 0.0, 0.0, 0.0, 0.0]
    belief = captures[1].calibration
    captures[1] = dataclasses.replace(
        captures[1],
        calibration=dataclasses.replace(
            belief, T_mount_camera=perturb(belief.T_mount_camera, np.array(off_mm) * UNITS)
        ),
    )
    refined = stage.refine(off(stage, 1.5, 1.5, 10), captures=captures)
    assert (refined.edge_share > 0.9).all()
    # a quarter of the error, since no camera is known to be the wrong one
    assert np.linalg.norm(stage.error(refined.Ts_base_cell)[:, :3], axis=1).max() < 0.25
    assert np.abs(stage.error(refined.Ts_base_cell)[:, 3:]).max() < 0.1


def test_an_unknown_camera_is_refused(boxes):
    with pytest.raises(ShapeError, match="points_camera must be rows of captures"):
        boxes.refine(boxes.Ts, points_camera=boxes.camera + 4)
    with pytest.raises(ShapeError, match="Ts_base_cell must have shape"):
        boxes.refine(np.eye(4))


def test_a_round_cells_yaw_stays_and_is_said_to_be_unknown(rounds):
    start = perturb(rounds.Ts, [5e-4, -5e-4, 3e-4, 0.01, -0.01, 1.0])
    refined = rounds.refine(start)
    assert refined.covariance[0, 5, 5] == pytest.approx((np.pi / 2) ** 2, rel=1e-9)
    kept = difference(rounds.Ts, refined.Ts_base_cell)[0, 5]
    assert kept == pytest.approx(1.0, abs=2e-3)
    assert np.abs(rounds.error(refined.Ts_base_cell)).max() < 0.08


@pytest.mark.parametrize("name", ["boxes", "rounds"])
def test_the_covariance_is_honest_about_calibration_and_noise(name, request):
    stage = request.getfixturevalue(name)
    rng = np.random.default_rng(11)
    sigma = np.repeat([TRANSLATION_SIGMA, ROTATION_SIGMA], 3)
    trials, squares = 50, []
    for _ in range(trials):
        errors = rng.normal(size=(len(stage.captures), 6)) * sigma
        believed = [
            perturb(c.T_base_camera, e) for c, e in zip(stage.captures, errors, strict=True)
        ]
        captures = [
            dataclasses.replace(c, calibration=dataclasses.replace(c.calibration, T_mount_camera=T))
            for c, T in zip(stage.captures, believed, strict=True)
        ]
        shift = np.array(
            [T @ invert(c.T_base_camera) for c, T in zip(stage.captures, believed, strict=True)]
        )[stage.camera]
        points = (shift[:, :3, :3] @ stage.points[..., None])[..., 0] + shift[:, :3, 3]
        refined = stage.refine(off(stage, 1.0, 1.0, 3)[:1], captures=captures, points=points)
        d = difference(stage.Ts[:1], refined.Ts_base_cell)[:, :3]
        squares.append(
            np.einsum("ni,nij,nj->n", d, np.linalg.inv(refined.covariance[:, :3, :3]), d)
        )
    # chi-square with 3 degrees of freedom each: mean 3, variance 6
    assert np.mean(squares) == pytest.approx(3.0, abs=1.96 * np.sqrt(6 / trials))
