"""Refuses cameras that cannot see the tray, or that cannot stand where they are put."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import invert, project, translation
from cellpick.scene.arrangement import laid_size
from cellpick.scene.models import SceneModels
from cellpick.scene.overlap import bodies_of, pairs, separations
from cellpick.scene.rig import camera_poses, rig_solids

LEAST_CELL_PX = 12.0
"""Pixels over a cell's shorter side with which a camera shows more than a blot; assumed."""


def check_rig(models: SceneModels) -> None:
    """Raises `InputError` for the first thing that cannot work."""
    _check_range(models)
    _check_view(models)
    _check_resolution(models)
    _check_lenses(models)
    _check_housings(models)


def _check_range(models: SceneModels) -> None:
    rig = models.spec.rig
    standoff = rig.standoff_m - rig.forward_mm * 1e-3
    ranges = [camera.depth for camera in models.cameras if camera.depth is not None]
    near, far = max([0.0, *(d.near_m for d in ranges)]), min([np.inf, *(d.far_m for d in ranges)])
    if not near <= standoff <= far:
        raise InputError(
            "the look is outside the 3D cameras' range",
            source=models.spec.source,
            key="rig.standoff_mm",
            got=round(rig.standoff_m * 1e3, 3),
            accepted=f"{near * 1e3:g} to {far * 1e3:g} mm in front of the lenses",
        )


def _check_view(models: SceneModels) -> None:
    rig = models.spec.rig
    focus = translation([0.0, 0.0, rig.standoff_m])
    for i, (camera, T) in enumerate(zip(models.cameras, camera_poses(rig), strict=True)):
        seen = project((invert(T) @ focus)[None, :3, 3], camera.K, camera.distortion)
        size = np.array([camera.width_px, camera.height_px])
        if not ((seen >= 0) & (seen <= size - 1)).all():
            raise InputError(
                f"camera {i} looks past the tray: its middle is outside the picture",
                source=models.spec.source,
                key="rig.focus_mm",
                got=round(rig.focus_m * 1e3, 3),
                accepted=f"near rig.standoff_mm, {rig.standoff_m * 1e3:g}",
            )


def _check_resolution(models: SceneModels) -> None:
    rig = models.spec.rig
    standoff = rig.standoff_m - rig.forward_mm * 1e-3
    tray = models.spec.tray
    seen = models.cell.size_m if tray.arrangement == "heap" else laid_size(tray, models.cell)[:2]
    short = float(seen.min())
    finest = max(short * camera.K[0, 0] / max(standoff, 1e-3) for camera in models.cameras)
    if finest < LEAST_CELL_PX:
        raise InputError(
            "no camera resolves the cells from there",
            source=models.spec.source,
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


def _check_housings(models: SceneModels) -> None:
    solids = rig_solids(models.spec.rig, models.camera_models)[: len(models.cameras)]
    housings = bodies_of(solids)
    first, second = pairs(len(solids))
    gap = separations(housings.take(first), housings.take(second))
    if (gap < 0).any():
        worst = int(np.argmin(gap))
        raise InputError(
            f"the housings of cameras {first[worst]} and {second[worst]} overlap",
            source=models.spec.source,
            key="rig.offset_mm",
            got=[round(1e3 * float(x), 1) for x in models.spec.rig.corner_m],
            accepted="corners wide enough for the housings, or another order of rig.cameras",
        )
