"""A drawn cell, four cameras and exact pictures and points of it, made without `sensors`."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from cellpick.geometry import Floats, invert, perturb, pixel_grid, pose, rays, transform
from cellpick.perception.core.depth_errors import WARP_SHARE
from cellpick.structures import (
    CameraCalibration,
    Capture,
    CellModel,
    Material,
    SurfaceFeature,
    Symmetry,
)

TRANSLATION_SIGMA, ROTATION_SIGMA = 1e-4, np.radians(0.02)
MATERIALS = {
    name: Material(name, np.full(3, albedo), metallic, 0.5, metallic > 0.5)
    for name, albedo, metallic in (
        ("lid", 0.5, 1.0),
        ("film", 0.1, 0.0),
        ("white", 0.85, 0.0),
        ("black", 0.04, 0.0),
        ("bright", 0.8, 1.0),
    )
}
GREY = {"lid": 120.0, "film": 40.0, "white": 210.0, "black": 12.0, "bright": 170.0}


def _feature(name, kind, outline, center, size, height, material, polarity=""):
    return SurfaceFeature(
        name, kind, "+z", outline, np.array(center), np.array(size), height, material, polarity
    )


def box_cell() -> CellModel:
    """A prismatic cell with sharp edges, so that the exact picture needs no rounding."""
    return CellModel(
        name="box",
        shape="box",
        size_m=np.array([0.080, 0.026, 0.040]),
        mass_kg=0.2,
        corner_radius_m=0.0,
        rim_radius_m=0.0,
        case_material="film",
        top_material="lid",
        bottom_material="film",
        friction=0.3,
        features=(
            _feature("vent", "vent", "disc", [0.004, 0], [0.008, 0.008], 0.0, "black"),
            _feature("plus", "terminal", "rect", [0.028, 0], [0.016, 0.012], 0.0015, "bright", "+"),
            _feature(
                "minus", "terminal", "rect", [-0.028, 0], [0.016, 0.012], 0.0015, "white", "-"
            ),
            _feature("label", "label", "rect", [-0.01, 0], [0.012, 0.012], 0.0, "white"),
        ),
        symmetries=(),
    )


def round_cell() -> CellModel:
    """A cylindrical cell whose yaw means nothing."""
    return CellModel(
        name="round",
        shape="cylinder",
        size_m=np.array([0.046, 0.046, 0.040]),
        mass_kg=0.3,
        corner_radius_m=0.0,
        rim_radius_m=0.0,
        case_material="film",
        top_material="lid",
        bottom_material="lid",
        friction=0.3,
        features=(
            _feature("ring", "label", "ring", [0, 0], [0.03, 0.02], 0.0, "white"),
            _feature("cap", "terminal", "disc", [0, 0], [0.02, 0.02], 0.0, "black", "+"),
        ),
        symmetries=(Symmetry(np.array([0.0, 0.0, 1.0]), 0),),
    )


def calibrations(width: int = 400, height: int = 300) -> list[CameraCalibration]:
    """Four believed cameras round the origin of the base frame, 0.35 m above it, tilted inwards."""
    out = []
    focal = 1300.0 * width / 640
    K = np.array([[focal, 0, width / 2 - 0.5], [0, focal, height / 2 - 0.5], [0, 0, 1]])
    for k, (x, y) in enumerate(((1, 1), (1, -1), (-1, -1), (-1, 1))):
        eye = np.array([0.08 * x, 0.07 * y, 0.37])
        z = -eye / np.linalg.norm(eye)
        right = np.cross(z, [0, 1.0, 0])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(z, right), z], axis=-1)
        out.append(
            CameraCalibration(
                camera=f"cam{k}",
                width_px=width,
                height_px=height,
                K=K,
                distortion=np.array([-0.06, 0.02, 4e-4, -3e-4, 0.0]),
                mount="base",
                T_mount_camera=pose(R, eye),
                translation_sigma_m=TRANSLATION_SIGMA,
                rotation_sigma_rad=ROTATION_SIGMA,
                pixel_sigma_px=0.1,
                depth_sigma_m=8e-5 if k % 2 == 0 else 0.0,
                depth_reference_m=0.4,
            )
        )
    return out


def true_poses(cameras: Sequence[CameraCalibration], rng: np.random.Generator | None) -> Floats:
    """(c, 4, 4) true camera poses: the believed ones, off by a drawn calibration error."""
    Ts = np.array([c.T_mount_camera for c in cameras])
    if rng is None:
        return Ts
    sigma = np.repeat([TRANSLATION_SIGMA, ROTATION_SIGMA], 3)
    return perturb(Ts, rng.normal(size=(len(Ts), 6)) * sigma)


def captures_of(
    cell: CellModel,
    Ts_base_cell: Floats,
    cameras: Sequence[CameraCalibration],
    Ts_true: Floats,
    rng: np.random.Generator | None = None,
    noise: float = 1.0,
) -> list[Capture]:
    """Pictures in sRGB with 2 x 2 rays a pixel and, with `rng`, noise in levels of light."""
    out = []
    for calibration, T in zip(cameras, Ts_true, strict=True):
        grey = _picture(cell, Ts_base_cell, calibration, T)
        if rng is not None:
            grey = grey + rng.normal(size=grey.shape) * noise
        light = np.clip(grey / 255, 0, 1)
        srgb = np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        image = np.repeat(np.rint(255 * srgb).astype(np.uint8)[..., None], 3, axis=-1)
        out.append(Capture(calibration, image, None, 0.0, np.eye(4)))
    return out


def _picture(cell: CellModel, Ts: Floats, camera: CameraCalibration, T_base_camera: Floats):
    pixels = pixel_grid(camera.width_px, camera.height_px)
    total = np.zeros(len(pixels))
    for du, dv in ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)):
        d = rays(pixels + np.array([du, dv]), camera.K, camera.distortion)
        grey, depth = np.full(len(d), 25.0), np.full(len(d), np.inf)
        for T in Ts:
            T_cell_camera = invert(T) @ T_base_camera
            eye, towards = T_cell_camera[:3, 3], d @ T_cell_camera[:3, :3].T
            aside = np.linalg.norm(np.cross(towards, eye), axis=1)
            near = aside < 0.55 * np.linalg.norm(cell.size_m) * np.linalg.norm(towards, axis=1)
            part, part_depth = grey[near], depth[near]
            _draw(cell, eye, towards[near], part, part_depth)
            grey[near], depth[near] = part, part_depth
        total += grey
    return (total / 4).reshape(camera.height_px, camera.width_px)


def _draw(cell: CellModel, eye: Floats, d: Floats, grey: Floats, depth: Floats) -> None:
    """Draw the case, then its raised features, into `grey` where they are nearest."""
    centre = np.zeros(3)
    bodies = [(cell.shape, centre, cell.size_m, cell.top_material, cell.case_material)]
    for f in cell.features:
        if f.height_m > 0:
            middle = np.array([*f.center_m, cell.height_m / 2 + f.height_m / 2])
            size = np.array([*f.size_m, f.height_m])
            bodies.append(("box", middle, size, f.material, f.material))
    for shape, middle, size, top, side in bodies:
        t, on_top = _hit(shape, eye - middle, d, size)
        near = t < depth
        value = np.where(on_top, GREY[top], 0.6 * GREY[side])
        if side != top:
            xy = (eye + np.where(np.isfinite(t), t, 0)[:, None] * d)[:, :2]
            for f in cell.features:
                if f.height_m == 0:
                    value[on_top & _covers(f, xy)] = GREY[f.material]
        grey[near], depth[near] = value[near], t[near]


def _hit(shape: str, eye: Floats, d: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Ray parameter (n,) at a convex body, inf where it misses, and whether it hits the top."""
    half = size / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.sort((np.stack([-half, half])[:, None] - eye) / d, axis=0)
        if shape == "cylinder":
            a, b = (d[:, :2] ** 2).sum(1), d[:, :2] @ eye[:2]
            root = np.sqrt(b**2 - a * (eye[:2] @ eye[:2] - half[0] ** 2))
            t[:, :, 0], t[:, :, 1] = np.stack([-b - root, -b + root]) / a, t[:, :, 2]
    first, last = t[0].max(axis=1), t[1].min(axis=1)
    hit = (first < last) & (first > 0)
    return np.where(hit, first, np.inf), hit & (t[0, :, 2] >= first)


