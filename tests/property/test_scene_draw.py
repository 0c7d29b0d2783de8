import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellpick.geometry import invert, transform
from cellpick.scene import (
    SceneModels,
    SceneState,
    draw_scene,
    load_scene,
    nominal_state,
    resolve_scene,
)
from cellpick.scene.overlap import Bodies, bodies_of, pairs, separations

CELLS = {
    "prismatic_148x26x91": "prismatic_tray",
    "prismatic_173x45x125": "prismatic_tray",
    "cylindrical_21700": "cylindrical_tray",
    "cylindrical_4680": "cylindrical_4680",
}
ROUNDING_M = 2e-9


def station(cell: str, *overrides: str) -> SceneModels:
    return resolve_scene(load_scene(CELLS[cell], [f"cell={cell}", *overrides]))


def cell_bodies(state: SceneState) -> Bodies:
    n = len(state.serials)
    half = np.broadcast_to(state.cell.size_m / 2, (n, 3))
    return Bodies(state.Ts_world_cell, half, np.full(n, state.cell.shape == "cylinder"))


def gaps(state: SceneState, a: Bodies) -> tuple[float, float]:
    """Least gap between cells, and between cells and fixtures but pads, table and a fixed rig."""
    i, j = pairs(len(a.Ts))
    skip = ("tray.pad", "table", "rig.")
    walls = bodies_of(tuple(s for s in state.fixtures if not s.name.startswith(skip)))
    k, w = np.indices((len(a.Ts), len(walls.Ts))).reshape(2, -1)
    between = separations(a.take(i), a.take(j)).min() if len(i) else np.inf
    return float(between), float(separations(a.take(k), walls.take(w)).min())


drawings = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "cell": st.sampled_from(sorted(CELLS)),
        "gap": st.floats(0, 8),
        "clearance": st.floats(0, 5),
        "yaw": st.floats(-360, 360),
        "position": st.floats(0, 20),
        "turn": st.floats(0, 30),
        "tilt": st.floats(0, 5),
        "share": st.floats(0, 1),
        "rows": st.integers(1, 4),
        "columns": st.integers(1, 2),
    }
)


@given(drawings)
@settings(max_examples=80)
def test_nothing_overlaps_whatever_the_gap_the_jitter_and_the_yaw(d: dict[str, object]) -> None:
    models = station(
        str(d["cell"]),
        "tray.divider_height_mm=0",
        "tray.floor_mm=20",
        f"tray.gap_mm={d['gap']}",
        f"tray.wall_clearance_mm={d['clearance']}",
        f"tray.yaw_deg={d['yaw']}",
        f"tray.rows={d['rows']}",
        f"tray.columns={d['columns']}",
        f"tray.turned_share={d['share']}",
        f"tray.jitter.position_mm={d['position']}",
        f"tray.jitter.yaw_deg={d['turn']}",
        f"tray.jitter.tilt_deg={d['tilt']}",
    )
    state = draw_scene(models, np.random.default_rng(int(str(d["seed"]))))
    between, to_walls = gaps(state, cell_bodies(state))
    assert between >= -ROUNDING_M
    assert to_walls >= -ROUNDING_M


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("seed", range(5))
def test_every_cell_stands_flat_on_its_pad(cell: str, seed: int) -> None:
    models = station(cell, "tray.jitter.tilt_deg=1", "tray.yaw_deg=170", "tray.turned_share=0.5")
    state = draw_scene(models, np.random.default_rng(seed))
    pads = [s for s in state.fixtures if s.name.startswith("tray.pad.")]
    assert len(pads) == len(state.serials)
    h = state.cell.height_m / 2
    for T, pad in zip(state.Ts_world_cell, pads, strict=True):
        seen = invert(pad.T_parent_solid) @ T
        assert abs(seen[2, 2]) == pytest.approx(1, abs=1e-12)
        assert 0 < seen[2, 3] - h - pad.size_m[2] / 2 < 1e-4


def test_leaning_cells_stay_above_the_floor_plate() -> None:
    models = station(
        "prismatic_148x26x91", "tray.jitter.tilt_deg=5", "tray.gap_mm=20", "tray.floor_mm=20"
    )
    state = draw_scene(models, np.random.default_rng(0))
    floor = next(s for s in state.fixtures if s.name == "tray.floor")
    cells = cell_bodies(state)
    many = bodies_of((floor,) * len(cells.Ts))
    assert separations(cells, many).min() > 0
    assert (np.array([s.size_m for s in state.fixtures]) > 0).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_same_seed_draws_the_same_bits(seed: int) -> None:
    models = station("prismatic_148x26x91")
    a, b = (draw_scene(models, np.random.default_rng(seed)) for _ in range(2))
    assert a.Ts_world_cell.tobytes() == b.Ts_world_cell.tobytes()
    assert a.T_world_tray.tobytes() == b.T_world_tray.tobytes()
    assert a.serials == b.serials
    assert [s.T_parent_solid.tobytes() for s in a.fixtures] == [
        s.T_parent_solid.tobytes() for s in b.fixtures
    ]
    other = draw_scene(models, np.random.default_rng(seed + 1))
    assert a.Ts_world_cell.tobytes() != other.Ts_world_cell.tobytes()


