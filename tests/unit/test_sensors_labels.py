"""Labels: which cell a pixel sees, and silhouettes beyond images and what stands before them."""

from __future__ import annotations

import numpy as np
import pytest
from sensors_stage import CELL, board, camera, state_of

from cellpick.errors import InputError
from cellpick.geometry import from_xyz_rpy, translation
from cellpick.sensors import label_look, true_camera_pose


def lying(x=0.0, y=0.0, z=0.05, yaw=0.0):
    return from_xyz_rpy([x, y, z], [0, 0, yaw])


def only(state):
    (labels,) = label_look(state)
    return labels


def test_a_cell_square_below_the_camera_has_the_size_of_its_top():
    eye = camera(height_m=0.6, focal_px=400.0, size=(160, 120))
    labels = only(state_of([eye], Ts_cell=[lying(z=0.6 - 0.5 - CELL.height_m / 2)]))
    # the terminals stand 1 mm above the case, whose edges are rounded: half a pixel's play
    w, h = CELL.size_m[:2] / 0.5 * 400
    v, u = np.nonzero(labels.cells == 0)
    assert np.ptp(u) + 1 == pytest.approx(w, abs=1.5)
    assert np.ptp(v) + 1 == pytest.approx(h, abs=1.5)
    (silhouette,) = labels.silhouettes
    assert (silhouette.inside(labels.cells.shape) == (labels.cells == 0)).all()


def test_what_stands_before_a_cell_hides_it_from_the_labels_alone():
    eye, cell = camera(), lying()
    hidden = board(size_m=(0.08, 3.0, 0.001), T=translation([0.04, 0, 0.2]))
    free = only(state_of([eye], Ts_cell=[cell]))
    covered = only(state_of([eye], fixtures=(board(), hidden), Ts_cell=[cell]))
    assert (covered.silhouettes[0].mask == free.silhouettes[0].mask).all()
    left, seen = covered.cells == 0, free.cells == 0
    assert 0 < left.sum() < seen.sum()
    assert not (left & ~seen).any()


def test_of_two_cells_the_nearer_one_is_seen():
    labels = only(state_of([camera()], Ts_cell=[lying(), lying(z=0.15, yaw=np.pi / 2)]))
    under, over = (s.inside(labels.cells.shape) for s in labels.silhouettes)
    both = under & over
    assert both.any()
    assert (labels.cells[both] == 1).all()
    assert (labels.cells[under & ~over] == 0).all()


def test_a_silhouette_goes_on_beyond_the_image():
    labels = only(state_of([camera()], Ts_cell=[lying(x=-0.25)]))
    (u, v), (silhouette,) = labels.silhouettes[0].corner, labels.silhouettes
    assert u < 0 <= v
    inside = silhouette.inside(labels.cells.shape)
    assert 0 < inside.sum() < silhouette.mask.sum()
    whole = only(state_of([camera(size=(400, 120))], Ts_cell=[lying(x=-0.25)])).silhouettes[0]
    assert whole.mask.sum() == silhouette.mask.sum()
    assert whole.corner == (u + 120, v)


@pytest.mark.parametrize("place", [{"x": 5.0}, {"y": -5.0}, {"z": 0.9}])
def test_a_cell_far_aside_or_behind_the_camera_has_no_pixels(place):
    labels = only(state_of([camera()], Ts_cell=[lying(**place)]))
    assert not labels.silhouettes[0].mask.any()
    assert not labels.silhouettes[0].inside((120, 160)).any()
    assert (labels.cells == -1).all()


def test_a_cell_through_the_cameras_plane_is_seen_where_it_is_before_it():
    eye = camera(size=(16, 12), height_m=0.6)
    (silhouette,) = only(state_of([eye], Ts_cell=[lying(y=0.0155, z=0.6)])).silhouettes
    assert silhouette.corner == (-16, -12)
    assert silhouette.mask.shape == (36, 48)
    # the world's +y is up in the image, and the cell reaches 45 mm below the camera
    rows = np.flatnonzero(silhouette.mask.any(axis=1)) - 12
    assert rows[0] == -12
    nearest = 5.5 - 200 * (0.0155 - CELL.size_m[1] / 2) / (CELL.height_m / 2)
    assert rows[-1] == pytest.approx(nearest, abs=1.5)


def test_no_cells_have_no_labels():
    labels = only(state_of([camera()]))
    assert labels.silhouettes == ()
    assert (labels.cells == -1).all()


def test_a_lens_that_distorts_is_refused():
    eye = camera(distortion=np.array([0.1, 0, 0, 0, 0]))
    with pytest.raises(InputError, match=r"cam: only a camera without distortion can be labelled"):
        label_look(state_of([camera(name="a"), eye]))


def test_a_cameras_pose_is_that_of_its_mount():
    fixed, riding = camera(), camera(mount="flange")
    state = state_of([fixed, riding], T_world_base=translation([1.0, 2, 3]))
    on_base = translation([1.0, 2, 3]) @ fixed.T_mount_camera
    np.testing.assert_allclose(true_camera_pose(state, fixed), on_base)
    on_flange = state.T_world_flange @ riding.T_mount_camera
    np.testing.assert_allclose(true_camera_pose(state, riding), on_flange)
