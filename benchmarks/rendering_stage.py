"""The scenes and views of the rendering benchmark, for this renderer and for PyBullet's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pybullet
from scipy.spatial.transform import Rotation

from cellpick.geometry import Floats, pose
from cellpick.scene import CameraSpec, SceneState, draw_scene, load_scene, resolve_scene
from cellpick.sensors.bodies import Bodies
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.imager import srgb
from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.raycast import RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable

CORES = 2
FIELD_DEG = 45.0
NEAR_M, FAR_M = 0.1, 5.0
GAP_M = 0.03
"""Between the cells of neighbouring trays."""
LIGHT = {
    "lightDirection": [-1.0, -1.7, 2.0],
    "lightDistance": 3.0,
    "lightAmbientCoeff": 0.3,
    "lightDiffuseCoeff": 0.5,
    "lightSpecularCoeff": 0.05,
}
"""TinyRenderer's light, such that its shadow is seen: its map covers what is nearer than that."""
_GREY = np.round(255 * srgb(np.arange(4096) / 4095)).astype(np.uint8)
WHITE = 2.4
"""Radiance that is white in the pictures."""


def tray_of(cells: int, seed: int = 1) -> SceneState:
    """`cells` prismatic cells in one layer, without arm, gripper or marks.

    One tray holds up to 64; further ones stand beside it, on the table.
    """
    columns = 1 if cells < 4 else 2 if cells <= 32 else 4
    rows = -(-min(cells, 64) // columns)
    spec = load_scene("prismatic_tray", (f"tray.rows={rows}", f"tray.columns={columns}"))
    state = draw_scene(resolve_scene(spec), np.random.default_rng(seed))
    block = state.Ts_world_cell[:cells]
    pitch = np.ptp(block[:, :2, 3], axis=0) + state.cell.size_m[:2] + GAP_M
    Ts = [block]
    for number in range(1, -(-cells // 64)):
        beside = block.copy()
        beside[:, :2, 3] += pitch * [number % 2, -(number // 2)]
        beside[:, 2, 3] -= state.T_world_tray[2, 3]
        Ts.append(beside[: cells - sum(map(len, Ts))])
    serials = tuple(f"B{i:05d}" for i in range(cells))
    bare = replace(state.arm, solids=((),) * len(state.arm.solids))
    hand = replace(state.gripper, solids=(), jaws=None)
    return replace(
        state,
        arm=bare,
        gripper=hand,
        rig=(),
        decals=(),
        Ts_world_cell=np.concatenate(Ts),
        serials=serials,
    )


def views(state: SceneState, size: tuple[int, int]) -> tuple[CameraSpec, ...]:
    """Four cameras that look at the cells from four corners, 0.9 m above up to 64 of them."""
    w, h = size
    focal = 0.5 * h / np.tan(np.deg2rad(FIELD_DEG) / 2)
    K = np.array([[focal, 0, (w - 1) / 2], [0, focal, (h - 1) / 2], [0, 0, 1]])
    places = state.Ts_world_cell[:, :3, 3]
    low, high = places.min(axis=0), places.max(axis=0)
    middle = np.array([*((low + high) / 2)[:2], state.T_world_tray[2, 3]])
    away = max(1.0, float((high - low).max()) / 0.52)
    target = middle + np.array([0, 0, 0.05])
    out = []
    for x, y in ((-0.35, -0.35), (0.35, -0.35), (0.35, 0.35), (-0.35, 0.35)):
        eye = middle + away * np.array([x, y, 0.9])
        ahead = (target - eye) / np.linalg.norm(target - eye)
        right = np.cross(ahead, [0, 1, 0])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(ahead, right), ahead], axis=1)
        spec = replace(state.cameras[0], width_px=w, height_px=h, K=K, distortion=np.zeros(5))
        out.append(replace(spec, mount="base", T_mount_camera=pose(R, eye)))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class View:
    """One camera's pictures."""

    image: np.ndarray
    """(h, w, 3) 8-bit sRGB."""
    depth: np.ndarray
    """(h, w) metres along z."""
    normals: np.ndarray | None
    """(h, w, 3), where the renderer has them."""


class Ours:
    """This renderer."""

    def __init__(self, state: SceneState, cameras: tuple[CameraSpec, ...]) -> None:
        self._bodies, self._codes = Bodies(state), CodeAtlas(state.serials)
        palette = Palette.of(self._bodies.materials)
        self._lighting = Lighting(state.lights, state.ambient, palette)
        self._cameras = [(Lens(spec), spec.T_mount_camera) for spec in cameras]
        self._last: list[Renderer | None] = [None] * len(cameras)
        self._pool = ThreadPoolExecutor(CORES)

    def look(self, state: SceneState, reuse: bool = False) -> list[View]:
        """All views of `state`, from its poses on; with `reuse`, of what the last look saw."""
        mesh = self._bodies.placed(state)
        scene, table = RayScene(mesh), SurfaceTable(mesh, self._bodies, self._codes)

        def shoot(row: int) -> View:
            before = self._last[row] if reuse else None
            renderer = Renderer(*self._cameras[row], scene, table, self._lighting, before)
            self._last[row] = renderer
            radiance = renderer.radiance() * np.float32(4095 / WHITE)
            image = _GREY[np.minimum(radiance, 4095).astype(np.uint16)]
            return View(image, renderer.depth(), renderer.normals())

        return list(self._pool.map(shoot, range(len(self._cameras))))


class Tiny:
    """PyBullet's software renderer, TinyRenderer."""

    def __init__(
        self,
        state: SceneState,
        cameras: tuple[CameraSpec, ...],
        meshes: bool = True,
        shadow: bool = True,
    ) -> None:
        """Cells are our `meshes` or plain boxes."""
        self._shadow = shadow
        self._client = pybullet.connect(pybullet.DIRECT)
        mesh = Bodies(state).cell.mesh
        shape = {
            "shapeType": pybullet.GEOM_MESH,
            "vertices": mesh.vertices.tolist(),
            "indices": mesh.triangles.ravel().tolist(),
            "normals": mesh.normals.tolist(),
        }
        if not meshes:
            shape = {
                "shapeType": pybullet.GEOM_BOX,
                "halfExtents": (state.cell.size_m / 2).tolist(),
            }
        for solid in state.fixtures:
            box = {"shapeType": pybullet.GEOM_BOX, "halfExtents": (solid.size_m / 2).tolist()}
            self._add(box, solid.T_parent_solid)
        self._cells = [self._add(shape, T) for T in state.Ts_world_cell]
        self._cameras = cameras
        self._views = [_view(spec.T_mount_camera) for spec in cameras]

    def _add(self, shape: dict[str, Any], T: Floats) -> int:
        visual = pybullet.createVisualShape(**shape, physicsClientId=self._client)
        turn = Rotation.from_matrix(T[:3, :3]).as_quat().tolist()
        body: int = pybullet.createMultiBody(
            0, -1, visual, T[:3, 3].tolist(), turn, physicsClientId=self._client
        )
        return body

    def look(self, state: SceneState) -> list[View]:
        """All views of `state`, from its poses on."""
        for body, T in zip(self._cells, state.Ts_world_cell, strict=True):
            turn = Rotation.from_matrix(T[:3, :3]).as_quat().tolist()
            pybullet.resetBasePositionAndOrientation(
                body, T[:3, 3].tolist(), turn, physicsClientId=self._client
            )
        return [
            self._shoot(spec, view) for spec, view in zip(self._cameras, self._views, strict=True)
        ]

    def _shoot(self, spec: CameraSpec, view: list[float]) -> View:
        w, h = spec.width_px, spec.height_px
        projection = pybullet.computeProjectionMatrixFOV(FIELD_DEG, w / h, NEAR_M, FAR_M)
        _, _, image, buffer, _ = pybullet.getCameraImage(
            w,
            h,
            view,
            projection,
            shadow=int(self._shadow),
            **LIGHT,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        depth = FAR_M * NEAR_M / (FAR_M - (FAR_M - NEAR_M) * np.reshape(buffer, (h, w)))
        return View(np.reshape(image, (h, w, 4))[..., :3].astype(np.uint8), depth, None)

    def close(self) -> None:
        """Ends the client."""
        pybullet.disconnect(self._client)


def _view(T_world_camera: Floats) -> list[float]:
    eye, ahead, up = T_world_camera[:3, 3], T_world_camera[:3, 2], -T_world_camera[:3, 1]
    matrix: list[float] = pybullet.computeViewMatrix(
        eye.tolist(), (eye + ahead).tolist(), up.tolist()
    )
    return matrix
