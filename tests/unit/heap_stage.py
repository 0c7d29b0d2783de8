"""A small synthetic heap: exact depth and plainly coloured pictures of a few cylinders."""

from __future__ import annotations

import dataclasses

import numpy as np

from cellpick.geometry import exp_rotation, invert, pixel_grid, pose, rays
from cellpick.scene import data_folder, load_cell, load_materials
from cellpick.structures import CameraCalibration, Capture, CaptureSet, SearchTask

CELL = load_cell(data_folder("models/cells") / "cylindrical_21700.yaml")
MATERIALS = load_materials(data_folder("models/materials.yaml"))
RADIUS, HALF = 0.0105, 0.035
BLUE, STEEL, RING, FLOOR, ORANGE = (
    (20, 45, 120),
    (95, 92, 86),
    (175, 175, 173),
    (60, 60, 62),
    (200, 90, 20),
)
PLUS_RING = (0.0055, 0.00825)
RIM = 0.0008


def lying(x, y, z=RADIUS, yaw=0.0, tilt=0.0):
    """A cell with its axis along the region's x, turned by `yaw` about z and raised by `tilt`."""
    along = exp_rotation(np.array([0.0, np.pi / 2 - tilt, 0.0]))
    return pose(exp_rotation(np.array([0.0, 0.0, yaw])) @ along, np.array([x, y, z]))


def camera(name, eye, *, depth=True, size=(240, 200), focal=330.0):
    """A calibration and its pose, looking at the middle of the region."""
    z = np.array([0.0, 0.0, 0.02]) - eye
    z = z / np.linalg.norm(z)
    x = np.cross(z, [0.0, 1.0, 0.0])
    x /= np.linalg.norm(x)
    T = pose(np.stack([x, np.cross(z, x), z], -1), np.asarray(eye))
    K = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1.0]])
    return CameraCalibration(
        camera=name,
        width_px=size[0],
        height_px=size[1],
        K=K,
        distortion=np.zeros(5),
        mount="base",
        T_mount_camera=T,
        translation_sigma_m=1e-4,
        rotation_sigma_rad=3e-4,
        pixel_sigma_px=0.1,
        depth_sigma_m=1e-4 if depth else 0.0,
        depth_reference_m=0.4,
    )


def shoot(belief, Ts, rods=(), rng=None):
    """One capture of cells `Ts` (n, 4, 4) on the floor z = 0, in the region's frame; `rods` are
    (pose, radius, half length) of orange cylinders."""
    n = belief.width_px * belief.height_px
    grid = pixel_grid(belief.width_px, belief.height_px).reshape(-1, 2)
    T = belief.T_mount_camera
    ray = rays(grid, belief.K, belief.distortion) @ T[:3, :3].T
    eye = T[:3, 3]
    depth = -eye[2] / ray[:, 2]
    colour = np.tile(np.array(FLOOR, float), (n, 1))
    bodies = [(T_cell, RADIUS, HALF, False) for T_cell in Ts]
    bodies += [(T_rod, radius, half, True) for T_rod, radius, half in rods]
    for T_body, radius, half, foreign in bodies:
        t, q = hit(invert(T_body), eye, ray, radius, half)
        near = t < depth
        depth[near] = t[near]
        colour[near] = ORANGE if foreign else paint(q[near])
    z = depth.astype(np.float32).reshape(belief.height_px, belief.width_px)
    image = colour.reshape(*z.shape, 3).astype(np.uint8)
    if belief.depth_sigma_m == 0:
        z = None
    elif rng is not None:
        z = (z + rng.normal(0, belief.depth_sigma_m, z.shape)).astype(np.float32)
    return Capture(belief, image, z, 1.0, np.eye(4))


def hit(T, eye, ray, radius, half):
    """Ray parameter (m,), infinite for a miss, and the place hit in the body's frame."""
    o, d = T[:3, :3] @ eye + T[:3, 3], ray @ T[:3, :3].T
    a, b = (d[:, :2] ** 2).sum(1), d[:, :2] @ o[:2]
    root = b * b - a * (o[:2] @ o[:2] - radius**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        side = (-b - np.sqrt(root)) / a
        side = np.where((root > 0) & (np.abs(o[2] + side * d[:, 2]) <= half), side, np.inf)
        end = (np.sign(o[2]) * half - o[2]) / d[:, 2]
        rho = np.hypot(*(o[:2] + end[:, None] * d[:, :2]).T)
    end = np.where((rho <= radius) & (end > 0) & (abs(o[2]) > half), end, np.inf)
    t = np.minimum(side, end)
    with np.errstate(invalid="ignore"):
        return t, o + t[:, None] * d


def paint(q):
    """Colour (m, 3) at places on a cell's surface."""
    rho = np.hypot(q[:, 0], q[:, 1])
    out = np.tile(np.array(BLUE, float), (len(q), 1))
    out[np.abs(q[:, 2]) > HALF - 0.9 * RIM] = STEEL
    on_plus = (q[:, 2] > HALF - 1e-6) & (rho > PLUS_RING[0]) & (rho < PLUS_RING[1])
    out[on_plus] = RING
    return out


EYES = (
    ("a_3d", (-0.12, -0.10, 0.40), True),
    ("b_2d", (-0.12, 0.10, 0.40), False),
    ("c_3d", (0.12, 0.10, 0.40), True),
    ("d_2d", (0.12, -0.10, 0.40), False),
)


def heap_look(Ts, *, eyes=EYES, rods=(), seed=0, arrangement="heap", T_base_region=None):
    """A look at cells `Ts` (n, 4, 4) in the region's frame; 2D cameras have twice the pixels."""
    rng = np.random.default_rng(seed)
    T = np.eye(4) if T_base_region is None else T_base_region
    captures = []
    for name, eye, depth in eyes:
        k = 1 if depth else 2
        belief = camera(name, np.array(eye), depth=depth, size=(240 * k, 200 * k), focal=330.0 * k)
        captures.append(moved(shoot(belief, Ts, rods, rng), T))
    task = SearchTask(
        CELL, MATERIALS, T, np.array([0.26, 0.22, 0.08]), 0.99, arrangement=arrangement
    )
    return CaptureSet(tuple(captures), task)


def moved(capture, T):
    """The same picture from a camera that was carried along by `T`."""
    belief = dataclasses.replace(
        capture.calibration, T_mount_camera=T @ capture.calibration.T_mount_camera
    )
    return dataclasses.replace(capture, calibration=belief)
