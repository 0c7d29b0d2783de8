"""The station set up for a calibration: a ChArUco board in place of tray, cells and, where the
cameras are fixed, gripper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cellpick.calibration import black_rectangles
from cellpick.geometry import Floats, invert, pose, rotation_z, translation
from cellpick.scene import Decal, SceneModels, SceneState, draw_scene
from cellpick.station.recipe import believe
from cellpick.structures import CalibrationBoard, Recipe, Solid

BOARDS = {
    "flange": CalibrationBoard(columns=9, rows=7, square_m=0.030, marker_m=0.022),
    "base": CalibrationBoard(columns=7, rows=5, square_m=0.040, marker_m=0.030),
}
"""The board on the table for cameras on the flange, and the one on the flange for fixed ones."""
MARGIN_M = 0.010
"""White edge round the print."""
THICK_M = 0.010
"""Thickness of the plate."""
CARRIED_M = (0.27, 0.0, 0.05)
"""The carried board's middle in the flange frame: beside the wrist, so that the wrist hides little
of it."""
LAID_M = 5e-3
"""How far off its place a person lays the board, uniform along x and y; assumed."""
LAID_RAD = np.radians(2.0)
"""How far it may be turned, uniform; assumed."""


@dataclass(frozen=True, eq=False)
class CalibrationScene:
    """The truth and the drawing of a calibration."""

    state: SceneState
    """The truth, the arm parked."""
    recipe: Recipe
    """What the station plans with: the board stands or is carried as drawn."""
    mount: Literal["flange", "base"]
    """What the cameras are fixed to."""
    board: CalibrationBoard
    """The board as it is believed to be."""
    T_home_board: Floats
    """(4, 4) where the board is drawn: in the base frame, or in the flange's for fixed cameras."""


def calibration_scene(
    models: SceneModels,
    scene_rng: np.random.Generator,
    belief_rng: np.random.Generator,
    printed: CalibrationBoard | None = None,
) -> CalibrationScene:
    """Sets the board up; `printed` is the board as it truly is, the believed one by default."""
    mount = models.cameras[0].mount
    board = BOARDS[mount]
    truth, recipe = draw_scene(models, scene_rng.spawn(1)[0]), believe(models, belief_rng)
    truth = replace(
        truth,
        fixtures=tuple(s for s in truth.fixtures if not s.name.startswith("tray.")),
        Ts_world_cell=np.zeros((0, 4, 4)),
        serials=(),
    )
    fixtures = tuple(s for s in recipe.fixtures if not s.name.startswith("tray."))
    print_ = black_rectangles(printed or board)
    if mount == "flange":
        T_base_board = _on_the_table(models)
        laid = _laid(scene_rng)
        T_world_board = models.T_world_base @ T_base_board @ laid
        decal = Decal("board", "world", T_world_board, print_, "print_black")
        truth = replace(
            truth,
            fixtures=(*truth.fixtures, _plate(board).moved(T_world_board)),
            decals=(*truth.decals, decal),
        )
        recipe = replace(recipe, fixtures=(*fixtures, _plate(board).moved(T_base_board)))
        return CalibrationScene(truth, recipe, mount, board, T_base_board)
    T_flange_board = pose(np.diag([1.0, -1.0, -1.0]), np.array(CARRIED_M))
    carried = (_plate(board).moved(T_flange_board), _bracket())
    bare = replace(truth.gripper, solids=(), jaws=None, cups=None, mass_kg=0.0)
    decal = Decal("board", "flange", T_flange_board, print_, "print_black")
    truth = replace(truth, gripper=bare, rig=carried, decals=(*truth.decals, decal))
    recipe = replace(recipe, fixtures=fixtures, gripper=bare, rig=carried)
    return CalibrationScene(truth, recipe, mount, board, T_flange_board)


def _on_the_table(models: SceneModels) -> Floats:
    """(4, 4) `T_base_board` on the table at the tray's nominal place, its top THICK_M high."""
    T = invert(models.T_world_base) @ models.T_world_tray
    result: Floats = T @ translation([0.0, 0.0, THICK_M - models.T_world_tray[2, 3]])
    return result


def _laid(rng: np.random.Generator) -> Floats:
    x, y, turn = rng.uniform(-1, 1, 3) * [LAID_M, LAID_M, LAID_RAD]
    return pose(rotation_z(turn), np.array([x, y, 0.0]))


def _plate(board: CalibrationBoard) -> Solid:
    """A white plate whose upper side is the board's plane."""
    size = np.array([board.columns, board.rows]) * board.square_m + 2 * MARGIN_M
    below = translation([0.0, 0.0, -THICK_M / 2])
    return Solid("board", "box", np.append(size, THICK_M), below, "label_white")


def _bracket() -> Solid:
    """A bar from the flange to the carried plate's underside, in the flange frame."""
    x, y, z = CARRIED_M
    T = translation([x / 2, y, z + THICK_M + 0.010])
    return Solid("board.bracket", "box", np.array([x + 0.06, 0.06, 0.020]), T, "anodised_black")
