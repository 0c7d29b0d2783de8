"""2D cameras that expose on the way to a look: when, from where, and at what cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from cellpick.geometry import difference, invert, project
from cellpick.scene import data_folder, load_scene, resolve_scene
from cellpick.station.looking import focus_of, tray_task
from cellpick.station.on_the_way import expected_blur_px
from cellpick.station.station import Station, StationError
from cellpick.world import FollowReport
from cellpick.world.client import STEP_S

NO_CELLS = np.zeros((0, 4, 4))


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shipped cameras read out coarsely, which render fast; the 2D one with a little skew."""
    folder = tmp_path_factory.mktemp("cameras")
    paths = []
    for name, every in (("zivid_2plus_m60", 16), ("industrial_2d_2mp", 6)):
        text = (data_folder("models") / "cameras" / f"{name}.yaml").read_text(encoding="utf-8")
        data = yaml.safe_load(text)
        data["image"]["subsample"] = every
        path: Path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        paths.append(str(path))
    return f"rig.cameras=[{paths[0]}, {paths[1]}, {paths[0]}, {paths[1]}]"


def station(cameras: str, *overrides: str) -> Station:
    small = ("tray.rows=1", "tray.columns=1", cameras)
    models = resolve_scene(load_scene("prismatic_tray", (*small, *overrides)))
    return Station(models, 3, oracle=True)


def looked(station: Station):
    return station.look(tray_task(station.recipe), NO_CELLS)


def test_2d_cameras_expose_on_the_way_and_their_data_are_there_when_the_arm_stands(cameras):
    with station(cameras, "rig.capture_2d=moving") as cell:
        look = looked(cell)
        times = cell.timeline.simulated_s
    captures, stood_s = look.captures.captures, look.state.time_s
    still = captures[0].T_base_flange
    for capture, timing in zip(captures, cell.rig.schedule.timings, strict=True):
        if timing.projects:
            assert capture.time_s >= stood_s
            assert np.array_equal(capture.T_base_flange, still)
            continue
        done = capture.time_s + timing.exposure_s + timing.transfer_s
        # skew and half a step of the physics either way
        assert done == pytest.approx(stood_s, abs=2 * STEP_S)
        assert 1e-5 < np.linalg.norm(difference(still, capture.T_base_flange)[:3]) < 0.01
    first_s = min(c.time_s for c in captures)
    assert look.captures.triggered_s <= first_s <= look.captures.triggered_s + 1e-3
    after = cell.rig.schedule_after_moving
    assert times["capture"] == pytest.approx(after.still_s, abs=2 * STEP_S)
    assert times["capture"] + times["transfer"] == pytest.approx(after.ready_s, abs=2 * STEP_S)


def test_moving_saves_the_2d_cameras_exposures_and_nothing_else(cameras):
    spent = {}
    for mode in ("standing", "moving"):
        with station(cameras, f"rig.capture_2d={mode}") as cell:
            looked(cell)
            spent[mode] = dict(cell.timeline.simulated_s)
            whole, after = cell.rig.schedule, cell.rig.schedule_after_moving
    assert spent["standing"]["motion"] == spent["moving"]["motion"]
    assert spent["standing"]["vision"] == pytest.approx(spent["moving"]["vision"])
    saved = spent["standing"]["capture"] - spent["moving"]["capture"]
    assert saved == pytest.approx(whole.still_s - after.still_s, abs=2 * STEP_S)
    assert saved > 0


def test_standing_all_captures_share_one_pose(cameras):
    with station(cameras) as cell:
        look = looked(cell)
    first = look.captures.captures[0].T_base_flange
    assert all(np.array_equal(c.T_base_flange, first) for c in look.captures.captures)
    assert all(c.time_s >= look.state.time_s for c in look.captures.captures)


def test_the_pose_on_the_way_is_the_encoders_and_right_within_their_noise(cameras):
    with station(cameras, "rig.capture_2d=moving") as cell:
        seen = []
        shoot = cell.rig.shoot_moving
        cell.rig.shoot_moving = lambda shots: (seen.extend(shots), shoot(shots))[1]
        look = looked(cell)
    assert [shot.row for shot in seen] == [1, 3]
    for shot, row in zip(seen, (1, 3), strict=True):
        assert np.array_equal(look.captures.captures[row].T_base_flange, shot.T_base_flange)
        true = shot.state.arm.flange_pose(shot.state.q)
        off = difference(true, shot.T_base_flange)
        assert 0 < np.linalg.norm(off[:3]) < 1e-3
        assert np.abs(shot.dq).max() > 0.01


