"""A store that is not whole is refused with a message that names the file and what is accepted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cellpick.errors import InputError, UnavailableError
from cellpick.store import read_look, write_look
from cellpick.structures import CaptureSet

IMAGE, DEPTH, INDEX = "0_cam0_3d.png", "0_cam0_3d.depth.npy", "look.json"


@pytest.fixture
def store(small_look, tmp_path):
    write_look(small_look, tmp_path / "captures")
    return tmp_path / "captures"


def edit(store, change):
    index = json.loads((store / INDEX).read_text())
    change(index)
    (store / INDEX).write_text(json.dumps(index))


def refusal(store) -> str:
    with pytest.raises(InputError) as caught:
        read_look(store)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("name", [IMAGE, DEPTH])
def test_a_missing_picture_is_named(store, name):
    (store / name).unlink()
    assert refusal(store).startswith(f"{store / name}: the file is missing; accepted: ")


@pytest.mark.parametrize("name", [IMAGE, DEPTH])
def test_every_truncation_is_refused(store, name):
    whole = (store / name).read_bytes()
    for length in range(len(whole)):
        (store / name).write_bytes(whole[:length])
        assert refusal(store).startswith(f"{store / name}: not a")


def test_every_flipped_byte_of_an_image_is_refused(store):
    whole = (store / IMAGE).read_bytes()
    for position in range(len(whole)):
        corrupt = bytearray(whole)
        corrupt[position] ^= 0x41
        (store / IMAGE).write_bytes(corrupt)
        assert str(store / IMAGE) in refusal(store)


@pytest.mark.parametrize("name", [IMAGE, DEPTH])
def test_trailing_bytes_are_refused(store, name):
    (store / name).write_bytes((store / name).read_bytes() + b"x")
    assert str(store / name) in refusal(store)


def test_an_image_of_another_size_is_refused(store):
    (store / IMAGE).write_bytes((store / "1_cam1___2d.png").read_bytes())
    assert refusal(store) == (
        f"{store / IMAGE}: wrong size or type; got 'uint8 of shape (7, 5, 3)'; "
        "accepted: an 8-bit RGB PNG of 8 x 6 pixels"
    )


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.zeros((6, 8)), "float64 of shape (6, 8)"),
        (np.zeros((6, 8), np.uint16), "uint16 of shape (6, 8)"),
        (np.zeros((8, 6), np.float32), "float32 of shape (8, 6)"),
    ],
)
def test_depth_of_another_type_or_size_is_refused(store, array, got):
    np.save(store / DEPTH, array)
    assert f"got {got!r}; accepted: a float32 array of shape (6, 8)" in refusal(store)


def test_pickled_depth_is_refused(store):
    np.save(store / DEPTH, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "not a whole .npy array" in refusal(store)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"schema": ', "\ud800", "[" * 100_000])
def test_an_index_that_is_no_json_object_is_refused(store, text):
    (store / INDEX).write_bytes(text.encode("utf-8", "surrogatepass"))
    assert refusal(store).startswith(f"{store / INDEX}: ")


@pytest.mark.parametrize("schema", ["cellpick.look/1", None, 1])
def test_an_unknown_format_is_refused(store, schema):
    edit(store, lambda index: index.update(schema=schema))
    assert refusal(store).endswith("accepted: cellpick.look/3")


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    assert "there is no look.json" in refusal(tmp_path)
    assert "there is no look.json" in refusal(tmp_path / "nowhere")


def test_the_folder_above_the_store_is_recognised(store):
    assert refusal(store.parent).endswith(f"accepted: {store}, which lies inside")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i: i.pop("task"), "task: missing key"),
        (lambda i: i.update(truth=1), "truth: unknown key"),
        (lambda i: i["captures"][0].pop("time_s"), "captures[0].time_s: missing key"),
        (lambda i: i["captures"][0].update(mask="m.png"), "captures[0].mask: unknown key"),
        (
            lambda i: i["captures"][0].update(time_s="now"),
            "captures[0].time_s: wrong type; got 'now'; accepted: a finite number",
        ),
        (
            lambda i: i["captures"][0].update(time_s=float("nan")),
            "captures[0].time_s: wrong type; got nan; accepted: a finite number",
        ),
        (
            lambda i: i["captures"][0].update(image="../secret.png"),
            "captures[0].image: wrong value; got '../secret.png'; accepted: a file name",
        ),
        (lambda i: i["captures"][0].update(image=""), "captures[0].image: wrong value"),
        (
            lambda i: i["captures"][0].update(T_base_flange=np.full((4, 4), 2.0).tolist()),
            "captures[0].T_base_flange: not a rigid pose",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(T_mount_camera=[[1]]),
            "captures[1].calibration.T_mount_camera: not a rigid pose",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(width_px=5.0),
            "captures[1].calibration.width_px: wrong type; got 5.0; accepted: a whole number",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(width_px=True),
            "captures[1].calibration.width_px: wrong type; got True",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(mount="ceiling"),
            "captures[1].calibration.mount: wrong value; got 'ceiling'; accepted: 'flange', 'base'",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(K=[[1, 2], [3, 4]]),
            "captures[1].calibration: K must have shape (3, 3); got (2, 2)",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(K=[[0, 0, 1], [0, 9, 1], [0, 0, 1]]),
            "captures[1].calibration: K is not a pinhole matrix; got [[0.0, 0.0, 1.0]",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(K=np.eye(3).T[::-1].tolist()),
            "captures[1].calibration: K is not a pinhole matrix",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(K=[["1", 0, 0]] * 3),
            "captures[1].calibration.K: wrong type",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(distortion=[1, [2]]),
            "captures[1].calibration.distortion: wrong type",
        ),
        (
            lambda i: i["captures"][1]["calibration"].update(camera="cam0_3d"),
            "captures: two captures of one camera; got 'cam0_3d'",
        ),
        (lambda i: i.update(captures={}), "captures: wrong type; got {}; accepted: a list"),
        (
            lambda i: i["task"]["cell"]["features"].append(3),
            "task.cell.features[1]: wrong type; got 3; accepted: an object",
        ),
        (lambda i: i["task"]["cell"].pop("mass_kg"), "task.cell.mass_kg: missing key"),
        (
            lambda i: i["task"]["materials"]["film"].update(conductive="no"),
            "task.materials.film.conductive: wrong type; got 'no'",
        ),
    ],
)
def test_a_wrong_entry_is_named_with_its_path(store, change, words):
    edit(store, change)
    assert refusal(store).startswith(f"{store / INDEX}: {words}")


def test_a_huge_wrong_value_is_told_in_brief(store):
    edit(store, lambda i: i["captures"][0].update(T_base_flange=[[0.123456789] * 1000] * 1000))
    assert len(refusal(store)) < 400


def test_an_unreadable_picture_is_unavailable(store):
    (store / IMAGE).unlink()
    (store / IMAGE).mkdir()
    with pytest.raises(UnavailableError, match="cannot be read") as caught:
        read_look(store)
    assert caught.value.exit_code == 3


def test_a_store_without_captures_is_legal(store):
    edit(store, lambda index: index.update(captures=[]))
    assert isinstance(read_look(store), CaptureSet)
