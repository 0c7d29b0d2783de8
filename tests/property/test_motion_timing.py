"""Timing laws over thousands of random paths: limits hold, ends rest, closed forms are met."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cellpick.errors import LimitError
from cellpick.geometry import Floats
from cellpick.motion.moves import Timing
from cellpick.motion.paths import JointPath, joint_line, rounded, through
from cellpick.motion.timing import fastest, on_grid
from cellpick.scene import load_arm
from cellpick.scene.library import data_folder
from cellpick.structures import ArmModel, JointTrajectory

PERIOD = 1 / 240


@pytest.fixture(scope="module", params=("industrial_10kg", "collaborative_12kg"))
def arm(request: pytest.FixtureRequest) -> ArmModel:
    return load_arm(data_folder("models") / "arms" / f"{request.param}.yaml").arm


def random_path(arm: ArmModel, rng: np.random.Generator) -> JointPath:
    """Long and short lines, rounded polylines and splines through samples."""
    size = 10 ** rng.uniform(-5, 0)
    corners = rng.uniform(arm.lower_rad, arm.upper_rad, (rng.integers(2, 6), 6)) * size
    kind = rng.integers(3)
    if kind == 0 or len(corners) == 2:
        return joint_line(corners[0], corners[-1])
    if kind == 1:
        return rounded(corners, arm.velocity_rad_s, int(rng.integers(1, 9)) * (len(corners) - 1))
    s = np.linspace(0, 1, 20)[:, None]
    return through(corners[0] + s * (corners[-1] - corners[0]) + 0.1 * size * np.sin(3 * s))


def differences(move: JointTrajectory) -> tuple[Floats, Floats, Floats]:
    step = np.diff(move.times_s)[:, None]
    return tuple(np.abs(np.diff(rows, axis=0) / step) for rows in (move.q, move.dq, move.ddq))  # type: ignore[return-value]


def test_no_limit_is_ever_exceeded(arm: ArmModel) -> None:
    rng = np.random.default_rng(11)
    timing = Timing(arm, PERIOD)
    for _ in range(1000):
        path = random_path(arm, rng)
        move = timing.trajectory("any", path)
        assert (np.abs(move.dq) <= arm.velocity_rad_s).all()
        assert (np.abs(move.ddq) <= arm.acceleration_rad_s2).all()
        speed, acceleration, jerk = differences(move)
        assert (speed <= arm.velocity_rad_s).all()
        assert (acceleration <= arm.acceleration_rad_s2).all()
        assert (jerk <= arm.jerk_rad_s3 * (1 + 1e-9)).all()


def test_dense_samples_of_the_exact_motion_keep_the_limits(arm: ArmModel) -> None:
    rng = np.random.default_rng(12)
    for _ in range(100):
        timed = fastest(random_path(arm, rng), arm)
        _, dq, ddq, dddq = timed.at(np.linspace(0, timed.duration_s, 20_001))
        assert (np.abs(dq) / arm.velocity_rad_s).max() <= 1
        assert (np.abs(ddq) / arm.acceleration_rad_s2).max() <= 1
        assert (np.abs(dddq) / arm.jerk_rad_s3).max() <= 1


def test_some_limit_is_used_up(arm: ArmModel) -> None:
    """Time-optimal along a straight line: at each instant a limit binds at its 99 %."""
    rng = np.random.default_rng(13)
    for _ in range(100):
        q = rng.uniform(arm.lower_rad, arm.upper_rad, (2, 6))
        timed = fastest(joint_line(*q), arm)
        t = np.linspace(0, timed.duration_s, 501)[1:-1]
        _, dq, ddq, dddq = timed.at(t)
        use = np.maximum(np.abs(dq) / arm.velocity_rad_s, np.abs(ddq) / arm.acceleration_rad_s2)
        use = np.maximum(use, np.abs(dddq) / arm.jerk_rad_s3).max(axis=1)
        assert np.median(use) > 0.95


def test_derivatives_agree_with_finite_differences(arm: ArmModel) -> None:
    rng = np.random.default_rng(14)
    h = 1e-5
    for _ in range(50):
        timed = fastest(random_path(arm, rng), arm)
        t = rng.uniform(2 * h, timed.duration_s - 2 * h, 40)
        rows = timed.at(t)
        before, after = timed.at(t - h), timed.at(t + h)
        for order in (0, 1):
            numeric = (after[order] - before[order]) / (2 * h)
            scale = np.abs(rows[order + 1]).max() + 1e-9
            # jerk jumps at phase borders, where the difference of accelerations is off by h * jump
            slack = h * arm.jerk_rad_s3.max() if order else 0.0
            np.testing.assert_allclose(numeric, rows[order + 1], atol=2e-4 * scale + slack)


def test_motions_start_and_end_at_rest_on_a_whole_sample(arm: ArmModel) -> None:
    rng = np.random.default_rng(15)
    for _ in range(100):
        path = random_path(arm, rng)
        timed = on_grid(fastest(path, arm), PERIOD)
        periods = timed.duration_s / PERIOD
        assert abs(periods - round(periods)) < 1e-6
        q, dq, ddq, _ = timed.at(np.array([0.0, timed.duration_s]))
        np.testing.assert_allclose(q, np.stack(path.ends), atol=1e-9)
        np.testing.assert_allclose(dq, 0, atol=1e-6)
        np.testing.assert_allclose(ddq, 0, atol=1e-5)


@pytest.mark.parametrize("turn_rad", [1e-4, 1e-2, 0.3, 3.0])
def test_one_joint_takes_the_textbook_time(arm: ArmModel, turn_rad: float) -> None:
    """Seven phases from rest to rest: Biagiotti and Melchiorri (2008), "Trajectory planning for
    automatic machines and robots", section 3.4."""
    v, a, j = arm.velocity_rad_s[0], arm.acceleration_rad_s2[0], arm.jerk_rad_s3[0]
    ramp = min(np.sqrt(v / j), a / j)
    if ramp < a / j:
        least = 2 * ramp * v
        total = 4 * ramp + turn_rad / v - 2 * ramp
    else:
        rise = v / a + a / j
        least = rise * v
        total = rise + turn_rad / v
    if turn_rad < least:
        cubic = 2 * (turn_rad / (2 * j)) ** (1 / 3)
        if cubic / 2 <= a / j:
            total = 2 * cubic
        else:
            total = a / j + np.sqrt((a / j) ** 2 + 4 * turn_rad / a)
    timed = fastest(joint_line(np.zeros(6), np.eye(6)[0] * turn_rad), arm)
    assert total <= timed.duration_s <= total * 1.011


