"""Takes a calibration file for a rig, or says what is wrong with it."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, angle_between, invert
from cellpick.scene import CameraSpec, SceneModels
from cellpick.structures import CameraCalibration, RigCalibration

NEAR_M = 0.05
"""A camera is nearer to where it is drawn than this: brackets are made to a millimetre or two."""
NEAR_RAD = np.radians(10.0)
"""Likewise its turn."""
MM = 1e-3


def adopt(
    calibration: RigCalibration, models: SceneModels, source: str
) -> tuple[CameraCalibration, ...]:
    """The believed cameras of the rig; raises `InputError` for a file of another rig or with poses
    in a wrong convention, naming it. `source` is the file, for messages."""
    drawn = models.cameras
    names, wanted = [c.camera for c in calibration.cameras], [c.name for c in drawn]
    if names != wanted:
        raise InputError(
            "a calibration of another rig: its cameras are others",
            source=source,
            got=", ".join(names),
            accepted=", ".join(wanted),
        )
    for row, (camera, spec) in enumerate(zip(calibration.cameras, drawn, strict=True)):
        _check(camera, spec, source, f"calibration.cameras[{row}]")
    return calibration.cameras


def _check(camera: CameraCalibration, spec: CameraSpec, source: str, key: str) -> None:
    size, drawn = (camera.width_px, camera.height_px), (spec.width_px, spec.height_px)
    if size != drawn:
        raise InputError(
            "a calibration of another rig: the camera's image has another size",
            source=source,
            key=f"{key}.width_px",
            got=size,
            accepted=str(drawn),
        )
    if camera.mount != spec.mount:
        raise InputError(
            "a calibration of another rig: eye-in-hand and eye-to-hand are swapped",
            source=source,
            key=f"{key}.mount",
            got=camera.mount,
            accepted=spec.mount,
        )
    T, wanted = camera.T_mount_camera, spec.T_mount_camera
    if _near(T, wanted):
        return
    if _near(invert(T), wanted):
        mistake = "it is the inverse: camera->mount, not mount->camera"
    elif _near(_scaled(T, MM), wanted):
        mistake = "it is in millimetres, not metres"
    elif _near(invert(_scaled(T, MM)), wanted):
        mistake = "it is the inverse, camera->mount, and in millimetres"
    else:
        mistake = "this is another rig, or a convention that is not known"
    raise InputError(
        f"the camera's place is not near the drawing's: {mistake}",
        source=source,
        key=f"{key}.T_mount_camera",
        got=T[:3, 3].round(4).tolist(),
        accepted=f"T_{spec.mount}_camera within {1e3 * NEAR_M:.0f} mm and "
        f"{np.degrees(NEAR_RAD):.0f} degrees of the drawing, {wanted[:3, 3].round(4).tolist()} m",
    )


def _near(T: Floats, U: Floats) -> bool:
    shift = float(np.linalg.norm(T[:3, 3] - U[:3, 3]))
    return shift < NEAR_M and float(angle_between(T[:3, :3], U[:3, :3])) < NEAR_RAD


def _scaled(T: Floats, factor: float) -> Floats:
    out: Floats = T.copy()
    out[:3, 3] *= factor
    return out
