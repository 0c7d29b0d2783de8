"""Where along its axis a cell lies, from profiles drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.perception.heap.slide import AGAINST, STEP_M, Profiles, gains, slide

HEIGHT_M, LINES = 0.02, 9.0
STEPS = round(HEIGHT_M / STEP_M)
T = np.arange(-80, 81) * STEP_M


def profiles(on, behind=None, blank=None):
    none = np.zeros((1, len(T)), np.float32)
    rows = [none if a is None else np.asarray(a, np.float32)[None] for a in (on, behind, blank)]
    return Profiles(T, *rows, none)


def box(middle_m):
    return LINES * (np.abs(T - middle_m) < HEIGHT_M / 2)


@pytest.mark.parametrize("middle_m", [-0.01525, 0.00025, 0.01225])
def test_a_cell_lies_where_its_side_is_seen_and_nothing_beyond(middle_m):
    seen = box(middle_m)
    found = slide(profiles(seen, behind=LINES * (seen == 0)), HEIGHT_M)
    assert found.middle[0] == pytest.approx(middle_m, abs=1e-9)
    assert found.gain[0] == pytest.approx(LINES * STEPS)
    assert found.doubt_m[0] < 1e-4


def test_readings_on_and_behind_count_within_the_cells_length_and_missing_ones_do_not():
    rng = np.random.default_rng(0)
    on, behind, blank = rng.integers(0, 5, (3, len(T))).astype(float)
    middle, gain = gains(profiles(on, behind, blank), HEIGHT_M)
    for k in (0, 17, len(middle) - 1):
        inside = np.abs(T - middle[k]) < HEIGHT_M / 2
        assert inside.sum() == STEPS
        expected = (on - AGAINST * behind)[inside].sum()
        assert gain[0, k] == pytest.approx(expected, abs=1e-4)


def test_two_places_alike_are_told_as_a_doubt_until_one_is_taken():
    both = profiles(box(-0.02025) + box(0.02025))
    middle, _ = gains(both, HEIGHT_M)
    found = slide(both, HEIGHT_M)
    assert found.middle[0] == pytest.approx(0.0, abs=1e-6)
    assert found.doubt_m[0] == pytest.approx(0.02025, rel=1e-2)
    right = slide(both, HEIGHT_M, (middle > 0)[None])
    assert right.middle[0] == pytest.approx(0.02025, abs=1e-4)
    nowhere = slide(both, HEIGHT_M, np.zeros((1, len(middle)), bool))
    assert nowhere.middle[0] == pytest.approx(found.middle[0])
