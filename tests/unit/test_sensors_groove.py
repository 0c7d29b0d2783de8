"""The groove in a can's side: a body of its own shape, read from its file, kept in stores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.scene import data_folder, load_cell, load_scene, resolve_scene
from cellpick.scene.check_cell import check_cell
from cellpick.scene.models import load_models
from cellpick.sensors.cell_mesh import cell_surface
from cellpick.store.records import from_json, to_json
from cellpick.structures import CellModel, Groove

FOLDER = data_folder("models/cells")
CANS = ("cylindrical_21700", "cylindrical_4680")
MATERIALS = ("pet_blue", "nickel_steel", "insulator_white", "aluminium", "label_white")
MATERIALS += ("print_black",)


@pytest.mark.parametrize("name", CANS)
def test_the_side_lies_in_by_the_grooves_depth_where_the_file_says(name):
    cell = load_cell(FOLDER / f"{name}.yaml")
    groove = cell.groove
    assert groove is not None
    mesh = cell_surface(cell, MATERIALS.index).mesh
    p = mesh.vertices
    end = 1 if groove.face == "+z" else -1
    t = cell.height_m / 2 - end * p[:, 2] - groove.offset_m
    on = np.abs(t) < groove.width_m / 2 - 1e-9
    side = on & (np.hypot(*p.T[:2]) > cell.size_m[0] / 4)
    radius = cell.size_m[0] / 2 - groove.inset(t[side])[0]
    assert side.sum() > 500
    np.testing.assert_allclose(np.hypot(*p[side].T[:2]), radius, rtol=5e-4)
    assert np.hypot(*p[side].T[:2]).min() < cell.size_m[0] / 2 - 0.99 * groove.depth_m


@pytest.mark.parametrize("name", CANS)
def test_normals_in_the_groove_are_the_surfaces_own(name):
    cell = load_cell(FOLDER / f"{name}.yaml")
    mesh = cell_surface(cell, MATERIALS.index).mesh
    corner = mesh.vertices[mesh.triangles]
    flat = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    length = np.linalg.norm(flat, axis=1)
    mean = mesh.normals[mesh.triangles].mean(axis=1)
    real = length > 1e-12
    cosine = np.einsum("ni,ni->n", flat[real] / length[real, None], mean[real])
    assert cosine.min() > 0.9


def test_the_sleeve_covers_the_flanks_and_ends_at_the_rims():
    cell = load_cell(FOLDER / "cylindrical_21700.yaml")
    surface = cell_surface(cell, MATERIALS.index)
    z = np.abs(surface.mesh.vertices[surface.mesh.triangles].mean(axis=1)[:, 2])
    on_side = z < cell.height_m / 2 - cell.rim_radius_m
    assert (surface.materials[on_side] == MATERIALS.index("pet_blue")).all()
    assert (surface.materials[z > cell.height_m / 2 - 1e-4] != 0).all()


@pytest.mark.parametrize(
    ("groove", "words"),
    [
        (Groove("+z", 0.001, 0.0024, 0.0007), "groove.offset_mm: the groove must lie between"),
        (Groove("+z", 0.0345, 0.0024, 0.0007), "groove.offset_mm: the groove must lie between"),
        (Groove("+z", 0.0035, 0.0024, 0.0025), "groove.depth_mm: the groove is too deep; got 2.5"),
    ],
)
def test_a_groove_that_cannot_be_is_refused(groove, words):
    models = load_models(load_scene("bulk_bin"))
    bad = replace(models, cell=replace(models.cell, groove=groove))
    with pytest.raises(InputError) as caught:
        check_cell(bad)
    assert words in str(caught.value)


def test_a_groove_round_a_box_is_refused():
    models = resolve_scene(load_scene("prismatic_tray"))
    groove = Groove("+z", 0.0035, 0.0024, 0.0007)
    with pytest.raises(InputError, match="groove: only a cylinder has a groove"):
        check_cell(replace(models, cell=replace(models.cell, groove=groove)))


def test_a_stored_cell_keeps_its_groove_and_an_old_one_has_none():
    cell = load_cell(FOLDER / "cylindrical_4680.yaml")
    document = to_json(cell)
    assert from_json(CellModel, document, "index.json", "cell").groove == cell.groove
    smooth = {**document, "groove": None}
    assert from_json(CellModel, smooth, "index.json", "cell").groove is None
    del smooth["groove"]
    assert from_json(CellModel, smooth, "index.json", "cell").groove is None
    with pytest.raises(InputError, match="offset_m: missing key"):
        from_json(CellModel, {**document, "groove": {"face": "+z"}}, "index.json", "cell")
