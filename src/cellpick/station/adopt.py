"""Takes a calibration file for a rig, or says what is wrong with it."""

from __future__ import annotations

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats, angle_between, invert, rays
from cellpick.scene import CameraSpec, SceneModels
from cellpick.structures import CameraCalibration, RigCalibration

NEAR_M = 0.05
"""A camera is nearer to where it is drawn than this: brackets are made to a millimetre or two."""
NEAR_RAD = np.radians(10.0)
"""Likewise its turn."""
LENS_SHARE = 0.05
"""A lens's rays are nearer to the drawing's than this share of its focal length; devices of a type
differ by per mille."""
SCALE_SHARE = 0.5
"""A depth scale is nearer to 1: five times the largest scale error that camera files may state."""
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
    _check_lens(camera, spec, source, key)
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


def _check_lens(camera: CameraCalibration, spec: CameraSpec, source: str, key: str) -> None:
    u, v = np.meshgrid(
        np.linspace(0, spec.width_px - 1, 21), np.linspace(0, spec.height_px - 1, 21)
    )
    pixels = np.stack([u.ravel(), v.ravel()], axis=-1)
    with np.errstate(over="ignore", invalid="ignore"):
        believed = rays(pixels, camera.K, camera.distortion)
    off = float(np.abs(believed - rays(pixels, spec.K, spec.distortion)).max())
    if not off < LENS_SHARE:
        raise InputError(
            "the camera's lens is not near the drawing's: this is another rig",
            source=source,
            key=f"{key}.K and distortion",
            got=f"focal lengths of {camera.K[0, 0]:.1f} and {camera.K[1, 1]:.1f} px, distortion "
            f"{camera.distortion.round(4).tolist()}",
            accepted=f"rays within {100 * LENS_SHARE:g} % of the focal length of those of "
            f"{spec.K[0, 0]:.1f} px and {spec.distortion.tolist()}",
        )
    if not abs(camera.depth_scale - 1) < SCALE_SHARE:
        raise InputError(
            "no camera's readings of depth are so wrong",
            source=source,
            key=f"{key}.depth_scale",
            got=camera.depth_scale,
            accepted=f"within {100 * SCALE_SHARE:g} % of 1",
        )


def _near(T: Floats, U: Floats) -> bool:
    shift = float(np.linalg.norm(T[:3, 3] - U[:3, 3]))
    return shift < NEAR_M and float(angle_between(T[:3, :3], U[:3, :3])) < NEAR_RAD


def _scaled(T: Floats, factor: float) -> Floats:
    out: Floats = T.copy()
    out[:3, 3] *= factor
    return out