def _covers(f: SurfaceFeature, xy: Floats) -> Floats:
    local = xy - f.center_m
    if f.outline == "rect":
        return (np.abs(local) < f.size_m / 2).all(axis=1)
    r = np.hypot(local[:, 0], local[:, 1])
    return (r < f.size_m[0] / 2) & ((r > f.size_m[1] / 2) | (f.outline == "disc"))


def cloud_of(
    cell: CellModel,
    Ts_base_cell: Floats,
    cameras: Sequence[CameraCalibration],
    Ts_true: Floats,
    rng: np.random.Generator,
    count: int = 600,
) -> tuple[Floats, Floats, Floats]:
    """Points (m, 3), sigmas (m,) and cameras (m,) of the cells' tops as the 3D cameras see them."""
    points, sigmas, rows = [], [], []
    for k, camera in enumerate(cameras):
        if camera.depth_sigma_m == 0:
            continue
        for T in Ts_base_cell:
            xy = rng.uniform(-0.5, 0.5, (count, 2)) * cell.size_m[:2]
            if cell.shape == "cylinder":
                xy = xy[np.hypot(*xy.T) < cell.size_m[0] / 2]
            z = np.full(len(xy), cell.height_m / 2)
            for f in cell.features:
                z[(np.abs(xy - f.center_m) < f.size_m / 2).all(axis=1)] += f.height_m
            p = transform(invert(Ts_true[k]) @ T, np.column_stack([xy, z]))
            sigma = camera.depth_sigma_m * (p[:, 2] / camera.depth_reference_m) ** 2
            p = p * (1 + rng.normal(size=len(p)) * sigma / p[:, 2])[:, None]
            points.append(transform(camera.T_mount_camera, p))
            sigmas.append(sigma)
            rows.append(np.full(len(p), k))
    if not points:
        return np.zeros((0, 3)), np.zeros(0), np.zeros(0, np.int64)
    return np.concatenate(points), np.concatenate(sigmas), np.concatenate(rows)


