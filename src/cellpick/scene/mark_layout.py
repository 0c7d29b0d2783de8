"""Which places a station's reference marks go round, and what they must stay clear of."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats, pose
from cellpick.scene.arrangement import tray_fill_m
from cellpick.scene.fixtures import module_size, tray_size
from cellpick.scene.marks import DrawnMark, MarkRegion, clear_half, place_marks
from cellpick.scene.overlap import Bodies, bodies_of
from cellpick.scene.spec import SceneSpec
from cellpick.structures import ArmModel, CellModel

MM = 1e-3
BLOCK_M = 0.5
"""Half-height of the block that stands for a fixture and all that stands in it."""


def lay_marks(
    spec: SceneSpec,
    cell: CellModel,
    arm: ArmModel,
    T_world_base: Floats,
    T_world_tray: Floats,
    T_world_module: Floats,
) -> tuple[DrawnMark, ...]:
    """The marks of a station as drawn: round tray and module, where the cells do not hide them."""
    tray_half = tray_size(spec.tray, cell)[:2] / 2 + spec.tray.wall_thickness_mm * MM
    reach = np.linalg.norm(tray_half) * np.radians(spec.tray.yaw_error_deg)
    tray_half = tray_half + 2 * (spec.tray.position_error_mm * MM + reach)
    module_half = module_size(spec.module, cell)[:2] / 2
    arm_base = bodies_of(tuple(s.moved(T_world_base) for s in arm.solids[0]))
    blocks = [_block(T_world_tray, tray_half), _block(T_world_module, module_half)]
    standing = Bodies(
        np.concatenate([arm_base.Ts, *(b.Ts for b in blocks)]),
        np.concatenate([arm_base.half_m, *(b.half_m for b in blocks)]),
        np.concatenate([arm_base.round_, *(b.round_ for b in blocks)]),
    )
    regions = (
        _region(spec, tray_fill_m(spec.tray, cell), spec.marks.tray, T_world_tray, tray_half),
        _region(spec, cell.height_m, spec.marks.module, T_world_module, module_half),
    )
    return place_marks(regions, mark_side_m(spec), standing)


def mark_side_m(spec: SceneSpec) -> float:
    """Side of a mark: larger under fixed cameras, which hang higher."""
    default = 30.0 if spec.rig.mount == "flange" else 45.0
    return (spec.marks.side_mm or default) * MM


def _region(
    spec: SceneSpec, fill_m: float, count: int, T_world_region: Floats, half_m: Floats
) -> MarkRegion:
    top_m = float(T_world_region[2, 3] + fill_m)
    eye_m = top_m + spec.rig.standoff_m - spec.rig.forward_mm * MM
    aside_m = float(np.mean(spec.rig.corner_m))
    return MarkRegion(count, T_world_region, clear_half(half_m, top_m, eye_m, aside_m))


def _block(T_world: Floats, half_m: Floats) -> Bodies:
    T = pose(T_world[:3, :3], np.append(T_world[:2, 3], BLOCK_M))
    return Bodies(T[None], np.append(half_m, BLOCK_M)[None], np.zeros(1, dtype=bool))
