"""Simulated readings of reference marks: false alarms, and looks until a change is noticed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellpick.geometry import Floats, exp_rotation, invert, perturb, pose, rotation_z, transform
from cellpick.perception.health.mark_model import corners_of
from cellpick.perception.health.mark_reading import MarkReadings
from cellpick.perception.health.monitor import FALSE_ALARM_RATE
from cellpick.perception.health.place import PlaceMemory, judge_place
from cellpick.scene import data_folder, load_cell
from cellpick.structures import CameraCalibration, Capture, ReferenceMark, SearchTask

SIDE_M = 0.03
PLACES_M = ((-0.045, -0.16), (-0.045, 0.16), (0.045, -0.16), (0.045, 0.16))
"""Where the default scene's marks lie round the tray's middle."""
SIGMAS = np.array([1e-4] * 3 + [np.radians(0.02)] * 3)
"""The default scene's calibration error."""
MARK_SIGMA_M = 5e-5
ARM_SIGMA = np.array([3e-5] * 3 + [3e-5] * 3)
"""Six encoders of 0.001 degrees at the end of a metre."""
CAMERAS = {"2D, 1600 x 1200": (1930.0, 1600, 1200), "3D, 640 x 480": (772.0, 640, 480)}


@dataclass(frozen=True, eq=False)
class Bench:
    """A camera on the flange over four marks, as it truly is and as it is believed."""

    capture: Capture
    """What it delivers: a belief, and a picture without content."""
    marks: tuple[ReferenceMark, ...]
    """Where they were touched."""
    T_flange_camera: Floats
    """(4, 4) where the camera truly is."""
    Ts_base_mark: Floats
    """(4, 4, 4) where the marks truly are."""
    task: SearchTask
    """The region that the camera is needed for."""


def draw_bench(kind: str, rng: np.random.Generator) -> Bench:
    """One camera with its calibration error, and marks with their touching errors."""
    focal, w, h = CAMERAS[kind]
    K = np.array([[focal, 0, (w - 1) / 2], [0, focal, (h - 1) / 2], [0, 0, 1]])
    T_flange_camera = pose(exp_rotation([0.18, -0.2, 0.0]), [0.12, 0.1, 0.05])
    errors = rng.normal(size=(4, 6)) * MARK_SIGMA_M
    errors[:, 3:5] = 0
    drawn = pose(np.eye(3), np.array([[x, y, 0.0] for x, y in PLACES_M]))
    marks = tuple(ReferenceMark(k, SIDE_M, drawn[k], MARK_SIGMA_M) for k in range(len(PLACES_M)))
    belief = CameraCalibration(
        camera="cam",
        width_px=w,
        height_px=h,
        K=K,
        distortion=np.zeros(5),
        mount="flange",
        T_mount_camera=perturb(T_flange_camera, rng.normal(size=6) * SIGMAS),
        translation_sigma_m=float(SIGMAS[0]),
        rotation_sigma_rad=float(SIGMAS[3]),
        pixel_sigma_px=0.1,
        depth_sigma_m=0.0,
        depth_reference_m=1.0,
    )
    image = np.zeros((h, w, 3), np.uint8)
    cell = load_cell(data_folder("models") / "cells/prismatic_148x26x91.yaml")
    size = np.array([0.31, 0.18, 0.14])
    task = SearchTask(cell, {}, np.eye(4), size, 0.99, marks)
    scale = np.array([1, 1, 1, 1, 1, 1 / SIDE_M])
    return Bench(
        Capture(belief, image, None, 0.0, np.eye(4)),
        marks,
        T_flange_camera,
        perturb(drawn, errors * scale),
        task,
    )


def shoot(
    bench: Bench, rng: np.random.Generator, noise_px: float, off: Floats, focal: float
) -> tuple[Capture, MarkReadings]:
    """One look of the camera after it moved by `off` (6,) and its focal length grew by `focal`."""
    place = np.append(rng.uniform(-0.02, 0.02, 2), rng.uniform(0.68, 0.72))
    T_base_flange = pose(rotation_z(rng.uniform(-0.3, 0.3)) @ np.diag([1.0, -1, -1]), place)
    capture = replace(
        bench.capture, T_base_flange=perturb(T_base_flange, rng.normal(size=6) * ARM_SIGMA)
    )
    T_camera = invert(T_base_flange @ perturb(bench.T_flange_camera, off))
    p = transform(T_camera @ bench.Ts_base_mark, corners_of(SIDE_M))
    length = bench.capture.calibration.K[0, 0]
    xy = p[..., :2] / p[..., 2:] * (1 + focal) + rng.normal(size=(4, 4, 2)) * noise_px / length
    none = np.ones(4)
    return capture, MarkReadings(np.arange(4), xy, xy * length, none, 0 * none, none)


def looks_until_noticed(
    kind: str, seed: int, bump: float, drift: float, looks: int, noise_px: float, healthy: int = 3
) -> int:
    """Looks from the change to the first alarm, 0 for none; negative for one before the change.

    `bump` is a jump of 2 mm and 0.5 degrees times it after `healthy` looks, `drift` 0.02 mm, 0.01
    degrees and 50 millionths of the focal length times it a look.
    """
    rng = np.random.default_rng(seed)
    bench = draw_bench(kind, rng)
    memory = PlaceMemory.of(bench.capture.calibration)
    axes = rng.normal(size=(2, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    unit = (axes * [[2e-3], [np.radians(0.5)]]).reshape(6)
    warm = (axes * [[2e-5], [np.radians(0.01)]]).reshape(6)
    for look in range(1, looks + 1):
        since = max(look - healthy, 0)
        off = bump * unit * (since > 0) + drift * since * warm
        capture, readings = shoot(bench, rng, noise_px, off, 5e-5 * drift * since)
        placed = judge_place(
            memory, capture, list(bench.marks), readings, bench.task, FALSE_ALARM_RATE
        )
        if placed.verdict != "ok":
            return look - healthy if look > healthy else look - healthy - 1
    return 0
