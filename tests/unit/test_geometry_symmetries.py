"""Rotation groups: closed, without twins, of the size that group theory gives."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.geometry.symmetries import rotation_group

X, Y, Z = np.eye(3)


@pytest.mark.parametrize(
    ("axes", "folds", "size"),
    [
        ([], [], 1),
        ([Z], [1], 1),
        ([Z], [4], 4),
        ([Z], [0], 36),
        ([Z, X], [2, 2], 4),
        ([Z, X], [4, 4], 24),
        ([Z, X], [0, 2], 72),
    ],
)
def test_group_has_its_size_and_is_closed(axes, folds, size):
    group = rotation_group(np.array(axes).reshape(-1, 3), folds, 36)
    assert len(group) == size
    assert np.array_equal(group[0], np.eye(3))
    products = (group[:, None] @ group[None]).reshape(-1, 1, 3, 3)
    twins = (np.abs(products - group).max(axis=(2, 3)) < 1e-6).sum(axis=1)
    assert (twins == 1).all()


def test_axes_that_generate_no_small_group_are_refused():
    odd = np.array([np.sin(0.3), 0.0, np.cos(0.3)])
    with pytest.raises(InputError, match="small group of rotations"):
        rotation_group(np.array([Z, odd]), [5, 7], 36)
