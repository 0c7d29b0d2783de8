"""Labels: along the longer side of a face, on its lower half, never outside the picture's array."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from cellpick.report.lettering import label_place, write_along, write_corner


def strip(angle: float, length: float = 200.0, width: float = 40.0) -> np.ndarray:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2 * [length, width]
    dense = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(corners)])
    c, s = np.cos(angle), np.sin(angle)
    return dense @ np.array([[c, s], [-s, c]]) + [320.0, 240.0]


@pytest.mark.parametrize("degrees", [-80, -30, 0, 45, 89, 120, 200])
def test_label_runs_along_the_longer_side_and_never_upside_down(degrees):
    at, angle = label_place(strip(np.radians(degrees)))
    assert np.sin(angle - np.radians(degrees)) == pytest.approx(0, abs=1e-6)
    assert -np.pi / 2 <= angle <= np.pi / 2
    offset = at - [320, 240]
    assert np.linalg.norm(offset) == pytest.approx(0.62 * 20, rel=1e-6)
    assert offset[1] >= 0


def test_label_of_a_round_or_square_face_is_level():
    turn = np.linspace(0, 2 * np.pi, 100)
    circle = 30 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    for outline in (circle, strip(0.5, 60, 50)):
        assert label_place(outline)[1] == 0.0


@pytest.mark.parametrize("angle", [0.0, 0.6, -1.2])
def test_text_is_written_where_it_is_told_to_be(angle):
    image = np.full((200, 300, 3), 128, dtype=np.uint8)
    write_along(image, "+x 1.00", np.array([150.0, 100.0]), angle, (0, 255, 0), 0.5)
    v, u = np.nonzero((image != 128).any(axis=2))
    assert np.allclose([u.mean(), v.mean()], [150, 100], atol=1.0)
    spread = np.linalg.eigh(np.cov(np.stack([u, v])))[1][:, 1]
    assert abs(spread @ [np.cos(angle), np.sin(angle)]) > 0.999
    assert (image[..., 1] > 200).any()


@pytest.mark.parametrize("at", [(0.0, 0.0), (299.0, 199.0), (-500.0, 90.0), (1e4, -1e4)])
def test_text_at_or_beyond_the_border_is_cut_off(at):
    image = np.full((200, 300, 3), 128, dtype=np.uint8)
    write_along(image, "a long label", np.array(at), 0.3, (255, 0, 0), 0.6)
    assert image.shape == (200, 300, 3)
    tiny = np.zeros((5, 7, 3), dtype=np.uint8)
    write_corner(tiny, "a long label", (255, 255, 255), 0.6)
    assert (tiny > 0).any()
