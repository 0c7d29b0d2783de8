"""Meshes, outlines, codes, reflection, rays and the sparse shading, each by its closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from sensors_stage import CELL, MODELS, camera

from cellpick.geometry import pixel_grid, rays
from cellpick.scene import load_cell
from cellpick.sensors import meshes
from cellpick.sensors.cell_mesh import cell_surface
from cellpick.sensors.codes import CodeAtlas, datamatrix
from cellpick.sensors.infill import SMOOTH, Infill
from cellpick.sensors.lens import EDGE_RAYS, Lens
from cellpick.sensors.paint import coverage
from cellpick.sensors.shading import fresnel, lobe
from cellpick.sensors.surroundings import Surroundings
from cellpick.sensors.visibility import DISC, tangents
from cellpick.structures import SurfaceFeature

RIM = 0.0005


def volume(mesh):
    """Signed volume by the divergence theorem: positive when triangles turn outwards."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.triangles], 1, 0)
    return np.einsum("ni,ni->", a, np.cross(b, c)) / 6


def rounded_box_volume(x, y, z, r):
    return x * y * z - (4 - np.pi) * r**2 * z


@pytest.mark.parametrize(
    ("mesh", "expected", "rel"),
    [
        (meshes.box(np.array([0.1, 0.2, 0.3])), 0.006, 1e-12),
        (meshes.cylinder(0.02, 0.07), np.pi * 0.01**2 * 0.07, 1e-3),
        (meshes.sphere(0.05), 4 / 3 * np.pi * 0.025**3, 1e-2),
        (
            meshes.rounded_prism((0.05, 0.02), 0.004, (-0.03, 0.03), (0.0, 0.0)),
            rounded_box_volume(0.1, 0.04, 0.06, 0.004),
            1e-3,
        ),
    ],
)
def test_meshes_enclose_their_volume(mesh, expected, rel):
    assert volume(mesh) == pytest.approx(expected, rel=rel)
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1)


@pytest.mark.parametrize("name", sorted(p.stem for p in (MODELS / "cells").glob("*.yaml")))
def test_every_cell_model_has_its_drawings_extent_and_outward_normals(name):
    cell = load_cell(MODELS / "cells" / f"{name}.yaml")
    mesh = cell_surface(cell, lambda material: 0).mesh
    beyond = np.zeros(3)
    for face in {f.face for f in cell.features}:
        on_face = [f for f in cell.features if f.face == face]
        beyond[on_face[0].axes[2]] += max(f.height_m for f in on_face)
    size = np.ptp(mesh.vertices, axis=0)
    assert size[:2] == pytest.approx((cell.size_m + beyond)[:2], abs=2e-5)
    assert size[2] == pytest.approx(cell.size_m[2] + beyond[2], abs=1e-9)
    corner = mesh.vertices[mesh.triangles]
    turn = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    outward = np.einsum("ni,nki->nk", turn, mesh.normals[mesh.triangles])
    large = np.linalg.norm(turn, axis=1) > 1e-14
    assert (outward[large] > 0).all()


def test_rim_normals_turn_smoothly_from_side_to_top():
    mesh = meshes.rounded_prism((0.05, 0.02), 0.004, (-0.03, 0.03), (RIM, RIM))
    on_rim = (mesh.vertices[:, 2] > 0.03 - RIM - 1e-9) & (mesh.normals[:, 2] < 0.999)
    depth = 0.03 - mesh.vertices[on_rim, 2]
    expected = 1 - depth / RIM
    assert mesh.normals[on_rim, 2] == pytest.approx(expected, abs=1e-6)


def feature(outline, size):
    return SurfaceFeature("f", "mark", "+z", outline, np.zeros(2), np.array(size), 0.0, "steel")


@pytest.mark.parametrize(
    ("outline", "size", "area"),
    [
        ("rect", (0.02, 0.01), 2e-4),
        ("disc", (0.012, 0.012), np.pi * 0.006**2),
        ("ring", (0.02, 0.012), np.pi * (0.01**2 - 0.006**2)),
        ("minus", (0.008, 0.002), 1.6e-5),
        ("plus", (0.008, 0.008), 2 * 1.6e-5 - 0.002**2),
    ],
)
@pytest.mark.parametrize("pixel_m", [3e-4, 1.1e-3])
def test_coverage_sums_to_the_outlines_area(outline, size, area, pixel_m):
    steps = np.arange(-0.015, 0.015, pixel_m) + 0.17 * pixel_m
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2).astype(np.float32)
    footprint = np.full(len(grid), pixel_m, dtype=np.float32)
    cover = coverage(feature(outline, size), grid, footprint)
    assert cover.min() >= 0
    assert cover.max() <= 1 + 1e-6
    assert cover.sum() * pixel_m**2 == pytest.approx(area, rel=0.03)


@pytest.mark.parametrize("text", ["A", "CP000017", "a long serial 0123456789"])
def test_a_code_reads_back(text):
    modules = datamatrix(text)
    assert not modules[0].any()
    assert not modules[:, -1].any()
    picture = np.kron(np.where(modules, 0, 255), np.ones((6, 6))).astype(np.uint8)
    assert zxingcpp.read_barcode(picture).text == text


def test_ink_is_the_mean_over_the_footprint():
    texts = ["A1", "a longer text with more modules"]
    atlas, rng = CodeAtlas(texts), np.random.default_rng(0)
    cells = rng.integers(0, 2, 200).astype(np.int32)
    width = rng.uniform(0.01, 0.2, 200).astype(np.float32)
    centre = rng.uniform(0.15, 0.85, (200, 2)).astype(np.float32)
    steps = (np.arange(60) + 0.5) / 60 - 0.5
    fine = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    for cell, w, c, ink in zip(cells, width, centre, atlas.ink(cells, centre, width), strict=True):
        code = datamatrix(texts[cell])
        u, v = ((c + w * fine) * len(code)).astype(int).T
        assert code[::-1][v, u].mean() == pytest.approx(ink, abs=0.03)


