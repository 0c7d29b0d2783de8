"""Ray casting: what each ray hits first, and whether the way to a lamp is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellpick.sensors.bodies import WorldMesh
from cellpick.sensors.open3d_loader import load_open3d
from cellpick.sensors.threads import usable_threads

Array = NDArray[np.float32]
SKIN_M = 2e-5
"""Secondary rays start this far off the surface, above the rounding error of float32 hits."""
NO_HIT = -1


@dataclass(frozen=True, eq=False)
class Hits:
    """First hits of n rays."""

    t: Array
    """(n,) ray parameter; infinite where nothing is hit."""
    triangle: NDArray[np.int32]
    """(n,) row of the mesh's triangles, -1 where nothing is hit."""
    uv: Array
    """(n, 2) barycentric weights of the triangle's second and third corner; those of a flat piece
    may be left at 0."""

    def rows(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Hits:
        """Some of the hits."""
        return Hits(self.t[rows], self.triangle[rows], self.uv[rows])

    def replaced(self, rows: NDArray[np.int64], other: Hits) -> Hits:
        """These, but for `rows` (m,), which are those of `other`."""
        out = Hits(self.t.copy(), self.triangle.copy(), self.uv.copy())
        out.t[rows], out.triangle[rows], out.uv[rows] = other.t, other.triangle, other.uv
        return out

    def joined(self, other: Hits) -> Hits:
        """These, then others."""
        return Hits(
            np.concatenate([self.t, other.t]),
            np.concatenate([self.triangle, other.triangle]),
            np.concatenate([self.uv, other.uv]),
        )


class RayScene:
    """A mesh ready for ray casting (Embree through Open3D's RaycastingScene)."""

    def __init__(self, mesh: WorldMesh) -> None:
        self.mesh = mesh
        """The triangles."""
        self._core = load_open3d().core
        self._threads = usable_threads()
        self._scene: Any = load_open3d().t.geometry.RaycastingScene(nthreads=self._threads)
        self._scene.add_triangles(self._tensor(mesh.vertices), self._tensor(mesh.triangles))

    def cast(self, origins: Array, directions: Array) -> Hits:
        """First hits of rays from `origins`, (n, 3) or (3,), along `directions` (n, 3)."""
        answer = self._scene.cast_rays(self._rays(origins, directions), self._threads)
        triangle = answer["primitive_ids"].numpy().view(np.int32)  # misses wrap round to -1
        return Hits(answer["t_hit"].numpy(), triangle, answer["primitive_uvs"].numpy())

    def is_blocked(self, origins: Array, directions: Array, stop: float) -> NDArray[np.bool_]:
        """(...) whether anything lies between parameters 0 and `stop` of rays.

        They run from `origins` along `directions` (..., 3), which broadcast.
        """
        rays = self._rays(origins, directions)
        blocked: NDArray[np.bool_] = self._scene.test_occlusions(
            rays, 0.0, stop, self._threads
        ).numpy()
        return blocked

    def _rays(self, origins: Array, directions: Array) -> Any:
        rays = np.empty((*directions.shape[:-1], 6), dtype=np.float32)
        rays[..., :3], rays[..., 3:] = origins, directions
        return self._tensor(rays)

    def _tensor(self, array: NDArray[Any]) -> Any:
        return self._core.Tensor.from_numpy(np.ascontiguousarray(array))
