"""Small stations for the tests of grasping, evaluate and report, made by hand in the base frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cellpick.geometry import Floats, pose, rotation_z, translation
from cellpick.structures import (
    ArmModel,
    CellEstimates,
    CellModel,
    Cups,
    GripperModel,
    Jaws,
    Recipe,
    Solid,
    SurfaceFeature,
    Symmetry,
)


def feature(name, kind, face, outline, center, size, height=0.0, polarity=""):
    return SurfaceFeature(
        name, kind, face, outline, np.array(center), np.array(size), height, "steel", polarity
    )


def box_cell(symmetries: tuple[Symmetry, ...] = ()) -> CellModel:
    features = (
        feature("vent", "vent", "+z", "rect", (0, 0), (0.020, 0.012)),
        feature("plus", "terminal", "+z", "rect", (0.055, 0), (0.030, 0.017), 0.0015, "+"),
        feature("minus", "terminal", "+z", "rect", (-0.055, 0), (0.030, 0.017), 0.0015, "-"),
        feature("code", "code", "+z", "rect", (-0.0215, 0), (0.013, 0.013)),
    )
    size = np.array([0.148, 0.0265, 0.091])
    return CellModel(
        "box", "box", size, 0.81, 0.002, 0.0005, "s", "s", "s", 0.35, features, symmetries
    )


def round_cell() -> CellModel:
    features = (
        feature("rim", "terminal", "+z", "ring", (0, 0), (0.021, 0.0165), 0.0, "-"),
        feature("plus", "terminal", "+z", "disc", (0, 0), (0.011, 0.011), 0.0003, "+"),
        feature("can", "terminal", "-z", "disc", (0, 0), (0.019, 0.019), 0.0, "-"),
    )
    turn = Symmetry(np.array([0.0, 0.0, 1.0]), 0)
    size = np.array([0.021, 0.021, 0.070])
    return CellModel(
        "round", "cylinder", size, 0.07, 0.0, 0.0008, "s", "s", "s", 0.35, features, (turn,)
    )


def solid(name, shape, size_mm, center_mm=(0, 0, 0)):
    center = translation(np.multiply(center_mm, 1e-3))
    return Solid(name, shape, np.multiply(size_mm, 1e-3), center)


def cup_gripper(radius_m: float = 0.010, at_m: float = 0.025) -> GripperModel:
    x = 1e3 * at_m
    solids = (
        solid("gripper.stem", "cylinder", (36, 36, 100), (0, 0, 50)),
        solid("gripper.bar", "box", (76, 18, 20), (0, 0, 110)),
        solid("gripper.cup.0", "cylinder", (20, 20, 80), (x, 0, 160)),
        solid("gripper.cup.1", "cylinder", (20, 20, 80), (-x, 0, 160)),
    )
    centers = np.array([[at_m, 0.0, 0.0], [-at_m, 0.0, 0.0]])
    cups = Cups(centers, radius_m, 0.001, 75e3, 0.5, 0.12, 0.06, 4.7)
    return GripperModel("cups", "vacuum", 1.0, translation([0, 0, 0.2]), solids, cups=cups)


def pin_gripper(opening_m: tuple[float, float] = (0.0, 0.006), pin_mm: float = 4.5) -> GripperModel:
    def side(sign):
        return (
            solid("block", "box", (12, 26.5, 48), (sign * 7.516, 0, -36)),
            solid("pin.0", "cylinder", (pin_mm, pin_mm, 37), (sign * 7.516, 9.016, 6.5)),
            solid("pin.1", "cylinder", (pin_mm, pin_mm, 37), (sign * 7.516, -9.016, 6.5)),
        )

    jaws = Jaws((side(1), side(-1)), np.array(opening_m), 40.0, 0.05, 0.6, 0.08)
    body = (solid("gripper.body", "box", (96, 50, 50), (0, 0, 85)),)
    return GripperModel("pins", "jaws", 1.3, translation([0, 0, 0.175]), body, jaws=jaws)


def arm() -> ArmModel:
    return ArmModel(
        "arm", Path("arm.urdf"), ("",) * 6, ("",) * 7, "flange",
        np.tile(np.eye(4), (6, 1, 1)), np.tile([0.0, 0.0, 1.0], (6, 1)), np.eye(4),
        -np.ones(6), np.ones(6), np.ones(6), np.ones(6), np.ones(6), np.ones(6),
        10.0, 1.1, 0.0, ((),) * 7,
    )  # fmt: skip


def recipe(
    cell: CellModel | None = None,
    gripper: GripperModel | None = None,
    fixtures: tuple[Solid, ...] = (),
    Ts_module_slot: Floats | None = None,
) -> Recipe:
    cell = box_cell() if cell is None else cell
    if Ts_module_slot is None:
        seat = translation([0, 0, cell.height_m / 2])
        turned = pose(rotation_z(np.pi), seat[:3, 3])
        Ts_module_slot = np.array([translation([0, 0.03, 0]) @ seat, turned])
    return Recipe(
        cell, arm(), cup_gripper() if gripper is None else gripper, (), {}, fixtures,
        translation([0.5, -0.2, 0.01]), np.array([0.3, 0.2, 0.06]), 0.005,
        translation([0.5, 0.3, 0.01]), np.array([0.3, 0.2, 0.015]), Ts_module_slot,
        0.001, np.radians(1.0), 0.001, 0.99, 0.0008, 0.2, 5, 3,
    )  # fmt: skip


def estimates(
    Ts_base_cell: Floats | Sequence[Floats], cell: CellModel | None = None, sigma_m: float = 1e-4
) -> CellEstimates:
    cell = box_cell() if cell is None else cell
    Ts = np.array(Ts_base_cell, dtype=np.float64).reshape(-1, 4, 4)
    n = len(Ts)
    yaw = np.pi / 2 if cell.turns_freely else 5e-4
    variances = np.square([sigma_m, sigma_m, sigma_m, 1e-3, 1e-3, yaw])
    axis = "+x" if cell.shape == "box" else "+z"
    return CellEstimates(
        cell.name, Ts, np.tile(np.diag(variances), (n, 1, 1)), (axis,) * n, np.ones(n),
        tuple(f"A{i:03d}" for i in range(n)), ("ok",) * n, ("",) * n, np.ones(n),
    )  # fmt: skip


def changed(table: CellEstimates, row: int, **fields: object) -> CellEstimates:
    """The estimates with some fields of one row replaced."""
    new: dict[str, object] = {}
    for name, value in fields.items():
        column = getattr(table, name)
        if isinstance(column, tuple):
            new[name] = (*column[:row], value, *column[row + 1 :])
        else:
            copy = np.array(column)
            copy[row] = value
            new[name] = copy
    return replace(table, **new)  # type: ignore[arg-type]


def grid(
    rows: int, columns: int, pitch_xy: tuple[float, float], z: float, yaw: float = 0.0
) -> Floats:
    """Poses (n, 4, 4) of upright cells in a grid about (0.5, -0.2), `z` the height of centres."""
    i, j = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    xy = np.stack([(j - (columns - 1) / 2).ravel(), (i - (rows - 1) / 2).ravel()], axis=-1)
    p = np.concatenate([xy * pitch_xy, np.full((rows * columns, 1), z)], axis=1)
    return pose(rotation_z(yaw), [0.5, -0.2, 0.0]) @ translation(p)
