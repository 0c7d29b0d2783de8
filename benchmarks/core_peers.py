"""What an engineer would reach for instead, with the settings that serve it best.

Each gets a cloud of the model, made once, and registers a cell's points to it; Open3D gets the
exact normals with it, small_gicp takes none and estimates them. Of 3, 5, 10 and 20 mm as the
largest distance of a correspondence none does better than 10 mm.
"""

from __future__ import annotations

import numpy as np
import open3d as o3d
import small_gicp

from benchmarks.core_clouds import Workload
from cellpick.geometry import Floats, invert
from cellpick.perception import CellShape

MODEL_POINTS = (2000, 5000, 20000)
"""About 4.4, 2.8 and 1.4 mm from each other on a prismatic cell of 148 x 26 x 91 mm."""
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


class Open3d:
    """Point-to-plane ICP, cell by cell."""

    def __init__(self, shape: CellShape, count: int, rng: np.random.Generator) -> None:
        points, normals = model_cloud(shape, count, rng)
        self._model = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
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

    def __init__(self, shape: CellShape, count: int, rng: np.random.Generator) -> None:
        points, _ = model_cloud(shape, count, rng)
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

    def __init__(self, shape: CellShape, count: int, rng: np.random.Generator) -> None:
        self._model, _ = model_cloud(shape, count, rng)

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
