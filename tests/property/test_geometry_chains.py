"""Forward kinematics against products of matrices, its Jacobian against finite differences."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cellpick.geometry import difference, exp_rotation, jacobian, link_poses, pose

RNG = np.random.default_rng(11)
N = 6
ORIGINS = pose(exp_rotation(RNG.normal(size=(N, 3))), RNG.normal(size=(N, 3)) * 0.4)
AXES = RNG.normal(size=(N, 3))
AXES = AXES / np.linalg.norm(AXES, axis=-1, keepdims=True)
T_LINK_TOOL = pose(exp_rotation([0.1, 0.2, 0.3]), [0.0, 0.1, 0.2])

angles = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).uniform(-np.pi, np.pi, N)
)


@given(angles)
def test_links_are_the_product_of_origins_and_turns(q):
    expected = np.eye(4)
    for origin, axis, angle, link in zip(
        ORIGINS, AXES, q, link_poses(ORIGINS, AXES, q), strict=True
    ):
        expected = expected @ origin @ pose(exp_rotation(angle * axis), np.zeros(3))
        np.testing.assert_allclose(link, expected, atol=1e-12, rtol=0)


def test_batches_of_joint_angles_broadcast():
    q = RNG.uniform(-3, 3, (2, 5, N))
    together = link_poses(ORIGINS, AXES, q)
    assert together.shape == (2, 5, N, 4, 4)
    np.testing.assert_allclose(together[1, 3], link_poses(ORIGINS, AXES, q[1, 3]), atol=1e-15)
    assert link_poses(ORIGINS, AXES, np.zeros((0, N))).shape == (0, N, 4, 4)


@given(angles)
def test_the_jacobian_is_the_derivative(q):
    h = 1e-6
    J = jacobian(ORIGINS, AXES, q, T_LINK_TOOL)

    def tool(angles_):
        return link_poses(ORIGINS, AXES, angles_)[..., -1, :, :] @ T_LINK_TOOL

    T = tool(q)
    both = [difference(T, tool(q + sign * h * np.eye(N))) for sign in (1, -1)]
    in_tool_frame = (both[0] - both[1]) / (2 * h)
    R = T[:3, :3]
    numeric = np.concatenate([in_tool_frame[:, :3] @ R.T, in_tool_frame[:, 3:] @ R.T], axis=-1).T
    np.testing.assert_allclose(J, numeric, atol=1e-7, rtol=0)
