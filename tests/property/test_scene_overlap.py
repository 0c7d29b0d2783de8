import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from cellpick.geometry import exp_rotation, pose
from cellpick.scene.overlap import Bodies, bodies_of, pairs, separations
from cellpick.structures import Solid

seeds = st.integers(0, 2**32 - 1)


def random_bodies(rng: np.random.Generator, n: int, round_: bool) -> Bodies:
    R = exp_rotation(rng.normal(0, 1.5, (n, 3)))
    half = rng.uniform(0.02, 0.3, (n, 3))
    if round_:
        half[:, 1] = half[:, 0]
    return Bodies(pose(R, rng.uniform(-0.3, 0.3, (n, 3))), half, np.full(n, round_))


def half_spaces(bodies: Bodies, i: int) -> tuple[np.ndarray, np.ndarray]:
    R, p = bodies.Ts[i, :3, :3], bodies.Ts[i, :3, 3]
    A = np.concatenate([R.T, -R.T])
    return A, np.concatenate([bodies.half_m[i]] * 2) + A @ p


def boxes_meet(a: Bodies, b: Bodies, i: int) -> bool:
    """Whether the two boxes share a point, by linear programming: the other implementation."""
    (Aa, ba), (Ab, bb) = half_spaces(a, i), half_spaces(b, i)
    A, limit = np.concatenate([Aa, Ab]), np.concatenate([ba, bb])
    # the largest slack t with A x + t <= limit; below 0 no point is in both
    found = linprog(
        [0, 0, 0, -1], np.column_stack([A, np.ones(12)]), limit, bounds=[(None, None)] * 4
    )
    return bool(found.x[3] > 0)


@given(seeds)
def test_boxes_agree_with_linear_programming(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_bodies(rng, 12, False), random_bodies(rng, 12, False)
    gaps = separations(a, b)
    for i in range(12):
        if abs(gaps[i]) > 1e-9:
            assert (gaps[i] < 0) == boxes_meet(a, b, i)


@given(seeds)
def test_a_cylinder_is_never_called_apart_from_what_it_touches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_bodies(rng, 8, True), random_bodies(rng, 8, bool(rng.integers(2)))
    # points inside each a, seen from b
    angle, r = rng.uniform(0, 2 * np.pi, (8, 400)), np.sqrt(rng.uniform(0, 1, (8, 400)))
    local = np.stack([r * np.cos(angle), r * np.sin(angle), rng.uniform(-1, 1, (8, 400))], -1)
    p = (local * a.half_m[:, None]) @ np.swapaxes(a.Ts[:, :3, :3], 1, 2) + a.Ts[:, None, :3, 3]
    q = (p - b.Ts[:, None, :3, 3]) @ b.Ts[:, :3, :3] / b.half_m[:, None]
    sideways = np.where(
        b.round_[:, None], np.hypot(q[..., 0], q[..., 1]), np.abs(q[..., :2]).max(-1)
    )
    inside = ((sideways < 1) & (np.abs(q[..., 2]) < 1)).any(axis=1)
    assert (separations(a, b)[inside] < 0).all()


@given(seeds)
def test_the_gap_is_symmetric_and_moves_with_the_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (
        random_bodies(rng, 6, bool(rng.integers(2))),
        random_bodies(rng, 6, bool(rng.integers(2))),
    )
    gaps = separations(a, b)
    np.testing.assert_allclose(separations(b, a), gaps, atol=1e-12)
    T = pose(exp_rotation(rng.normal(0, 1, 3)), rng.normal(0, 1, 3))
    moved = [Bodies(T @ x.Ts, x.half_m, x.round_) for x in (a, b)]
    np.testing.assert_allclose(separations(*moved), gaps, atol=1e-9)


def test_upright_bodies_side_by_side_have_the_gap_of_the_drawing() -> None:
    box = Solid("a", "box", np.array([0.2, 0.1, 0.3]))
    far = np.eye(4)
    far[:3, 3] = [0.25, 0.02, 0.05]
    for shape, gap in (("box", 0.05), ("cylinder", 0.05)):
        other = Solid("b", shape, np.array([0.2, 0.2, 0.1]), far)  # type: ignore[arg-type]
        found = separations(bodies_of((box,)), bodies_of((other,)))[0]
        np.testing.assert_allclose(found, gap, atol=1e-12)


def test_round_cells_standing_on_a_diagonal_are_apart_by_the_air_between_them() -> None:
    p = np.array([[0, 0, 0], [0.027, 0.027, 0.001]])
    cells = Bodies(pose(np.eye(3), p), np.full((2, 3), 0.0105), np.ones(2, dtype=bool))
    i, j = pairs(2)
    gap = separations(cells.take(i), cells.take(j))[0]
    np.testing.assert_allclose(gap, 0.027 * np.sqrt(2) - 0.021, atol=1e-12)


def test_no_bodies_have_no_gaps() -> None:
    none = bodies_of(())
    assert separations(none, none).shape == (0,)
    assert pairs(0)[0].shape == pairs(1)[0].shape == (0,)