def shared_noise(
    rng: np.random.Generator, shape: tuple[int, int], sigma_px: float
) -> NDArray[np.float64]:
    """Unit normal noise (h, w), spread by a Gaussian kernel."""
    kernel = cv2.getGaussianKernel(2 * int(np.ceil(4 * sigma_px)) + 1, sigma_px).ravel()
    kernel /= np.sqrt((kernel**2).sum())
    white = rng.standard_normal(shape)
    return cv2.sepFilter2D(white, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)


def sensed_cloud(
    cell: CellModel,
    T_base_cell: Floats,
    cameras: Sequence[CameraCalibration],
    Ts_true: Floats,
    rng: np.random.Generator,
    holes: float = 0.0,
) -> tuple[Floats, Floats, Floats]:
    """As `cloud_of`, of one cell, a reading a pixel, with all that the calibrations state: noise
    that neighbours share, warp and scale; a share `holes` of the readings is lost in patches."""
    points, sigmas, rows = [], [], []
    for k, camera in enumerate(cameras):
        if camera.depth_sigma_m == 0:
            continue
        shape = (camera.height_px, camera.width_px)
        d = rays(pixel_grid(*shape[::-1]), camera.K, camera.distortion)
        T = invert(T_base_cell) @ Ts_true[k]
        eye, towards = T[:3, 3], d @ T[:3, :3].T
        z = (cell.height_m / 2 - eye[2]) / towards[:, 2]
        xy = (eye + z[:, None] * towards)[:, :2]
        on = (np.abs(xy) < cell.size_m[:2] / 2).all(axis=1)
        for f in cell.features:
            on &= ~(np.abs(xy - f.center_m) < f.size_m / 2 + 2e-3).all(axis=1) | (f.height_m == 0)
        on &= (shared_noise(rng, shape, 4.0) > norm.ppf(holes)).ravel()
        sigma = camera.depth_sigma_m * (z / camera.depth_reference_m) ** 2
        noise = shared_noise(rng, shape, max(camera.depth_correlation_px, 0.1)).ravel()
        warp = shared_noise(rng, shape, WARP_SHARE * camera.width_px).ravel()
        scale = 1 + rng.normal() * camera.depth_scale_sigma
        read = z * scale + sigma * noise + camera.depth_warp_m * warp
        points.append(transform(camera.T_mount_camera, (read[:, None] * d)[on]))
        sigmas.append(sigma[on])
        rows.append(np.full(int(on.sum()), k))
    return np.concatenate(points), np.concatenate(sigmas), np.concatenate(rows)
