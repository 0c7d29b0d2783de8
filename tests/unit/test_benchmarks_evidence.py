"""The evidence benchmark: its holes, its bands, and where fused is not best."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from benchmarks import evidence_looks
from benchmarks.evidence_honesty import Errors, verdicts
from benchmarks.evidence_looks import (
    RIG,
    SCENE,
    Stored,
    take_look,
    top_owner,
    with_cameras,
    with_holes,
)
from benchmarks.evidence_table import not_best

from cellpick.geometry import pose, translation
from cellpick.structures import CameraCalibration, Capture, CaptureSet

SIZE_M = np.array([0.148, 0.026, 0.091])
DOWN = pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 0.7]))


def stored() -> Stored:
    """Six cells side by side under a 3D and a 2D camera."""
    beliefs = [
        CameraCalibration(
            camera=name,
            width_px=320,
            height_px=240,
            K=np.array([[400.0, 0, 160], [0, 400, 120], [0, 0, 1]]),
            distortion=np.zeros(5),
            mount="base",
            T_mount_camera=DOWN,
            translation_sigma_m=0.0,
            rotation_sigma_rad=0.0,
            pixel_sigma_px=0.1,
            depth_sigma_m=1e-4,
            depth_reference_m=0.6,
        )
        for name in ("deep", "flat")
    ]
    image, depth = np.zeros((240, 320, 3), np.uint8), np.full((240, 320), 0.6, np.float32)
    captures = tuple(
        Capture(belief, image, d, 0.0, np.eye(4))
        for belief, d in zip(beliefs, (depth, None), strict=True)
    )
    Ts = translation(np.array([[0.0, 0.03 * k - 0.075, 0.0455] for k in range(6)]))
    state = SimpleNamespace(
        T_world_base=np.eye(4), Ts_world_cell=Ts, cell=SimpleNamespace(size_m=SIZE_M)
    )
    return Stored(CaptureSet(captures, None), state)


def test_holes_take_the_stated_share_of_the_tops_in_blobs_and_nothing_else():
    look = stored()
    owner = top_owner(look.captures.captures[0], look.state.Ts_world_cell, SIZE_M)
    assert set(np.unique(owner)) == set(range(-1, 6))
    for share in (0.3, 0.6):
        holed = with_holes(look, share, np.random.default_rng(0)).captures.captures
        again = with_holes(look, share, np.random.default_rng(0)).captures.captures
        lost = np.isnan(holed[0].depth)
        np.testing.assert_array_equal(lost, np.isnan(again[0].depth))
        assert abs(lost[owner >= 0].mean() - share) < 0.01
        assert not lost[owner < 0].any()
        assert holed[1].depth is None
        alike = (lost[:, 1:] == lost[:, :-1])[(owner[:, 1:] >= 0) & (owner[:, :-1] >= 0)]
        assert alike.mean() > 0.85, "neighbours are lost together"
    assert with_holes(look, 0.0, np.random.default_rng(0)) is look


def test_fewer_cameras_are_the_first_and_none_is_missed():
    look = with_cameras(stored().captures, 1)
    assert [c.calibration.camera for c in look.captures] == list(look.expected) == ["deep"]


def test_correlated_errors_of_honest_looks_lie_within_the_band_as_often_as_stated():
    rng = np.random.default_rng(3)
    n, looks = 8, 300
    one_axis = 1e-8 * (0.7 * np.ones((n, n)) + 0.3 * np.eye(n))
    joint = np.einsum("ij,ab->iajb", one_axis, np.eye(6))
    root = np.linalg.cholesky(one_axis)
    fixed = np.array([True] * 5 + [False])
    inside = []
    for _ in range(looks):
        found = verdicts(Errors(root @ rng.standard_normal((n, 6)), joint, fixed), rng)
        assert len(found) == 5
        inside += [0.025 < v.place < 0.975 for v in found.values()]
    assert abs(np.mean(inside) - 0.95) < 0.02
    bold = Errors(4 * root @ rng.standard_normal((n, 6)) + 5e-4, joint, fixed)
    assert all(v.place > 0.975 for v in verdicts(bold, rng).values())


def test_a_single_source_that_does_better_is_named():
    good = {"found": 12, "mm_p50": 0.2, "mm_p95": 0.4, "deg_p50": 0.1, "deg_p95": 0.2}
    rows = {"2D|4|0": good, "3D|4|0": good, "fused|4|0": good}
    assert not_best(rows) == []
    worse = not_best(rows | {"fused|4|0": good | {"found": 11, "mm_p95": 0.5}})
    assert len(worse) == 4
    assert "11 cells found, not 12" in worse[0]
    assert "mm_p95 0.50, not 0.40" in worse[1]


def test_a_kept_look_is_read_again_and_not_taken_again(
    monkeypatch, small_look, same_record, tmp_path
):
    taken = []

    def look_once(_, seed):
        taken.append(seed)
        return SimpleNamespace(captures=small_look, state={"seed": seed})

    monkeypatch.setattr(evidence_looks, "look_once", look_once)
    for _ in range(2):
        kept = take_look(SCENE, RIG, 7, tmp_path / "7")
        same_record(kept.captures, small_look)
        assert kept.state == {"seed": 7}
    assert taken == [7]
    take_look(SCENE, RIG, 7)
    assert taken == [7, 7]
