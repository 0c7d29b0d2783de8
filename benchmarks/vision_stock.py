"""The pipeline that Open3D's own tutorials lead to: one cloud, planes, clusters, ICP.

Depth images to one cloud, cropped to the search region; voxel grid; the surface that cells stand on
taken out as the plane of most points (RANSAC); DBSCAN; then each cluster is registered to a cloud
of the model by point-to-plane ICP from its bounding box. It finds no polarity.
"""

from __future__ import annotations

import numpy as np
import open3d as o3d

from cellpick.geometry import Floats, invert, pose, rotation_z
from cellpick.structures import CaptureSet

VOXEL_M = 2e-3
BELOW_TOP_M = 0.02
"""What lies deeper below the cells' drawn height is cropped."""
CLUSTER_M = 2.4e-3
"""Neighbours within this. At 3 mm and more all cells are one cluster, at less they fall apart: no
setting tried between splits cells a gap of 2 mm or less apart."""
CLUSTER_POINTS = 8
LEAST_POINTS = 50
REACH_M = 8e-3
ITERATIONS = 30
MODEL_POINTS = 3000


def stock_pipeline(look: CaptureSet, model: o3d.geometry.PointCloud) -> Floats:
    """Poses (n, 4, 4) of what it takes for cells."""
    cloud = _cloud(look, look.task.cell.height_m - BELOW_TOP_M).voxel_down_sample(VOXEL_M)
    labels = np.asarray(cloud.cluster_dbscan(CLUSTER_M, CLUSTER_POINTS))
    points = np.asarray(cloud.points)
    poses = []
    for label in range(labels.max(initial=-1) + 1):
        cluster = points[labels == label]
        if len(cluster) < LEAST_POINTS:
            continue
        start = _upright_box(cluster, look)
        source = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(cluster))
        icp = o3d.pipelines.registration
        found = icp.registration_icp(
            source,
            model,
            REACH_M,
            invert(start),
            icp.TransformationEstimationPointToPlane(),
            icp.ICPConvergenceCriteria(max_iteration=ITERATIONS),
        )
        poses.append(invert(found.transformation))
    return np.array(poses).reshape(-1, 4, 4)


def box_model(size_m: Floats, rng: np.random.Generator) -> o3d.geometry.PointCloud:
    """The model's cloud with normals: top and sides, which cameras above can see."""
    half = size_m / 2
    axes, signs = np.array([0, 0, 1, 1, 2]), np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    areas = np.prod(size_m) / size_m[axes]
    face = rng.choice(5, MODEL_POINTS, p=areas / areas.sum())
    p = rng.uniform(-1, 1, (MODEL_POINTS, 3)) * half
    rows = np.arange(MODEL_POINTS)
    normal = np.zeros_like(p)
    p[rows, axes[face]] = signs[face] * half[axes[face]]
    normal[rows, axes[face]] = signs[face]
    model = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(p))
    model.normals = o3d.utility.Vector3dVector(normal)
    return model


def _cloud(look: CaptureSet, above_m: float) -> o3d.geometry.PointCloud:
    """All cameras' readings in the search region, in the base frame."""
    whole = o3d.geometry.PointCloud()
    for capture in look.captures:
        belief = capture.calibration
        K = belief.K
        lens = o3d.camera.PinholeCameraIntrinsic(
            belief.width_px, belief.height_px, K[0, 0], K[1, 1], K[0, 2], K[1, 2]
        )
        depth = o3d.geometry.Image(np.nan_to_num(capture.depth).astype(np.float32))
        cloud = o3d.geometry.PointCloud.create_from_depth_image(
            depth, lens, depth_scale=1.0, depth_trunc=3.0
        )
        whole += cloud.transform(capture.T_base_camera)
    x, y, z = look.task.region_size_m
    box = o3d.geometry.OrientedBoundingBox(
        (look.task.T_base_region @ [0, 0, (z + above_m) / 2, 1])[:3],
        look.task.T_base_region[:3, :3],
        [x, y, z - above_m],
    )
    return whole.crop(box)


def _upright_box(cluster: Floats, look: CaptureSet) -> Floats:
    """(4, 4) start: upright, the long side along the cluster's main direction, the top on top."""
    flat = cluster[:, :2] - cluster[:, :2].mean(axis=0)
    _, vectors = np.linalg.eigh(flat.T @ flat)
    yaw = np.arctan2(vectors[1, 1], vectors[0, 1])
    top = np.quantile(cluster[:, 2], 0.95)
    centre = [*cluster[:, :2].mean(axis=0), top - look.task.cell.height_m / 2]
    result: Floats = pose(rotation_z(yaw), centre)
    return result