def test_where_the_arm_already_stands_2d_cameras_expose_standing(cameras):
    with station(cameras, "rig.capture_2d=moving") as cell:
        cell.world.follow = lambda trajectory, snapshots_s=(): FollowReport("ok", "", 0.0, 0.0)
        plan = cell._plan_look(tray_task(cell.recipe), NO_CELLS)
        cell._plan_look = lambda task, cells: type(plan)("ok", "", ())
        look = looked(cell)
    assert all(c.time_s >= look.state.time_s for c in look.captures.captures)


def test_where_the_arm_would_smear_the_pictures_2d_cameras_expose_standing(cameras, monkeypatch):
    monkeypatch.setattr("cellpick.station.station.MOST_BLUR_PX", 1e-3)
    with station(cameras, "rig.capture_2d=moving") as cell:
        look = looked(cell)
    assert all(c.time_s >= look.state.time_s for c in look.captures.captures)


def test_the_expected_blur_is_the_flow_that_the_camera_sees(cameras):
    with station(cameras, "rig.capture_2d=moving", "rig.capture_lead_ms=100") as cell:
        task, seen = tray_task(cell.recipe), []
        last = cell._plan_look(task, NO_CELLS).moves[-1]
        shoot = cell.rig.shoot_moving
        cell.rig.shoot_moving = lambda shots: (seen.extend(shots), shoot(shots))[1]
        look = looked(cell)
    shot, spec = seen[0], look.state.cameras[1]
    expected = expected_blur_px(
        cell.recipe.arm,
        cell.rig.calibrations[1],
        last,
        last.duration_s - 0.1,
        0.006,
        focus_of(task),
    )
    # how far the focus, fixed in the world, goes in the true picture within a short time
    places = [
        project(
            (invert(shot.state.arm.flange_pose(q) @ spec.T_mount_camera) @ focus_of(task))[
                None, :3, 3
            ],
            spec.K,
            np.zeros(5),
        )[0]
        for q in (shot.state.q, shot.state.q + 1e-4 * shot.dq)
    ]
    seen_px = float(np.linalg.norm(np.subtract(*places))) / 1e-4 * 0.006
    assert expected == pytest.approx(seen_px, rel=0.05)
    assert expected > 0.3


def test_eyes_that_hang_still_may_look_while_the_arm_moves_away(cameras):
    fixed = ("rig.mount=fixed", "rig.standoff_mm=750", "rig.capture_2d=moving")
    with station(cameras, *fixed) as cell:
        aside = np.add(cell.models.park_rad, [0.4, 0, 0, 0, 0, 0])
        away = cell.planner.move_to(cell.joints(), aside, cell.recipe.fixtures, NO_CELLS)
        assert cell.move(away.moves) == ""
        look = looked(cell)
    early = [c.time_s < look.state.time_s for c in look.captures.captures]
    assert early == [False, True, False, True]


def test_a_blocked_way_stops_the_look_with_its_cause(cameras):
    with station(cameras, "rig.capture_2d=moving") as cell:
        report = FollowReport("blocked", "rig.camera.0 hit tray.wall.1 with 200 N", 0.0, 0.0)
        cell.world.follow = lambda trajectory, snapshots_s=(): report
        with pytest.raises(StationError, match=r"on the way to a look: .*rig\.camera\.0 hit"):
            looked(cell)


def test_a_stated_lead_is_kept_and_finds_a_faster_arm(cameras):
    speeds = {}
    for lead_ms in (0, 120):
        with station(cameras, "rig.capture_2d=moving", f"rig.capture_lead_ms={lead_ms}") as cell:
            seen = []
            shoot = cell.rig.shoot_moving
            cell.rig.shoot_moving = lambda shots, seen=seen, f=shoot: (
                seen.extend(shots),
                f(shots),
            )[1]
            look = looked(cell)
        lead_s = look.state.time_s - seen[0].state.time_s
        assert lead_s == pytest.approx(max(lead_ms * 1e-3, cell.rig.leads_s[1]), abs=2 * STEP_S)
        speeds[lead_ms] = np.abs(seen[0].dq).max()
    assert speeds[120] > 2 * speeds[0]
