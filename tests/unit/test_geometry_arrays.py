"""The one check of array arguments names the argument, what came and what is accepted."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.errors import InputError, ShapeError
from cellpick.geometry import checked, frozen


@pytest.mark.parametrize(
    ("value", "shape", "batch", "message"),
    [
        (np.zeros(4), (3,), False, "p must have shape (3); got (4,)"),
        (np.zeros((2, 3)), (3,), False, "p must have shape (3); got (2, 3)"),
        (np.zeros((3, 2)), (None, 3), True, "p must have shape (..., n, 3); got (3, 2)"),
        (0.0, (None,), True, "p must have shape (..., n); got ()"),
        ([1.0, np.nan, 0.0], (3,), False, "p must be finite; got 'NaN or infinite values'"),
        ([1.0, np.inf, 0.0], (3,), False, "p must be finite; got 'NaN or infinite values'"),
    ],
)
def test_a_wrong_array_is_refused_by_name(value, shape, batch, message):
    with pytest.raises(ShapeError) as caught:
        checked("p", value, shape, batch=batch)
    assert str(caught.value) == message
    assert isinstance(caught.value, (InputError, ValueError))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("value", ["text", [[1], [1, 2]], [{}]])
def test_what_is_no_array_is_refused_by_name(value):
    with pytest.raises(ShapeError, match=r"^p must be an array of float64: "):
        checked("p", value, (None,))


def test_right_arrays_pass():
    assert checked("p", [1, 2, 3], (3,)).dtype == np.float64
    assert checked("p", np.zeros((0, 3)), (None, 3)).shape == (0, 3)
    assert checked("p", np.zeros((5, 0, 3)), (None, 3), batch=True).shape == (5, 0, 3)
    assert np.isnan(checked("p", [np.nan], (1,), finite=False)).all()


def test_a_frozen_array_is_a_read_only_copy():
    source = np.zeros(3)
    kept = frozen("p", source, (3,))
    source[0] = 1.0
    assert kept[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2.0


def test_a_frozen_array_is_kept_as_it_is_and_a_read_only_view_is_not():
    source = np.zeros(3)
    kept = frozen("p", source, (3,))
    assert frozen("p", kept, (3,)) is kept
    view = source[:]
    view.flags.writeable = False
    copied = frozen("p", view, (3,))
    source[0] = 1.0
    assert copied[0] == 0.0
    assert frozen("p", kept, (3,), dtype=np.float32) is not kept
