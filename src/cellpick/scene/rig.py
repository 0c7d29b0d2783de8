"""Mounts the cameras on the rig's plate: true poses, and the bodies that the arm carries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.geometry import Floats, pose, rotation_z, translation
from cellpick.scene.camera_files import CameraModel
from cellpick.scene.camera_settings import bracketed, focused
from cellpick.scene.cameras import CameraSpec
from cellpick.scene.imager_specs import ImagerSpec
from cellpick.scene.spec import NoiseSpec, RigSpec
from cellpick.structures import Solid

BAR_M = (0.03, 0.010)
"""Width and thickness of the two crossed bars that carry the cameras."""
RIG_DENSITY_KG_M3 = 1200.0
"""Mean density of camera bodies and their bars; assumed."""


def camera_poses(rig: RigSpec) -> Floats:
    """(n, 4, 4) `Ts_plate_camera`: at the corners, optical axes through the focus on the plate's z.

    A camera's x axis runs along the plate's x, towards the plate's middle, so that a projector
    beside the lens stays inside the rig.
    """
    n = len(rig.cameras)
    angle = np.pi / 4 + 2 * np.pi * np.arange(n) / n
    x, y = rig.corner_m
    p = np.stack(
        [np.sqrt(2) * x * np.cos(angle), np.sqrt(2) * y * np.sin(angle), np.zeros(n)], axis=-1
    )
    p[:, 2] = rig.forward_mm * 1e-3
    z = np.array([0.0, 0.0, rig.focus_m]) - p
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    side = np.where(p[:, :1] > 0, -1.0, 1.0) * np.array([1.0, 0.0, 0.0])
    x_axis = side - np.sum(side * z, axis=-1, keepdims=True) * z
    x_axis /= np.linalg.norm(x_axis, axis=-1, keepdims=True)
    R = np.stack([x_axis, np.cross(z, x_axis), z], axis=-1)
    return pose(R, p)


def camera_specs(
    rig: RigSpec, noise: NoiseSpec, models: tuple[CameraModel, ...], T_base_plate: Floats
) -> tuple[CameraSpec, ...]:
    """The true cameras; `T_base_plate` (4, 4) places a fixed rig and is unused on the flange."""
    Ts = camera_poses(rig)
    reach_m = np.linalg.norm(Ts[:, :3, 3] - [0.0, 0.0, rig.focus_m], axis=-1)
    if rig.lens_focus_mm is not None:
        reach_m = np.full(len(Ts), rig.lens_focus_mm * 1e-3)
    taking = [
        focused(bracketed(model, rig.hdr), float(distance))
        for model, distance in zip(models, reach_m, strict=True)
    ]
    if rig.mount == "fixed":
        Ts = T_base_plate @ Ts
    return tuple(
        CameraSpec(
            name=f"cam{i}_{'2d' if model.depth is None else '3d'}",
            width_px=model.width_px,
            height_px=model.height_px,
            K=model.K,
            distortion=model.distortion,
            mount="flange" if rig.mount == "flange" else "base",
            T_mount_camera=T,
            imager=_noisy_imager(model.imager, noise.image),
            depth=model.depth.scaled(noise.depth) if model.depth is not None else None,
            timing=model.timing,
            translation_sigma_m=rig.calibration_error_mm * 1e-3,
            rotation_sigma_rad=float(np.radians(rig.calibration_error_deg)),
            depth_scale_sigma=rig.calibration_error_depth_permille * 1e-3,
        )
        for i, (model, T) in enumerate(zip(taking, Ts, strict=True))
    )


def rig_solids(rig: RigSpec, models: tuple[CameraModel, ...]) -> tuple[Solid, ...]:
    """Camera housings and the crossed bars that carry them, in the plate's frame."""
    solids = []
    for i, (model, T) in enumerate(zip(models, camera_poses(rig), strict=True)):
        # the housing ends 1 mm behind the optical centre, and holds the projector beside it
        beside = model.depth.baseline_m / 2 if model.depth is not None else 0.0
        back = np.array([beside, 0.0, -model.body_m[2] / 2 - 1e-3])
        solids.append(
            Solid(f"rig.camera.{i}", "box", model.body_m, T @ translation(back), "anodised_black")
        )
    x, y = rig.corner_m
    size = np.array([2 * np.hypot(x, y), *BAR_M])
    for name, sign in (("a", 1.0), ("b", -1.0)):
        R = rotation_z(sign * np.arctan2(y, x))
        T = pose(R, np.array([0.0, 0.0, BAR_M[1] / 2]))
        solids.append(Solid(f"rig.bar.{name}", "box", size, T, "anodised_black"))
    return tuple(solids)


def _noisy_imager(imager: ImagerSpec, scale: float) -> ImagerSpec:
    # shot noise relative to the signal goes with one over the root of the full well
    full_well = imager.full_well_e / scale**2 if scale > 0 else 1e15
    return replace(
        imager,
        full_well_e=full_well,
        read_noise_e=imager.read_noise_e / scale if scale > 0 else 0.0,
    )
