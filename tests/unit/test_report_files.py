"""Files of a run: whole or absent, flushed line by line, plain JSON, disk trouble with the path."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from grasping_stage import changed, estimates, grid, round_cell

from cellpick.errors import UnavailableError
from cellpick.report import (
    append_pick,
    estimates_document,
    json_text,
    start_run,
    write_summary,
    write_whole,
)
from cellpick.structures import Contact

NO_SPACE = OSError(28, "No space left on device")


def fail(*_args: object, **_kwargs: object) -> None:
    raise NO_SPACE


def test_summary_is_written_as_given_with_nulls_for_what_is_not_finite(tmp_path):
    path = write_summary(tmp_path / "a" / "b", {"b": 1, "a": np.float64("nan"), "c": [np.inf]})
    assert path == tmp_path / "a" / "b" / "summary.json"
    assert json.loads(path.read_text()) == {"b": 1, "a": None, "c": [None]}
    assert list(json.loads(path.read_text())) == ["b", "a", "c"]
    assert path.read_text().endswith("}\n")


def test_picks_grow_by_a_whole_line_an_attempt(tmp_path):
    for number in range(3):
        append_pick(tmp_path, {"number": number, "place_error_mm": float("nan"), "code": "Ü"})
        lines = (tmp_path / "picks.jsonl").read_text().splitlines()
        assert [json.loads(line)["number"] for line in lines] == list(range(number + 1))
    assert json.loads(lines[0]) == {"number": 0, "place_error_mm": None, "code": "Ü"}


def test_a_new_run_leaves_nothing_of_an_earlier_one(tmp_path):
    folder = tmp_path / "run"
    start_run(folder)
    write_summary(folder, {})
    append_pick(folder, {})
    (folder / "notes.txt").write_text("mine")
    start_run(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt"]


def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "x.json", b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnavailableError, match=r"x\.json: No space left on device") as caught:
        write_whole(path, b"new")
    assert caught.value.exit_code == 3
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_full_disk_leaves_no_part_of_a_line(tmp_path, monkeypatch):
    append_pick(tmp_path, {"number": 1})
    before = (tmp_path / "picks.jsonl").read_bytes()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnavailableError, match=r"picks\.jsonl: No space left on device"):
        append_pick(tmp_path, {"number": 2})
    assert (tmp_path / "picks.jsonl").read_bytes() == before


def test_a_folder_that_cannot_be_is_named(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    for folder in (taken, taken / "below"):
        with pytest.raises(UnavailableError, match=r"cannot write into folder .*taken") as caught:
            start_run(folder)
        assert caught.value.exit_code == 3


def test_a_folder_that_may_not_be_written_to_is_named(tmp_path, monkeypatch):
    # the mode of a folder does not bind root, who runs many a CI, so the refusal is made here
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(UnavailableError, match=f"{tmp_path}: Permission denied"):
        start_run(tmp_path)


def test_an_old_file_that_cannot_go_is_named(tmp_path):
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(UnavailableError, match=r"cannot replace .*summary\.json"):
        start_run(tmp_path)


def test_records_numpy_values_and_paths_become_plain_json():
    @dataclass
    class Record:
        contact: Contact
        place: Path

    value = {
        "r": Record(Contact(("a", "b"), 1.5, np.nan), Path("x/y")),
        1: np.arange(3, dtype=np.int32),
        "flag": np.bool_(True),
        "none": None,
    }
    assert json.loads(json_text(value)) == {
        "r": {"contact": {"bodies": ["a", "b"], "force_n": 1.5, "time_s": None}, "place": "x/y"},
        "1": [0, 1, 2],
        "flag": True,
        "none": None,
    }
    with pytest.raises(TypeError, match="no JSON form of set"):
        json_text({1, 2})


def test_estimates_document_has_a_row_a_cell_in_plain_json():
    table = changed(estimates(grid(2, 1, (1, 0.03), 0.05), sigma_m=2e-4), 1, status="uncertain")
    document = estimates_document(table)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert len(document["cells"]) == 2
    first = document["cells"][0]
    assert np.allclose(first["T_base_cell"], table.Ts_base_cell[0])
    assert np.allclose(first["covariance"], table.covariance[0])
    assert first["sigma_mm"] == pytest.approx(0.2)
    assert first["sigma_deg"] == pytest.approx(np.degrees(1e-3))
    assert [cell["status"] for cell in document["cells"]] == ["ok", "uncertain"]
    assert (first["cell"], first["polarity"], first["code"], first["score"]) == (
        "box", "+x", "A000", 1.0,
    )  # fmt: skip
    assert estimates_document(estimates(np.zeros((0, 4, 4))))["cells"] == []


def test_free_symmetry_angles_are_left_out_of_the_predicted_angle():
    cell = round_cell()
    document = estimates_document(estimates(grid(1, 1, (1, 1), 0.045), cell))
    assert document["cells"][0]["sigma_deg"] == pytest.approx(np.degrees(1e-3))
