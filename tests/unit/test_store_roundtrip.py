"""A stored look comes back bit for bit, and appears whole or not at all."""

from __future__ import annotations

import dataclasses
import json
import os
import stat

import cv2
import numpy as np
import pytest

from cellpick.errors import InputError, UnavailableError
from cellpick.store import read_look, write_look
from cellpick.structures import CaptureSet


def test_a_look_comes_back_bit_for_bit(small_look, same_record, tmp_path):
    write_look(small_look, tmp_path / "captures")
    same_record(read_look(tmp_path / "captures"), small_look)


def test_a_look_without_captures_comes_back(small_look, same_record, tmp_path):
    empty = CaptureSet((), small_look.task)
    write_look(empty, tmp_path / "captures")
    same_record(read_look(tmp_path / "captures"), empty)


def test_a_copied_store_reads_the_same(small_look, same_record, tmp_path):
    write_look(small_look, tmp_path / "captures")
    (tmp_path / "captures").rename(tmp_path / "moved")
    same_record(read_look(tmp_path / "moved"), small_look)


def test_the_same_look_gives_the_same_files(small_look, tmp_path):
    for name in ("first", "second"):
        write_look(small_look, tmp_path / name)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("first", "second")
    )
    assert first == second
    assert sorted(first) == [
        "0_cam0_3d.depth.npy",
        "0_cam0_3d.png",
        "1_cam1___2d.png",
        "look.json",
    ]


def test_stored_images_are_rgb_for_other_programs(small_look, tmp_path):
    write_look(small_look, tmp_path / "captures")
    bgr = cv2.imread(str(tmp_path / "captures" / "0_cam0_3d.png"))
    assert np.array_equal(bgr[..., ::-1], small_look.captures[0].image)


def test_an_older_look_is_replaced_whole(small_look, same_record, tmp_path):
    write_look(small_look, tmp_path / "captures")
    shorter = CaptureSet(small_look.captures[1:], small_look.task)
    write_look(shorter, tmp_path / "captures")
    same_record(read_look(tmp_path / "captures"), shorter)
    assert {p.name for p in (tmp_path / "captures").iterdir()} == {"look.json", "0_cam1___2d.png"}
    assert [p.name for p in tmp_path.iterdir()] == ["captures"]


def test_the_folder_is_as_readable_as_any_other(small_look, tmp_path):
    (tmp_path / "other").mkdir()
    write_look(small_look, tmp_path / "captures")
    modes = {stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("other", "captures")}
    assert len(modes) == 1


@pytest.mark.parametrize("occupied_by", ["file", "folder"])
def test_it_never_overwrites_what_is_no_look(small_look, tmp_path, occupied_by):
    target = tmp_path / "captures"
    if occupied_by == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else than a stored look"):
        write_look(small_look, target)
    mine = target if occupied_by == "file" else target / "thesis.txt"
    assert mine.read_text() == "mine"


def test_nothing_is_left_of_a_look_that_could_not_be_written(small_look, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cellpick.store.writing.encode_depth", full_disk)
    with pytest.raises(UnavailableError, match=r"captures: cannot be written: No space left"):
        write_look(small_look, tmp_path / "captures")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_replacement_leaves_the_older_look(small_look, same_record, tmp_path, monkeypatch):
    write_look(small_look, tmp_path / "captures")

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cellpick.store.writing.encode_image", full_disk)
    with pytest.raises(UnavailableError):
        write_look(CaptureSet((small_look.captures[1],), small_look.task), tmp_path / "captures")
    same_record(read_look(tmp_path / "captures"), small_look)
    assert [p.name for p in tmp_path.iterdir()] == ["captures"]


def test_a_folder_that_cannot_be_made_is_unavailable(small_look, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be written") as caught:
        write_look(small_look, tmp_path / "file" / "captures")
    assert caught.value.exit_code == 3


def test_a_store_holds_the_fields_of_the_records_and_nothing_else(small_look, tmp_path):
    write_look(small_look, tmp_path / "captures")
    index = json.loads((tmp_path / "captures" / "look.json").read_text())
    assert set(index) == {"schema", "task", "expected", "triggered_s", "captures"}
    for entry, capture in zip(index["captures"], small_look.captures, strict=True):
        assert set(entry) == {f.name for f in dataclasses.fields(capture)}
        assert set(entry["calibration"]) == {
            f.name for f in dataclasses.fields(capture.calibration)
        }


def test_how_the_cells_lie_comes_back(small_look, tmp_path):
    task = dataclasses.replace(small_look.task, arrangement="heap")
    write_look(dataclasses.replace(small_look, task=task), tmp_path / "captures")
    assert read_look(tmp_path / "captures").task.arrangement == "heap"
