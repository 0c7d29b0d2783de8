"""Few rays against all rays: what outlines leave out is what each pixel's own ray meets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import board, camera, state_of

from cellpick.geometry import pose, rotation_z, translation
from cellpick.sensors import still
from cellpick.sensors.bodies import Bodies
from cellpick.sensors.codes import CodeAtlas
from cellpick.sensors.lens import Lens
from cellpick.sensors.lighting import Lighting
from cellpick.sensors.outlines import OPEN
from cellpick.sensors.planes import Planes
from cellpick.sensors.primary import first_hits
from cellpick.sensors.raycast import NO_HIT, RayScene
from cellpick.sensors.render import Renderer
from cellpick.sensors.shading import Palette
from cellpick.sensors.surface import SurfaceTable
from cellpick.structures import Solid

LENS_ERRORS = np.array([-0.1, 0.05, 1e-3, -1e-3, 0.0])


def cells(lift_m=0.0):
    poses = [pose(rotation_z(0.1 * i), [0.01 * i, 0.03 * (i - 1), 0.0455]) for i in range(4)]
    poses[1] = poses[1] @ translation([0, 0, lift_m])
    return poses


def stage(spec, lift_m=0.0, fixtures=()):
    state = state_of([spec], [board(), *fixtures], Ts_cell=cells(lift_m))
    bodies = Bodies(state)
    mesh = bodies.placed(state)
    lighting = Lighting(state.lights, state.ambient, Palette.of(bodies.materials))
    return RayScene(mesh), SurfaceTable(mesh, bodies, CodeAtlas(state.serials)), lighting


def slanted(**changes):
    """A camera that looks at the cells from above and aside."""
    tilt = np.array([[1, 0, 0], [0, -0.8, -0.6], [0, 0.6, -0.8]])
    T = pose(tilt, [0.0, 0.35, 0.55])
    return camera(**({"size": (161, 120), "focal_px": 150.0, "T_mount_camera": T} | changes))


@pytest.mark.parametrize("distortion", [np.zeros(5), LENS_ERRORS])
def test_few_rays_meet_what_all_rays_meet(distortion):
    spec = slanted(distortion=distortion)
    # a ball and a can run through the board: their borders are no edges of any mesh
    ball = Solid("ball", "sphere", [0.05] * 3, translation([-0.1, 0.05, 0]), "white")
    can = Solid("can", "cylinder", [0.05, 0.05, 0.2], translation([0.12, 0.05, 0]), "grey")
    scene, _, _ = stage(spec, fixtures=(ball, can))
    mesh, lens, T = scene.mesh, Lens(spec), spec.T_mount_camera
    directions = lens.directions @ T[:3, :3].T.astype(np.float32)
    sparse = first_hits(lens, T, directions, scene, Planes(mesh)).hits
    full = scene.cast(T[:3, 3].astype(np.float32), directions)

    def piece(hits):
        return np.where(hits.triangle == NO_HIT, NO_HIT, mesh.facets[hits.triangle])

    differs = piece(sparse) != piece(full)
    assert differs.mean() < 2e-4
    both = ~differs & (full.triangle != NO_HIT)
    assert sparse.t[both] == pytest.approx(full.t[both], abs=2e-6)
    assert (np.isinf(sparse.t) == (sparse.triangle == NO_HIT)).all()


def test_normals_and_instances_are_those_of_what_is_seen():
    spec = camera(size=(160, 120), focal_px=200.0)
    renderer = Renderer(Lens(spec), spec.T_mount_camera, *stage(spec))
    normals, instances = renderer.normals(), renderer.instances()
    assert np.linalg.norm(normals, axis=2) == pytest.approx(1.0, abs=1e-5)
    assert set(np.unique(instances)) == {-1, 0, 1, 2, 3}
    # the board, seen straight on
    assert normals[5, 5] == pytest.approx([0, 0, -1], abs=1e-6)
    assert (normals[..., 2] <= 1e-5).all()


def test_winding_and_normals_of_all_bodies_agree():
    mesh = stage(slanted())[0].mesh
    corner = mesh.vertices[mesh.triangles].astype(float)
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert ((across * mesh.normals[mesh.triangles].mean(axis=1)).sum(axis=1) >= -1e-12).all()
    assert (mesh.edges[:, 3] >= OPEN).all()


def test_a_still_camera_renders_again_only_what_a_moved_cell_changes():
    spec = slanted()
    lens, T = Lens(spec), spec.T_mount_camera
    scene, table, lighting = stage(spec)
    first = Renderer(lens, T, scene, table, lighting)
    lifted, its_table, _ = stage(spec, lift_m=0.02)
    again = Renderer(lens, T, lifted, its_table, lighting, first)
    whole = Renderer(lens, T, lifted, its_table, lighting)
    assert again.depth() == pytest.approx(whole.depth(), abs=1e-6)
    assert (again.instances() == whole.instances()).all()
    assert again.normals() == pytest.approx(whole.normals(), abs=1e-5)
    changed = np.abs(whole.radiance() - first.radiance())
    left = np.abs(again.radiance() - whole.radiance())
    assert left.mean() < 0.02 * changed.mean()
    assert np.quantile(left, 0.99) < 0.01


def test_what_is_rendered_again_is_as_if_all_were(monkeypatch):
    spec = slanted(size=(400, 330), focal_px=400.0)
    lens, T = Lens(spec), spec.T_mount_camera
    scene, table, lighting = stage(spec)
    first = Renderer(lens, T, scene, table, lighting)
    lifted, its_table, _ = stage(spec, lift_m=0.02)
    monkeypatch.setattr(still, "MOST", 1.0)
    found = still.changes(first._seen, lifted.mesh, T)
    again = Renderer(lens, T, lifted, its_table, lighting, first).radiance()
    whole = Renderer(lens, T, lifted, its_table, lighting).radiance()
    squares = found.light.repeat(8, axis=0).repeat(8, axis=1)[:330, :400]
    assert 0.02 < squares.mean() < 0.9
    left = np.abs(again - whole).max(axis=2)
    # what differs lies at the border, where a change too small to matter is given up
    assert (left[squares] < 1e-5).mean() > 0.97
    assert left.max() < 0.02
    assert (again[~squares] == first.radiance()[~squares]).all()


def test_a_moved_cell_reaches_no_further_than_its_surroundings():
    spec = slanted()
    T = spec.T_mount_camera
    scene, table, lighting = stage(spec)
    first = Renderer(Lens(spec), T, scene, table, lighting)
    nothing = still.changes(first._seen, scene.mesh, T)
    assert not nothing.hits.any()
    assert not nothing.light.any()
    same = Renderer(first._lens, T, scene, table, lighting, first)
    assert (same.radiance() == first.radiance()).all()
    assert (same.depth() == first.depth()).all()


def test_a_camera_that_moved_takes_nothing_over():
    spec = slanted()
    lens, T = Lens(spec), spec.T_mount_camera
    parts = stage(spec)
    first = Renderer(lens, T, *parts)
    beside = T @ translation([0.01, 0, 0])
    again, whole = Renderer(lens, beside, *parts, first), Renderer(lens, beside, *parts)
    assert (again.radiance() == whole.radiance()).all()
    assert (again.radiance() != first.radiance()).any()


def test_sparse_light_is_near_that_of_a_finer_picture():
    spec = slanted()
    scale = 4
    K = spec.K.copy()
    K[:2] *= scale
    K[:2, 2] = (spec.K[:2, 2] + 0.5) * scale - 0.5
    fine = replace(spec, K=K, width_px=spec.width_px * scale, height_px=spec.height_px * scale)
    parts = stage(spec)
    picture = Renderer(Lens(spec), spec.T_mount_camera, *parts).radiance()
    h, w, _ = picture.shape
    dense = Renderer(Lens(fine), spec.T_mount_camera, *parts).radiance()
    mean = dense.reshape(h, scale, w, scale, 3).mean(axis=(1, 3))
    error = np.abs(picture - mean)
    assert error.mean() < 0.02 * mean.mean()
    assert abs((picture - mean).mean()) < 0.005 * mean.mean()
