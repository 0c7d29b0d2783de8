"""Refuses a station that cannot work, with the file, the key, what came and what is accepted."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import invert, project, translation
from cellpick.scene.check_cell import check_cell
from cellpick.scene.check_faults import check_faults
from cellpick.scene.check_grip import check_grip
from cellpick.scene.check_layout import check_layout
from cellpick.scene.check_reach import check_reach
from cellpick.scene.models import SceneModels
from cellpick.scene.rig import camera_poses

LEAST_CELL_PX = 12.0
"""Pixels over a cell's shorter side with which a camera shows more than a blot; assumed."""


def check_scene(models: SceneModels) -> None:
    """Raises `InputError` for the first thing that cannot work; each message names file and key."""
    check_cell(models)
    check_layout(models)
    _check_cameras(models)
    _check_lenses(models)
    check_faults(models)
    check_grip(models)
    check_reach(models)


def _check_cameras(models: SceneModels) -> None:
    rig = models.spec.rig
    source, standoff = models.spec.source, rig.standoff_m - rig.forward_mm * 1e-3
    ranges = [camera.depth for camera in models.cameras if camera.depth is not None]
    near, far = max([0.0, *(d.near_m for d in ranges)]), min([np.inf, *(d.far_m for d in ranges)])
    if not near <= standoff <= far:
        raise InputError(
            "the look is outside the 3D cameras' range",
            source=source,
            key="rig.standoff_mm",
            got=round(rig.standoff_m * 1e3, 3),
            accepted=f"{near * 1e3:g} to {far * 1e3:g} mm in front of the lenses",
        )
    focus = translation([0.0, 0.0, rig.standoff_m])
    for i, (camera, T) in enumerate(zip(models.cameras, camera_poses(rig), strict=True)):
        seen = project((invert(T) @ focus)[None, :3, 3], camera.K, camera.distortion)
        size = np.array([camera.width_px, camera.height_px])
        if not ((seen >= 0) & (seen <= size - 1)).all():
            raise InputError(
                f"camera {i} looks past the tray: its middle is outside the picture",
                source=source,
                key="rig.focus_mm",
                got=round(rig.focus_m * 1e3, 3),
                accepted=f"near rig.standoff_mm, {rig.standoff_m * 1e3:g}",
            )
    short = float(models.cell.size_m[:2].min())
    finest = max(short * camera.K[0, 0] / max(standoff, 1e-3) for camera in models.cameras)
    if finest < LEAST_CELL_PX:
        raise InputError(
            "no camera resolves the cells from there",
            source=source,
            key="rig.cameras",
            got=f"{finest:.0f} pixels over a cell's shorter side",
            accepted=f"at least {LEAST_CELL_PX:g}",
        )


def _check_lenses(models: SceneModels) -> None:
    for i, camera in enumerate(models.cameras):
        focal_m = float(camera.K[0, 0]) * camera.imager.pixel_pitch_m
        if 0 < camera.imager.focus_m < 2 * focal_m:
            raise InputError(
                f"the lens of camera {i} cannot focus so near",
                source=models.spec.source,
                key="rig.lens_focus_mm",
                got=round(camera.imager.focus_m * 1e3, 1),
                accepted=f"at least twice its focal length of {focal_m * 1e3:.1f} mm",
            )
