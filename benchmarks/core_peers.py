"""What an engineer would reach for instead, with the settings that serve it best.

Each gets a cloud of the model, made once, and registers a cell's points to it: points drawn at
random from the faces, or the centres of a voxel grid over a dense cloud, which are even and serve
accuracy best. Open3D gets exact normals with the first and estimates them on the second,
small_gicp takes none and estimates them always. Of 3, 5, 10 and 20 mm as the largest distance of a
correspondence none does better than 10 mm.
"""

from __future__ import annotations

import numpy as np
import open3d as o3d
import small_gicp

from benchmarks.core_clouds import Workload
from cellpick.geometry import Floats, invert
from cellpick.perception import CellShape

MODEL_POINTS = (1500, 5000, 20000)
"""About 5.1, 2.8 and 1.4 mm from each other on a prismatic cell of 148 x 26 x 91 mm."""
VOXEL_M = 0.003
DENSE = 60000
"""Points that voxels are the centres of."""
REACH_M = 0.01
"""Largest distance of a correspondence: what the start's 3 mm and 3 degrees need at a corner."""
ITERATIONS = 30
DOWNSAMPLING_M = 0.001
"""Finer than the points lie, so that all are used."""


def model_cloud(shape: CellShape, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points (count, 3) spread evenly over a box, and their normals."""
    half = shape.half_m
    areas = np.repeat([half[1] * half[2], half[0] * half[2], half[0] * half[1]], 2)
    face = rng.choice(6, count, p=areas / areas.sum())
    axis, sign = face // 2, 1.0 - 2 * (face % 2)
    points = rng.uniform(-1, 1, (count, 3)) * half
    rows = np.arange(count)
    points[rows, axis] = sign * half[axis]
    normals = np.zeros((count, 3))
    normals[rows, axis] = sign
    return points, normals


def voxel_cloud(shape: CellShape, rng: np.random.Generator) -> Floats:
    """Centres (m, 3) of the points in each voxel."""
    dense = o3d.utility.Vector3dVector(model_cloud(shape, DENSE, rng)[0])
    return np.asarray(o3d.geometry.PointCloud(dense).voxel_down_sample(VOXEL_M).points)


class Open3d:
    """Point-to-plane ICP, cell by cell."""

    def __init__(self, points: Floats, normals: Floats | None = None) -> None:
        self._model = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
        if normals is None:
            near = o3d.geometry.KDTreeSearchParamHybrid(3 * VOXEL_M, 30)
            self._model.estimate_normals(near)
        else:
            self._model.normals = o3d.utility.Vector3dVector(normals)
        icp = o3d.pipelines.registration
        self._estimation = icp.TransformationEstimationPointToPlane()
        self._criteria = icp.ICPConvergenceCriteria(max_iteration=ITERATIONS)

    def register(self, work: Workload) -> Floats:
        """Poses (n, 4, 4)."""
        starts = invert(work.starts)
        found = []
        for start, cloud in zip(starts, work.clouds, strict=True):
            source = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(cloud))
            result = o3d.pipelines.registration.registration_icp(
                source, self._model, REACH_M, start, self._estimation, self._criteria
            )
            found.append(result.transformation)
        return invert(np.array(found))


class SmallGicp:
    """Plane ICP of small_gicp, cell by cell, one thread."""

    def __init__(self, points: Floats) -> None:
        self._model = small_gicp.PointCloud(points)
        self._tree = small_gicp.KdTree(self._model)
        small_gicp.estimate_normals_covariances(self._model, self._tree, 20, 1)

    def register(self, work: Workload) -> Floats:
        """Poses (n, 4, 4)."""
        starts = invert(work.starts)
        found = []
        for start, cloud in zip(starts, work.clouds, strict=True):
            result = small_gicp.align(
                self._model,
                small_gicp.PointCloud(cloud),
                self._tree,
                start,
                registration_type="PLANE_ICP",
                max_correspondence_distance=REACH_M,
                num_threads=1,
                max_iterations=ITERATIONS,
            )
            found.append(result.T_target_source)
        return invert(np.array(found))


class SmallGicpArrays:
    """The same as its documentation begins: arrays in, all preparation at every call."""

    def __init__(self, points: Floats) -> None:
        self._model = points

    def register(self, work: Workload) -> Floats:
        """Poses (n, 4, 4)."""
        found = [
            small_gicp.align(
                self._model,
                cloud,
                start,
                registration_type="PLANE_ICP",
                downsampling_resolution=DOWNSAMPLING_M,
                max_correspondence_distance=REACH_M,
                num_threads=1,
                max_iterations=ITERATIONS,
            ).T_target_source
            for start, cloud in zip(invert(work.starts), work.clouds, strict=True)
        ]
        return invert(np.array(found))
