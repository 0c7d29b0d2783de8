"""The planes of a mesh's triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.bodies import WorldMesh
from cellpick.sensors.shading import dot, unit

Array = NDArray[np.float32]


class Planes:
    """The planes of m triangles."""

    def __init__(self, mesh: WorldMesh) -> None:
        corner = mesh.vertices[mesh.triangles]
        first = corner[:, 0]
        flat, curved = mesh.normals[mesh.triangles[:, 0]], mesh.curved
        # the cross product of a sliver is too coarse to stand for a whole flat piece
        across = unit(np.cross(corner[:, 1] - first, corner[:, 2] - first))
        self.normal: Array = np.where(curved[:, None], across, flat)
        """(m, 3) outward unit normals; 0 for a curved triangle without area."""
        self._first = first

    def facing(self, origin: Array) -> NDArray[np.bool_]:
        """(m,) whether the outer side is seen from `origin` (3,)."""
        result: NDArray[np.bool_] = dot(self.normal, origin - self._first) > 0
        return result

    def inverse(self, triangles: NDArray[np.int32], origin: Array) -> Array:
        """(n, 3) vectors whose product with a ray is 1 / t where it meets the triangles' planes."""
        normal = self.normal[triangles]
        distance = dot(normal, self._first[triangles] - origin)
        distance[distance == 0] = 1e-12
        result: Array = normal / distance[:, None]
        return result