def test_a_bound_on_the_rate_is_kept(arm: ArmModel) -> None:
    rng = np.random.default_rng(16)
    for _ in range(50):
        path = random_path(arm, rng)
        free = fastest(path, arm)
        bound = 0.5 / free.duration_s
        timed = fastest(path, arm, bound)
        s = np.linspace(0, timed.profile.duration_s, 2001)
        assert timed.profile.at(s)[1].max() / timed.stretch <= bound * (1 + 1e-9)
        assert timed.duration_s > free.duration_s


def test_a_path_of_no_length_rests_for_one_period(arm: ArmModel) -> None:
    q = np.full(6, 0.1)
    with pytest.raises(LimitError, match="no length"):
        fastest(joint_line(q, q), arm)
    move = Timing(arm, PERIOD).trajectory("still", joint_line(q, q))
    np.testing.assert_array_equal(move.q, [q, q])
    np.testing.assert_array_equal(move.dq, 0)


def test_a_rounded_polyline_keeps_its_ends_and_nears_its_corners() -> None:
    rng = np.random.default_rng(17)
    corners, speeds = rng.normal(size=(4, 6)), np.ones(6)
    s = np.linspace(0, 1, 2001)
    gaps = []
    for pieces in (6, 12, 24, 48):
        q = rounded(corners, speeds, pieces).at(s)
        np.testing.assert_allclose(q[[0, -1]], corners[[0, -1]], atol=1e-12)
        assert (q >= corners.min(axis=0) - 1e-12).all()
        assert (q <= corners.max(axis=0) + 1e-12).all()
        gaps.append(max(np.abs(q - corner).max(axis=1).min() for corner in corners[1:-1]))
    assert all(b < a for a, b in itertools.pairwise(gaps))


def test_a_rounded_straight_line_runs_evenly() -> None:
    corners = np.linspace(0, 1, 3)[:, None] * np.arange(1, 7)
    slope = rounded(corners, np.ones(6), 8).at(np.linspace(0, 1, 50), 1)
    np.testing.assert_allclose(slope, np.tile(np.arange(1, 7), (50, 1)), rtol=1e-9)
