"""Refuses a station that cannot work, with the file, the key, what came and what is accepted."""

from __future__ import annotations

from cellpick.errors import InputError
from cellpick.scene.check_cell import check_cell
from cellpick.scene.check_faults import check_faults
from cellpick.scene.check_grip import check_grip
from cellpick.scene.check_layout import check_layout
from cellpick.scene.check_reach import check_reach
from cellpick.scene.models import SceneModels


def check_scene(models: SceneModels) -> None:
    """Raises `InputError` for the first thing that cannot work; each message names file and key."""
    check_cell(models)
    check_layout(models)
    _check_cameras(models)
    check_faults(models)
    check_grip(models)
    check_reach(models)


def _check_cameras(models: SceneModels) -> None:
    ranges = [camera.depth for camera in models.cameras if camera.depth is not None]
    if not ranges:
        raise InputError(
            "the rig has no 3D camera",
            source=models.spec.source,
            key="rig.cameras",
            got=list(models.spec.rig.cameras),
            accepted="at least one camera whose file has a depth block",
        )
    standoff = models.spec.rig.standoff_m - models.spec.rig.forward_mm * 1e-3
    near, far = max(d.near_m for d in ranges), min(d.far_m for d in ranges)
    if not near <= standoff <= far:
        raise InputError(
            "the look is outside the 3D cameras' range",
            source=models.spec.source,
            key="rig.standoff_mm",
            got=round(models.spec.rig.standoff_m * 1e3, 3),
            accepted=f"{near * 1e3:g} to {far * 1e3:g} mm in front of the lenses",
        )