@given(st.floats(0, 1), st.integers(1, 12), st.integers(0, 100))
@settings(max_examples=40)
def test_the_share_of_turned_cells_is_exact(share: float, count: int, seed: int) -> None:
    models = station("prismatic_148x26x91", f"tray.turned_share={share}", f"tray.cells={count}")
    state = draw_scene(models, np.random.default_rng(seed))
    in_tray = invert(state.T_world_tray) @ state.Ts_world_cell
    assert int((in_tray[:, 0, 0] < 0).sum()) == round(share * count)
    assert (in_tray[:, 2, 2] > 0.99).all()


def test_a_turned_cylinder_stands_upside_down() -> None:
    models = station("cylindrical_21700", "tray.turned_share=0.25")
    state = draw_scene(models, np.random.default_rng(3))
    up = state.Ts_world_cell[:, 2, 2]
    assert int((up < -0.99).sum()) == 4
    assert int((up > 0.99).sum()) == 12


def test_which_cells_are_turned_depends_on_the_seed() -> None:
    models = station("prismatic_148x26x91")
    states = [draw_scene(models, np.random.default_rng(seed)) for seed in range(10)]
    in_tray = [invert(s.T_world_tray) @ s.Ts_world_cell for s in states]
    drawn = {(Ts[:, 0, 0] < 0).tobytes() for Ts in in_tray}
    assert len(drawn) > 5


def test_serial_numbers_are_unique_short_and_not_in_the_order_of_places() -> None:
    models = station("prismatic_148x26x91")
    state = draw_scene(models, np.random.default_rng(7))
    assert len(set(state.serials)) == 12
    assert all(len(s) <= 10 and s.isalnum() and s.isascii() for s in state.serials)
    assert list(state.serials) != sorted(state.serials)


def test_more_cells_leave_the_tray_where_it_was() -> None:
    few, many = (station("prismatic_148x26x91", f"tray.cells={n}") for n in (3, 12))
    a, b = (draw_scene(m, np.random.default_rng(5)) for m in (few, many))
    np.testing.assert_array_equal(a.T_world_tray, b.T_world_tray)
    assert a.serials == b.serials[:3]


def test_the_tray_stays_within_its_stated_error() -> None:
    models = station("prismatic_148x26x91", "tray.position_error_mm=4", "tray.yaw_error_deg=3")
    off = []
    for seed in range(40):
        state = draw_scene(models, np.random.default_rng(seed))
        T = invert(models.T_world_tray) @ state.T_world_tray
        off.append([T[0, 3], T[1, 3], np.arctan2(T[1, 0], T[0, 0])])
        assert T[2, 3] == pytest.approx(0, abs=1e-12)
    worst = np.abs(off).max(axis=0)
    bound = np.array([4e-3, 4e-3, np.radians(3)])
    assert (worst <= bound).all()
    assert (worst > 0.8 * bound).all()


@pytest.mark.parametrize("scene", sorted(set(CELLS.values())))
def test_the_nominal_state_is_the_drawing(scene: str) -> None:
    models = resolve_scene(load_scene(scene))
    state = nominal_state(models)
    in_tray = invert(models.T_world_tray) @ state.Ts_world_cell
    np.testing.assert_allclose(
        in_tray[:, :3, :3], np.tile(np.eye(3), (len(in_tray), 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(in_tray[:, :2, 3], models.p_tray_pocket, atol=1e-12)
    pitch = np.unique(np.round(np.diff(np.unique(np.round(in_tray[:, 1, 3], 9))), 9))
    assert len(pitch) == 1
    assert pitch[0] == pytest.approx(models.cell.size_m[1] + models.spec.tray.gap_mm * 1e-3)


@pytest.mark.parametrize("scene", [*sorted(set(CELLS.values())), "prismatic_flush"])
def test_seated_cells_touch_nothing_but_the_seat(scene: str) -> None:
    models = resolve_scene(load_scene(scene))
    Ts = models.T_world_module @ models.Ts_module_slot
    n = len(Ts)
    half = np.broadcast_to(models.cell.size_m / 2, (n, 3))
    seated = Bodies(Ts, half, np.full(n, models.cell.shape == "cylinder"))
    i, j = pairs(n)
    assert separations(seated.take(i), seated.take(j)).min() > 1e-3
    walls = bodies_of(tuple(s for s in models.fixtures if s.name.startswith("module.wall")))
    k, w = np.indices((n, len(walls.Ts))).reshape(2, -1)
    clearance = models.spec.module.clearance_mm * 1e-3
    assert separations(seated.take(k), walls.take(w)).min() == pytest.approx(clearance)
    bottom = transform(invert(models.T_world_module) @ Ts, np.array([[0.0, 0.0, 0.0]]))[:, 0, 2]
    np.testing.assert_allclose(bottom, models.cell.height_m / 2)


def test_slots_point_as_their_pattern_says() -> None:
    models = station("prismatic_148x26x91", "module.polarity=['+x', '+x', '-x']")
    signs = models.Ts_module_slot[:, 0, 0]
    np.testing.assert_allclose(signs, np.tile([1, 1, -1], 4), atol=1e-12)
    round_ = station("cylindrical_21700", "module.polarity=['+z', '-z']")
    np.testing.assert_allclose(round_.Ts_module_slot[:, 2, 2], np.tile([1, -1], 8), atol=1e-12)
    default = station("prismatic_148x26x91", "module.polarity=[]")
    np.testing.assert_allclose(default.Ts_module_slot[:, 0, 0], np.tile([1, -1], 6), atol=1e-12)
