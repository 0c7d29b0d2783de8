"""The calibration file: bit for bit, and what is wrong with a broken one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from calibration_stage import BOARD, pair

from cellpick.errors import InputError, UnavailableError
from cellpick.store import read_calibration, write_calibration
from cellpick.structures import RigCalibration


def a_calibration():
    A = np.random.default_rng(0).normal(size=(32, 40)) * 1e-4
    return RigCalibration(pair(), A @ A.T, BOARD, 20, (0.08, 1 / 3), "scene", 7)


@pytest.fixture
def path(tmp_path):
    write_calibration(a_calibration(), tmp_path / "deep" / "calibration.json")
    return tmp_path / "deep" / "calibration.json"


def test_it_comes_back_bit_for_bit(path):
    back, given = read_calibration(path), a_calibration()
    assert np.array_equal(back.covariance, given.covariance)
    assert (back.board, back.poses, back.residual_px) == (BOARD, 20, (0.08, 1 / 3))
    assert (back.scene, back.seed) == ("scene", 7)
    for ours, theirs in zip(back.cameras, given.cameras, strict=True):
        assert np.array_equal(ours.T_mount_camera, theirs.T_mount_camera)
        assert np.array_equal(ours.K, theirs.K)
        assert (ours.camera, ours.mount, ours.depth_scale) == (
            theirs.camera,
            theirs.mount,
            theirs.depth_scale,
        )
    assert [p.name for p in path.parent.iterdir()] == ["calibration.json"]


def set_at(keys, value):
    def spoil(document):
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return spoil


NONE = [[2.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
MIRROR = [[-1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
SPOILT = {
    "a rotation that is none": (set_at(["cameras", 0, "T_mount_camera"], NONE), "not a rigid pose"),
    "a mirror": (set_at(["cameras", 1, "T_mount_camera"], MIRROR), "not a rigid pose"),
    "another version": (set_at(["schema"], "cellpick.calibration/0"), "not a calibration"),
    "a negative sigma": (set_at(["cameras", 0, "translation_sigma_m"], -1e-4), "impossible figure"),
    "no depth scale": (set_at(["cameras", 0, "depth_scale"], 0.0), "impossible figure"),
    "a focal length of 0": (set_at(["cameras", 0, "K", 0, 0], 0.0), "not a pinhole matrix"),
    "a name twice": (set_at(["cameras", 1, "camera"], "cam0_3d"), "two entries of one camera"),
    "a mount that is none": (set_at(["cameras", 0, "mount"], "wall"), "wrong value"),
    "text for a number": (set_at(["poses"], "many"), "wrong type"),
    "an unknown key": (set_at(["extra"], 1), "unknown key"),
    "a small covariance": (
        set_at(["covariance"], [[1.0]]),
        r"covariance must have shape \(32, 32\): 16 parameters .*cameras, here 2; got \(1, 1\)",
    ),
    "a flat covariance": (set_at(["covariance"], [1.0]), r"shape \(32, 32\): .*; got \(1,\)"),
    "an odd covariance": (set_at(["covariance", 0, 1], 1.0), "not a covariance: not symmetric"),
    "a negative variance": (set_at(["covariance", 3, 3], -1.0), "not a covariance"),
    "one residual": (set_at(["residual_px"], [0.1]), "one entry a camera"),
}


@pytest.mark.parametrize("case", list(SPOILT))
def test_what_is_impossible_is_named(path, case):
    spoil, said = SPOILT[case]
    document = json.loads(path.read_text())
    spoil(document)
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=said) as caught:
        read_calibration(path)
    assert str(path) in str(caught.value)


def test_an_indefinite_covariance_is_refused(path):
    document = json.loads(path.read_text())
    C = np.array(document["covariance"])
    C[0, 1] = C[1, 0] = 2 * np.sqrt(C[0, 0] * C[1, 1])
    document["covariance"] = C.tolist()
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="some direction has a negative variance"):
        read_calibration(path)


def test_a_file_that_is_not_there_cut_short_or_a_folder(path, tmp_path):
    with pytest.raises(InputError, match="no such calibration file"):
        read_calibration(tmp_path / "none.json")
    with pytest.raises(InputError, match="no such calibration file"):
        read_calibration(tmp_path)
    path.write_text(path.read_text()[:1000])
    with pytest.raises(InputError, match="cut short"):
        read_calibration(path)
    path.write_text("[1, 2]")
    with pytest.raises(InputError, match="an object"):
        read_calibration(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot write"):
        write_calibration(a_calibration(), tmp_path / "file" / "calibration.json")
