"""`cellpick export` from the command line: a small real run, and every refusal with its message."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cellpick.cli import main

UNIT = Path(__file__).resolve().parents[1] / "unit"


@pytest.fixture
def call(monkeypatch, capsys):
    """Run `cellpick export`; gives exit code, stdout and stderr."""

    def run(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["cellpick", "export", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        streams = capsys.readouterr()
        return SimpleNamespace(code=caught.value.code or 0, out=streams.out, err=streams.err)

    return run


@pytest.fixture
def quick(monkeypatch):
    """Looks that fail at once, should anything get so far; records the seeds asked for."""
    seeds = []

    def look_once(models, seed):
        seeds.append(seed)
        raise OSError("the station was asked")

    monkeypatch.setattr("cellpick.station.look_once", look_once)
    return seeds


def test_a_look_is_exported_and_perceived_within_its_calibration(call, tmp_path):
    out = tmp_path / "Cells"
    small = ("tray.rows=2", "tray.columns=1", "noise.depth=0", "rig.calibration_error_mm=0")
    options = [word for text in (*small, "rig.calibration_error_deg=0") for word in ("--set", text)]
    made = call("bop", "prismatic_tray", "--seeds", "3", "--out", out, *options)
    assert (made.code, made.err) == (0, "")
    ideal = "ideal depth, without any error as no real camera's: cam0_3d, cam2_3d"
    assert made.out == f"1 scene with 4 cameras in {out}\n{ideal}\n"
    assert (out / "captures" / "000003" / "look.json").is_file()
    assert "Split `test`: 1 scene; a scene's id" in (out / "dataset_info.md").read_text()
    found = call("bop-results", out, "--camera", "cam1", "--out", tmp_path / "results")
    assert found.code == 0
    assert found.out.startswith("2 estimates of 1 look in ")
    with (tmp_path / "results" / "cellpick_cells-test.csv").open() as file:
        rows = list(csv.DictReader(file))
    truth = json.loads((out / "test" / "000003" / "scene_gt_cam1.json").read_text())["0"]
    assert [(row["scene_id"], row["im_id"], row["obj_id"]) for row in rows] == [("3", "0", "1")] * 2
    t = np.array([[float(x) for x in row["t"].split()] for row in rows])
    R = np.array([[float(x) for x in row["R"].split()] for row in rows])
    for cell in truth:
        nearest = np.linalg.norm(t - cell["cam_t_m2c"], axis=1).argmin()
        np.testing.assert_allclose(t[nearest], cell["cam_t_m2c"], atol=0.5)
        np.testing.assert_allclose(R[nearest], cell["cam_R_m2c"], atol=0.01)
    assert len({row["time"] for row in rows}) == 1
    assert all(0 < float(row["score"]) <= 1 for row in rows)


@pytest.mark.parametrize(
    ("options", "seeds"),
    [
        ((), [0]),
        (("--seed", 7), [7]),
        (("--seeds", "2"), [2]),
        (("--seeds", "0-0,0"), [0]),
        (("--set", "seed=5"), [5]),
    ],
)
def test_seeds_are_those_of_the_options(call, quick, tmp_path, options, seeds):
    assert call("bop", "prismatic_tray", "--out", tmp_path / "s", *options).code == 3
    assert quick == seeds
    assert list(tmp_path.iterdir()) == []


BAD_SEEDS = ("", "-", "1-", "-3", "5-2", "a", "1.5", "0-2-4", "0,,1", "1e3", "٣", "0-9" * 40)


@pytest.mark.parametrize("seeds", BAD_SEEDS)
def test_no_range_of_seeds(call, quick, tmp_path, seeds):
    answer = call("bop", "prismatic_tray", "--out", tmp_path / "s", f"--seeds={seeds}")
    assert answer.code == 2
    assert answer.err == (
        f"error: --seeds: no range of seeds; got {seeds!r}; "
        "accepted: numbers and rising ranges such as 0-4,7\n"
    )
    assert (quick, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seed", 1, "--seeds", "1"), "--seeds: names seeds twice; accepted: either --seed or"),
        (("--seed", 10**6), "--seed: too large for the id of a BOP scene; got 1000000"),
        (("--seeds", "0-99999999999"), "--seeds: too large for the id of a BOP scene; got 999"),
        (("--split", "dev"), "--split: no such split; got 'dev'; accepted: train, val, test"),
        (("--set", "tray.rowz=1"), "tray.rowz: unknown key; did you mean 'rows'?"),
        (("--set", "rig.capture_2d=moving"), "a data set is taken standing still"),
    ],
)
def test_bad_options_end_with_one_message(call, quick, tmp_path, options, message):
    answer = call("bop", "prismatic_tray", "--out", tmp_path / "s", *options)
    assert answer.code == 2
    assert message in answer.err
    assert answer.err.count("\n") == 1
    assert (quick, list(tmp_path.iterdir())) == ([], [])


def test_an_unknown_scene_a_foreign_folder_and_a_place_that_cannot_be(call, quick, tmp_path):
    answer = call("bop", "nosuch", "--out", tmp_path / "s")
    assert (answer.code, "nosuch" in answer.err) == (2, True)
    answer = call("bop", "prismatic_tray", "--out", UNIT)
    assert answer.code == 2
    assert f"{UNIT}: holds something else than an exported data set" in answer.err
    (tmp_path / "file").touch()
    answer = call("bop", "prismatic_tray", "--out", tmp_path / "file" / "s")
    assert (answer.code, "cannot be written" in answer.err) == (3, True)
    assert quick == []


def test_results_need_a_data_set_a_camera_and_a_place(call, tmp_path):
    answer = call("bop-results", tmp_path)
    assert answer.code == 2
    assert "not a data set: there is no dataset_info.json" in answer.err
    index = {
        "schema": "cellpick.bop/1",
        "name": "s",
        "split": "test",
        "scene": "x",
        "cell": "c",
        "cameras": {"cam0": "cam0_3d"},
        "target_camera": "cam0",
        "seeds": [4],
        "version": "0",
    }
    (tmp_path / "dataset_info.json").write_text(json.dumps(index))
    answer = call("bop-results", tmp_path, "--camera", "cam7")
    assert (answer.code, answer.err) == (
        2,
        "error: --camera: no such camera; got 'cam7'; accepted: cam0\n",
    )
    (tmp_path / "file").touch()
    answer = call("bop-results", tmp_path, "--out", tmp_path / "file")
    assert (answer.code, "cannot write into folder" in answer.err) == (3, True)
    answer = call("bop-results", tmp_path)
    assert (answer.code, "000004: not a stored look" in answer.err) == (2, True)
    assert list((tmp_path / "results").iterdir()) == []