MU = np.sqrt(0.75)


# at alpha = 1 the integral over the hemisphere is 1 - mu ln((1 + mu) / mu)
@pytest.mark.parametrize(
    ("alpha", "low", "high"),
    [(0.05, 0.98, 1.0), (0.3, 0.85, 0.9), (1.0, *(1 - MU * np.log((1 + MU) / MU) + [-2e-3, 2e-3]))],
)
def test_the_lobe_sends_out_what_comes_in_but_for_its_shadows(alpha, low, high):
    rng = np.random.default_rng(0)
    u, v = rng.random((2, 400_000)).astype(np.float32)
    # facets drawn from the lobe's own distribution (Walter et al. 2007, eq. 35)
    n_h = np.sqrt((1 - u) / (1 + (alpha**2 - 1) * u))
    view = np.array([0.5, 0, MU], dtype=np.float32)
    slant, phi = np.sqrt(1 - n_h**2), 2 * np.pi * v
    h = np.stack([slant * np.cos(phi), slant * np.sin(phi), n_h], axis=1)
    v_h = h @ view
    n_l = 2 * v_h * n_h - view[2]
    seen = (v_h > 0) & (n_l > 0)
    n_h, v_h, n_l = n_h[seen], v_h[seen], n_l[seen]
    density = alpha**2 / (np.pi * (n_h**2 * (alpha**2 - 1) + 1) ** 2) * n_h / (4 * v_h)
    full = np.full_like(n_l, alpha)
    weight = lobe(n_h, np.full_like(n_l, view[2]), n_l, full) / np.pi * n_l / density
    assert low <= weight.sum() / len(seen) <= high + 1e-3


def test_the_lobe_is_reciprocal():
    n = [np.array([x], dtype=np.float32) for x in (0.9, 0.7, 0.4)]
    alpha = np.array([0.3], dtype=np.float32)
    assert lobe(n[0], n[1], n[2], alpha) == pytest.approx(lobe(n[0], n[2], n[1], alpha))


def test_fresnel_runs_from_f0_to_one():
    f0 = np.full((3, 3), 0.04, dtype=np.float32)
    value = fresnel(f0, np.array([1.0, 0.5, 0.0], dtype=np.float32))[:, 0]
    assert value == pytest.approx([0.04, 0.04 + 0.96 / 32, 1.0])


def test_the_surroundings_light_a_flat_surface_with_the_ambient_radiance():
    up = np.sqrt((np.arange(20_000) + 0.5) / 20_000).astype(np.float32)  # cosine-weighted
    assert Surroundings(0.7).radiance(up).mean() == pytest.approx(0.7, rel=1e-3)


def test_the_light_samples_cover_the_disc_evenly():
    assert DISC.mean(axis=0) == pytest.approx(np.zeros(2), abs=0.03)
    assert (DISC**2).sum(axis=1).mean() == pytest.approx(0.5, abs=1e-6)


def test_tangents_make_a_right_handed_frame():
    rng = np.random.default_rng(0)
    n = rng.standard_normal((500, 3)).astype(np.float32)
    n[:2] = [[0, 0, 1], [0, 0, -1]]
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    x, y = tangents(n)
    frames = np.stack([x, y, n], axis=1)
    assert frames @ frames.transpose(0, 2, 1) == pytest.approx(
        np.tile(np.eye(3), (500, 1, 1)), abs=1e-5
    )
    assert np.linalg.det(frames) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", [(16, 16), (161, 97), (640, 480)])
def test_rays_of_a_distorted_lens_are_exact(size):
    k = np.array([-0.12, 0.04, 1e-3, -2e-3, 0.01])
    spec = replace(camera(size=size, focal_px=1.2 * size[0]), distortion=k)
    exact = rays(pixel_grid(*size), spec.K, k)
    lens = Lens(spec)
    np.testing.assert_allclose(lens.directions, exact, rtol=0, atol=3e-7)
    pixels = np.array([0, size[0] * size[1] // 2, size[0] * size[1] - 1])
    inside = lens.within(pixels).reshape(3, EDGE_RAYS, 3)
    assert inside.mean(axis=1) == pytest.approx(exact[pixels], abs=1e-4 * 2 / size[0] + 1e-6)


@pytest.mark.parametrize("shape", [(64, 96), (37, 51), (5, 3)])
def test_sparse_shading_keeps_edges_and_smooth_ramps(shape):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    piece = (x + 2 * y > shape[1]).astype(np.int32)
    truth = np.where(piece == 1, 0.2 + 0.004 * x, 0.9 * np.exp(-((x - 9) ** 2 + y**2) / 60)).ravel()
    asked = []

    def shade(pixels):
        asked.append(pixels)
        return np.repeat(truth[pixels, None], 3, axis=1).astype(np.float32)

    infill = Infill(piece, shade)
    infill.fill()
    asked, done = np.concatenate(asked), infill.done.ravel()
    assert len(np.unique(asked)) == len(asked)
    error = np.abs(infill.radiance[..., 0].ravel() - truth)[done]
    assert error.max() < 0.4 * SMOOTH * truth.max()
    # what is left lies along the edge
    assert len(asked) < 0.5 * done.sum() or truth.size < 100
    assert done.mean() > 0.8 or truth.size < 100


def test_the_drawing_of_the_demo_cell_is_what_these_tests_think():
    assert CELL.size_m == pytest.approx([0.148, 0.0265, 0.091])
