"""Records refuse what no station can have, and name the field, what came and what is accepted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cellpick.errors import InputError, ShapeError
from cellpick.structures import ReferenceMark

NAN, INF = float("nan"), float("inf")
TURNED = np.diag([1.0, -1.0, -1.0, 1.0])


def marked(**changes):
    values = {"number": 3, "side_m": 0.02, "T_base_mark": np.eye(4), "sigma_m": 1e-4}
    return ReferenceMark(**values | changes)


@pytest.mark.parametrize(
    ("field", "wrong", "bounds"),
    [
        *(
            (name, wrong, "from 0")
            for name in (
                *("translation_sigma_m", "rotation_sigma_rad", "depth_sigma_m"),
                *("depth_scale_sigma", "depth_warp_m", "depth_correlation_px"),
            )
            for wrong in (NAN, INF, -1e-4, "small", None)
        ),
        *(
            (name, wrong, "above 0")
            for name in ("pixel_sigma_px", "depth_reference_m", "depth_scale")
            for wrong in (NAN, INF, -1.0, 0.0)
        ),
        ("width_px", 0, "from 1"),
        ("height_px", -3, "from 1"),
    ],
)
def test_an_impossible_figure_of_a_camera_is_refused(field, wrong, bounds, small_look):
    belief = small_look.captures[0].calibration
    with pytest.raises(InputError) as caught:
        dataclasses.replace(belief, **{field: wrong})
    words = f"{field} is an impossible figure; "
    assert str(caught.value).startswith(words)
    assert str(caught.value).endswith(f"accepted: {bounds}")


@pytest.mark.parametrize("wrong", [np.zeros((3, 3)), -np.eye(3), np.eye(3) + np.eye(3)[[2, 0, 1]]])
def test_what_is_no_pinhole_matrix_is_refused(wrong, small_look):
    with pytest.raises(ShapeError, match=r"K is not a pinhole matrix; got .*; accepted: positive"):
        dataclasses.replace(small_look.captures[0].calibration, K=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4)),
        2 * np.eye(4),
        np.diag([1.0, 1, -1, 1]),
        np.eye(4) + np.eye(4)[[3, 0, 1, 2]] * 2e-3,
        np.diag([1.0, 1, 1, 0]),
    ],
)
@pytest.mark.parametrize(
    "where", ["T_mount_camera", "T_base_flange", "T_base_region", "T_base_mark"]
)
def test_what_is_no_rigid_pose_is_refused(where, wrong, small_look):
    capture = small_look.captures[0]
    make = {
        "T_mount_camera": lambda T: dataclasses.replace(capture.calibration, T_mount_camera=T),
        "T_base_flange": lambda T: dataclasses.replace(capture, T_base_flange=T),
        "T_base_region": lambda T: dataclasses.replace(small_look.task, T_base_region=T),
        "T_base_mark": lambda T: marked(T_base_mark=T),
    }[where]
    with pytest.raises(ShapeError, match=f"{where} is not a rigid pose; accepted: a rotation"):
        make(wrong)
    far = np.eye(4)
    far[0, 3] = 1e300
    with pytest.raises(ShapeError, match=rf"{where} of shape \(4, 4\) must lie within 1e\+05 m"):
        make(far)
    np.testing.assert_array_equal(getattr(make(TURNED), where), TURNED)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"region_size_m": np.zeros(3)}, r"region_size_m\[0\] is an impossible figure; got 0.0"),
        ({"region_size_m": np.array([1, 1, -1.0])}, r"region_size_m\[2\] is an impossible .* -1.0"),
        ({"polarity_confidence": NAN}, "polarity_confidence is an .*; accepted: from 0 to 1"),
        ({"polarity_confidence": 1.5}, "polarity_confidence is an .*; got 1.5; accepted"),
        ({"arrangement": "standing"}, "arrangement is not known; .*: upright, lying, heap"),
    ],
)
def test_a_task_that_cannot_be_is_refused(change, words, small_look):
    with pytest.raises(InputError, match=words):
        dataclasses.replace(small_look.task, **change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"number": -1}, "number is an impossible figure; got -1; accepted: from 0 to 49"),
        ({"number": 50}, "number is an impossible figure; got 50; accepted: from 0 to 49"),
        ({"side_m": 0.0}, "side_m is an impossible figure; got 0.0; accepted: above 0"),
        ({"sigma_m": NAN}, "sigma_m is an impossible figure; got nan; accepted: from 0"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(change, words):
    assert marked().number == 3
    with pytest.raises(InputError, match=words):
        marked(**change)


@pytest.mark.parametrize("wrong", [NAN, INF, "now", None])
def test_a_time_that_is_none_is_refused(wrong, small_look):
    with pytest.raises(InputError, match="time_s is not a finite number"):
        dataclasses.replace(small_look.captures[0], time_s=wrong)
    with pytest.raises(InputError, match="triggered_s is not a finite number"):
        dataclasses.replace(small_look, triggered_s=wrong)


def test_a_mount_and_a_cell_that_cannot_be_are_refused(small_look):
    with pytest.raises(InputError, match="mount is not known; got 'wall'; accepted: flange, base"):
        dataclasses.replace(small_look.captures[0].calibration, mount="wall")
    for size in (np.zeros(3), np.array([0.1, 0.02, -0.05])):
        with pytest.raises(InputError, match=r"size_m\[\d\] is an impossible figure"):
            dataclasses.replace(small_look.task.cell, size_m=size)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (
            np.full((6, 8, 3), 0.5),
            r"image of shape \(6, 8, 3\) must hold whole numbers; got 'float",
        ),
        (np.full((6, 8, 3), NAN), r"image of shape \(6, 8, 3\) must hold whole numbers"),
        (
            np.full((6, 8, 3), 300),
            r"image of shape .* too large or small for uint8; got '300 to 300'",
        ),
        (np.full((6, 8, 3), -1), r"image of shape .* too large or small for uint8; got '-1 to -1'"),
        (np.full((6, 8, 3), 1j), r"image of shape \(6, 8, 3\) must hold real numbers"),
        (np.zeros((6, 8), np.uint8), r"image must have shape \(6, 8, 3\); got \(6, 8\)"),
        ("picture.png", r"image of shape \(\) must hold whole numbers"),
    ],
)
def test_an_image_of_another_kind_is_refused(image, words, small_look):
    with pytest.raises(ShapeError, match=words):
        dataclasses.replace(small_look.captures[0], image=image)


def test_depth_in_whole_numbers_is_refused_as_it_may_be_millimetres(small_look):
    capture = small_look.captures[0]
    with pytest.raises(ShapeError, match=r"depth of shape \(6, 8\) must be metres .*'uint16'"):
        dataclasses.replace(capture, depth=np.full((6, 8), 600, np.uint16))


def test_any_memory_order_and_width_of_an_image_and_a_depth_serve(small_look, same_record):
    capture = small_look.captures[0]
    wide = np.zeros((6, 16, 3), np.int64)
    wide[:, ::2] = capture.image
    depth = np.asfortranarray(capture.depth.astype(np.float64))
    depth.flags.writeable = False
    same = dataclasses.replace(capture, image=wide[:, ::2], depth=depth)
    same_record(same, capture)
    huge = np.full((6, 8), 1e300)
    assert np.isinf(dataclasses.replace(capture, depth=huge).depth).all()
