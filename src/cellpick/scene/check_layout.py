"""Refuses cells, tray and module that do not fit each other, the table or the arm's base."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, pose
from cellpick.scene.arrangement import laid_size
from cellpick.scene.fixtures import TABLE_M, divider_thickness, grid, tray_pitch
from cellpick.scene.models import SceneModels, recess_m
from cellpick.scene.overlap import Bodies, bodies_of, separations

FIT_SLACK_M = 1e-9
"""Rounding of a fit that is exact on paper."""
LEAST_WALL_M = 0.5e-3
"""Thinnest divider or floor that could be made."""


def check_layout(models: SceneModels) -> None:
    """Pitch, tray, dividers, pockets, polarity pattern, and what stands in what."""
    _check_pockets(models)
    _check_floor(models)
    _check_dividers(models)
    _check_pattern(models)
    _check_footprints(models)


def _check_pockets(models: SceneModels) -> None:
    tray, cell, source = models.spec.tray, models.cell, models.spec.source
    if tray.arrangement == "heap":
        return
    pitch, size = tray_pitch(tray, cell), laid_size(tray, cell)[:2]
    counts = np.array([tray.columns, tray.rows])
    if ((pitch < size - FIT_SLACK_M) & (counts > 1)).any():
        raise InputError(
            "cells overlap: the pitch is smaller than the cell",
            source=source,
            key="tray.pitch_mm",
            got=_mm(pitch),
            accepted=f"at least {_mm(size)}",
        )
    room = (tray.rows * tray.columns - len(tray.empty)) * tray.layers
    if tray.cells is not None and tray.cells > room:
        raise InputError(
            "more cells than the tray has pockets",
            source=source,
            key="tray.cells",
            got=tray.cells,
            accepted=f"1 to {room} for {tray.rows} x {tray.columns}",
        )
    places = grid(tray.rows, tray.columns, pitch)
    needed = 2 * np.abs(places).max(axis=0) + size
    if (needed > models.tray_size_m[:2] + FIT_SLACK_M).any():
        raise InputError(
            "the cells do not fit the tray",
            source=source,
            key="tray.inner_size_mm",
            got=_mm(models.tray_size_m[:2]),
            accepted=f"at least {_mm(needed)} for {tray.rows} x {tray.columns} cells",
        )


def _check_floor(models: SceneModels) -> None:
    tray = models.spec.tray
    least = (recess_m(models.spec, models.cell) + LEAST_WALL_M) * 1e3
    if tray.floor_mm < least:
        raise InputError(
            "the tray's floor is too thin for pads that lean so far",
            source=models.spec.source,
            key="tray.floor_mm",
            got=tray.floor_mm,
            accepted=f"at least {least:.1f} mm at a tilt_deg of {tray.jitter.tilt_deg:g}",
        )


def _check_dividers(models: SceneModels) -> None:
    tray = models.spec.tray
    if tray.divider_height_mm == 0 or tray.arrangement == "heap":
        return
    counts = np.array([tray.columns, tray.rows])
    thickness = divider_thickness(tray, models.cell)
    if ((thickness < LEAST_WALL_M) & (counts > 1)).any():
        raise InputError(
            "no room for dividers between the cells",
            source=models.spec.source,
            key="tray.divider_clearance_mm",
            got=tray.divider_clearance_mm,
            accepted="gap_mm - 2 divider_clearance_mm of at least 0.5 mm, or divider_height_mm: 0",
        )


def _check_pattern(models: SceneModels) -> None:
    accepted = ("+z", "-z") if models.cell.shape == "cylinder" else ("+x", "-x")
    for i, slot in enumerate(models.spec.module.polarity):
        if slot not in accepted:
            raise InputError(
                f"a {models.cell.shape} cell's positive terminal cannot point there",
                source=models.spec.source,
                key=f"module.polarity.{i}",
                got=slot,
                accepted=" or ".join(accepted),
            )


def _check_footprints(models: SceneModels) -> None:
    tray, module = models.spec.tray, models.spec.module
    margin = tray.wall_thickness_mm * 1e-3 + 2 * tray.position_error_mm * 1e-3
    places = {
        "tray": _footprint(models.T_world_tray, models.tray_size_m, margin),
        "module": _footprint(models.T_world_module, models.module_size_m, 0.0),
    }
    arm = bodies_of(tuple(s.moved(models.T_world_base) for s in models.arm.solids[0]))
    given = {"tray": list(tray.position_mm), "module": list(module.position_mm)}
    for name, body in places.items():
        x, y = body.half_m[0, :2]
        corners = body.Ts[0, :2, :2] @ np.array([[x, x, -x, -x], [y, -y, y, -y]])
        if (np.abs(corners + body.Ts[0, :2, 3:]) > TABLE_M / 2).any():
            raise InputError(
                f"the {name} stands over the edge of the table",
                source=models.spec.source,
                key=f"{name}.position_mm",
                got=given[name],
                accepted=f"all of it within ±{TABLE_M * 500:g} mm in x and y",
            )
        many = body.take(np.zeros(len(arm.Ts), dtype=np.int64))
        if (separations(many, arm) < 0).any():
            raise InputError(
                f"the {name} stands in the arm's base",
                source=models.spec.source,
                key=f"{name}.position_mm",
                got=given[name],
                accepted="a place clear of arm.position_mm",
            )
    if separations(places["tray"], places["module"])[0] < 0:
        raise InputError(
            "tray and module overlap",
            source=models.spec.source,
            key="module.position_mm",
            got=list(module.position_mm),
            accepted=f"a place clear of the tray at {list(tray.position_mm)}",
        )


def _footprint(T: Floats, size_m: Floats, margin_m: float) -> Bodies:
    """A block from the table up through a fixture and the cells in it."""
    half = np.append(size_m[:2] / 2 + margin_m, 0.5)
    upright = pose(T[:3, :3], np.append(T[:2, 3], 0.5))
    return Bodies(upright[None], half[None], np.zeros(1, dtype=bool))


def _mm(values: Floats) -> list[float]:
    return [round(float(v) * 1e3, 3) for v in values]
