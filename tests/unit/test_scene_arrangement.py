"""How cells lie: poses of the drawing, what cannot be, foreign objects, cells with long ends."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.evaluate import truth_document
from cellpick.geometry import invert
from cellpick.scene import draw_scene, grip_problem, load_scene, nominal_state, resolve_scene
from cellpick.scene.overlap import Bodies, bodies_of, pairs, separations
from cellpick.sensors import cell_mesh
from cellpick.station import run_scene

LYING = ["purpose=look", "tray.arrangement=lying", "tray.rows=3", "tray.columns=2"]
MODULE = ["module.rows=3", "module.columns=1", "module.position_mm=[500,620]"]


def drawn(scene, *overrides, seed=0):
    models = resolve_scene(load_scene(scene, [*overrides]))
    return models, draw_scene(models, np.random.default_rng(seed))


def in_tray(state):
    return invert(state.T_world_tray) @ state.Ts_world_cell


def cell_bodies(state):
    n, round_ = len(state.Ts_world_cell), state.cell.shape == "cylinder"
    half = np.broadcast_to(state.cell.size_m / 2, (n, 3))
    return Bodies(state.Ts_world_cell, half, np.full(n, round_))


def test_a_lying_hard_case_rests_on_its_large_face_with_its_lid_to_one_side():
    models, state = drawn("prismatic_tray", *LYING, "tray.turned_share=0", "tray.jitter.tilt_deg=0")
    Ts = in_tray(state)
    assert Ts[:, :3, 1] == pytest.approx(np.tile([0, 0, 1], (6, 1)), abs=1e-6)
    assert (Ts[:, 1, 2] < -0.99).all()
    assert Ts[:, 2, 3] == pytest.approx(np.full(6, 0.0265 / 2), abs=1e-4)
    assert models.fill_m == pytest.approx(0.0265)


def test_turned_lying_cells_are_counted_exactly_and_turn_about_all_three_axes():
    _, straight = drawn("prismatic_tray", *LYING, *MODULE, "tray.turned_share=0", "tray.rows=15")
    _, turned = drawn("prismatic_tray", *LYING, *MODULE, "tray.turned_share=0.6", "tray.rows=15")
    between = invert(in_tray(straight)) @ in_tray(turned)
    same = (np.diagonal(between, axis1=1, axis2=2)[:, :3]).round(6).astype(int).tolist()
    assert sum(row != [1, 1, 1] for row in same) == 18
    assert {tuple(row) for row in same} == {(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)}


def test_a_lying_cylinder_lies_along_the_trays_x():
    _, state = drawn(
        "cylindrical_tray", *LYING, "tray.divider_height_mm=0", "tray.turned_share=0.5"
    )
    along = in_tray(state)[:, 0, 2]
    assert (np.abs(along) > 0.98).all()
    assert (along > 0).sum() == 3
    assert sum(s.name.startswith("tray.cradle.") for s in state.fixtures) == 12


@pytest.mark.parametrize(
    ("scene", "layers"), [("pouch_stack", 6), ("prismatic_tray", 3), ("blade_tray", 1)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_stacked_cells_stand_on_each_other_without_overlap(scene, layers, seed):
    lying = [] if layers == 1 else [*LYING, f"tray.layers={layers}", "tray.jitter.tilt_deg=0.3"]
    _, state = drawn(scene, *lying, "tray.jitter.yaw_deg=1.5", *MODULE, seed=seed)
    bodies = cell_bodies(state)
    i, j = pairs(len(bodies.Ts))
    assert separations(bodies.take(i), bodies.take(j)).min() > -1e-9
    still = bodies_of(tuple(s for s in state.fixtures if s.name.startswith("tray.")))
    k, w = np.indices((len(bodies.Ts), len(still.Ts))).reshape(2, -1)
    assert separations(bodies.take(k), still.take(w)).min() > -1e-9


def test_layers_are_filled_from_below():
    _, state = drawn("pouch_stack", "tray.cells=3", "tray.turned_share=0")
    heights = in_tray(state)[:, 2, 3]
    assert heights == pytest.approx([0.00575, 0.00575, 0.01725], abs=1e-4)


def test_empty_pockets_hold_no_cell_and_leave_the_others_where_they_are():
    full = nominal_state(resolve_scene(load_scene("prismatic_tray")))
    less = nominal_state(resolve_scene(load_scene("prismatic_tray", ["tray.empty=[3,7]"])))
    kept = np.delete(np.arange(12), [3, 7])
    assert np.array_equal(less.Ts_world_cell, full.Ts_world_cell[kept])


BIN = "bulk_bin"
TRAY = "prismatic_tray"


@pytest.mark.parametrize(
    ("scene", "overrides", "message"),
    [
        (TRAY, ["tray.empty=[12]"], "tray.empty.0: the tray has no such pocket; got 12"),
        (TRAY, ["tray.empty=[3,3]"], "tray.empty.1: this pocket is named already; got 3"),
        (TRAY, ["tray.rows=1", "tray.empty=[0,1]"], "tray.empty: no cell is left in the tray"),
        (TRAY, ["tray.empty=[3]", "tray.cells=12"], "accepted: 1 to 11 for 6 x 2"),
        (TRAY, ["tray.layers=2"], "tray.layers: only lying cells stack; got 2"),
        (TRAY, ["tray.arrangement=lying"], "vacuum_2cup picks upright cells alone; got 'lying'"),
        (TRAY, ["tray.arrangement=flat"], "tray.arrangement: must be 'upright', 'lying' or 'heap'"),
        (
            "cylindrical_tray",
            ["tray.arrangement=lying", "tray.layers=2"],
            "tray.layers: lying cylinders roll off each other",
        ),
        (TRAY, ["tray.odd=[{pocket: 12, pose: tilted}]"], "tray.odd.0.pocket: the tray has no"),
        (
            TRAY,
            ["tray.odd=[{pocket: 3, pose: tilted}]", "tray.empty=[3]"],
            "tray.odd.0.pocket: there is no cell in this pocket; got 3",
        ),
        (
            TRAY,
            ["tray.odd=[{pocket: 3, pose: tilted}]"],
            "tray.odd: a tilted cell has nothing to lean on; got 'pocket 3'",
        ),
        (
            "cylindrical_tray",
            ["tray.odd=[{pocket: 5, pose: tilted}]", "tray.empty=[1]"],
            "tray.divider_height_mm: dividers keep a cell from leaning; got 30.0",
        ),
        (
            TRAY,
            ["tray.arrangement=lying", "tray.odd=[{pocket: 3, pose: half_out}]"],
            "tray.odd: odd cells stand in a tray of upright ones; got 'lying'",
        ),
        (BIN, ["tray.inner_size_mm=null"], "tray.inner_size_mm: a heap needs a bin"),
        (BIN, ["tray.layers=2"], "tray.layers: a heap has no pockets, and lies as it fell"),
        (BIN, ["tray.turned_share=0.5"], "tray.turned_share: a heap has no pockets"),
        (BIN, ["tray.jitter.yaw_deg=1"], "tray.jitter: a heap has no pockets"),
        (BIN, ["tray.inner_size_mm=[280,60]"], "too narrow to drop cells into"),
        (BIN, ["tray.wall_height_mm=40"], "tray.wall_height_mm: the heap would spill over"),
        (BIN, ["purpose=pick"], "pin_jaw_21 picks upright cells alone; got 'heap'"),
        (TRAY, ["foreign=[{kind: hat, position_mm: [0,0]}]"], "foreign.0.kind: must be 'glove'"),
    ],
)
def test_an_arrangement_that_cannot_be_is_refused(scene, overrides, message):
    with pytest.raises(InputError) as caught:
        resolve_scene(load_scene(scene, overrides))
    assert message in str(caught.value)


def test_a_scene_for_looks_says_why_nothing_picks_there_and_is_not_run(tmp_path):
    models = resolve_scene(load_scene(BIN))
    assert "pin_jaw_21 picks upright cells alone" in grip_problem(models)
    assert grip_problem(resolve_scene(load_scene(TRAY))) == ""
    with pytest.raises(InputError, match="purpose: nothing can be picked"):
        run_scene(models, 0, tmp_path / "run", lambda _: None)
    assert not (tmp_path / "run").exists()


def test_foreign_objects_lie_on_what_is_beneath_them_and_are_in_the_truth():
    _, state = drawn("odd_tray")
    cells = cell_bodies(state)
    for number, stray in enumerate(state.foreign):
        parts = bodies_of(
            tuple(s for s in state.fixtures if s.name.startswith(f"foreign.{number}."))
        )
        i, j = np.indices((len(parts.Ts), len(cells.Ts))).reshape(2, -1)
        assert 0 < separations(parts.take(i), cells.take(j)).min() < 3e-3
        inside = np.abs((invert(stray.T_world_box) @ parts.Ts)[:, :3, 3]) <= stray.size_m / 2
        assert inside.all()
    document = truth_document(state)["foreign"]
    assert [entry["kind"] for entry in document] == ["glove", "screwdriver", "hex_key"]
    T_world_box = state.T_world_base @ np.array(document[0]["T_base_box"])
    assert T_world_box == pytest.approx(state.foreign[0].T_world_box)


def test_foreign_objects_leave_the_cells_where_they_are():
    _, bare = drawn(TRAY)
    _, with_glove = drawn(TRAY, "foreign=[{kind: glove, position_mm: [0, 0]}]")
    assert np.array_equal(bare.Ts_world_cell, with_glove.Ts_world_cell)
    assert bare.serials == with_glove.serials


@pytest.mark.parametrize("scene", ["pouch_stack", "blade_tray"])
def test_what_stands_out_of_the_ends_is_where_the_drawing_has_it(scene):
    cell = resolve_scene(load_scene(scene)).cell
    mesh = cell_mesh(cell)
    length = cell.size_m[0] / 2 + cell.features[0].height_m
    assert mesh.vertices[:, 0].max() == pytest.approx(length)
    assert mesh.vertices[:, 0].min() == pytest.approx(-length)
    for feature in cell.features[:2]:
        solid = cell.raised_solid(feature)
        beyond = mesh.vertices[:, 0] * feature.side > cell.size_m[0] / 2 + 1e-6
        off = mesh.vertices[beyond] - solid.T_parent_solid[:3, 3]
        half = np.abs(solid.T_parent_solid[:3, :3]) @ solid.size_m / 2
        assert np.abs(off).max(axis=0) == pytest.approx(half, abs=1e-9)
    corner = mesh.vertices[mesh.triangles]
    facing = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    outward = (facing * mesh.normals[mesh.triangles].mean(axis=1)).sum(axis=1)
    assert (outward[np.linalg.norm(facing, axis=1) > 1e-14] > 0).all()
