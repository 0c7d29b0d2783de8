"""The pose core's parts: outlines, the edge template, the lookup table, thinning, edge reading."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from perception_core_stage import MATERIALS, box_cell, calibrations, round_cell

from cellpick.geometry import perturb, translation
from cellpick.perception.core.edges import EdgeViews, crowded_points, edge_views
from cellpick.perception.core.lookup import assign_points
from cellpick.perception.core.observations import biweight
from cellpick.perception.core.outlines import (
    case_distance,
    feature_outline,
    rounded_rect,
    signed_distance,
)
from cellpick.perception.core.search import Readings, steps_near
from cellpick.perception.core.template import edge_template
from cellpick.perception.core.views import views_of
from cellpick.structures import Capture, SurfaceFeature

UP = np.array([0.0, 0.0, 1.0])


def feature(outline: str, size: tuple[float, float], name: str = "f", **changes) -> SurfaceFeature:
    record = SurfaceFeature(
        name, "mark", "+z", outline, np.array([0.003, -0.002]), np.array(size), 0.0, "black"
    )
    return dataclasses.replace(record, **changes)


@pytest.mark.parametrize(
    ("outline", "size"),
    [("rect", (0.03, 0.012)), ("disc", (0.02, 0.02)), ("ring", (0.02, 0.012))],
)
def test_outline_points_lie_on_the_outline_and_their_normals_point_out(outline, size):
    f = feature(outline, size)
    p, n = feature_outline(f, 1e-3)
    np.testing.assert_allclose(signed_distance(f, p), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(n, axis=1), 1, atol=1e-12)
    assert (signed_distance(f, p + 3e-4 * n) > 2e-4).all()
    assert (signed_distance(f, p - 3e-4 * n) < -2e-4).all()


@pytest.mark.parametrize("outline", ["plus", "minus"])
def test_strokes_are_outlined_once(outline):
    f = feature(outline, (0.008, 0.008 if outline == "plus" else 0.002))
    p, n = feature_outline(f, 5e-4)

    def inside(xy):
        d = np.abs(xy - f.center_m)
        bar = (d <= [0.004, 0.001]).all(axis=1)
        return bar | ((d <= [0.001, 0.004]).all(axis=1) if outline == "plus" else False)

    assert len(p) > 15
    assert inside(p - 1e-4 * n).all()
    assert not inside(p + 1e-4 * n).any()


def test_a_rounded_rectangle_turns_its_corners():
    p, n = rounded_rect(np.array([0.04, 0.03]), 0.005, 1e-3)
    corner = np.abs(p) > np.array([0.015, 0.01])
    assert corner.all(axis=1).sum() > 20
    rho = np.linalg.norm(np.abs(p[corner.all(axis=1)]) - [0.015, 0.01], axis=1)
    np.testing.assert_allclose(rho, 0.005, atol=1e-12)
    assert (np.sum(p * n, axis=1) > 0).all()


def test_case_distance_is_negative_inside():
    assert case_distance(box_cell(), np.array([[0.0, 0.0], [0.041, 0.0]])) == pytest.approx(
        [-0.013, 0.001]
    )
    assert case_distance(round_cell(), np.array([[0.0, 0.024]])) == pytest.approx([0.001])


def test_hidden_edges_and_a_codes_own_are_left_out():
    label = feature("rect", (0.016, 0.016), "label", kind="label", material="white")
    code = feature("rect", (0.012, 0.012), "code", kind="code")
    hidden = feature("disc", (0.004, 0.004), "hidden")
    cell = dataclasses.replace(box_cell(), features=(hidden, label, code))
    template = edge_template(cell, MATERIALS, 1e-3)
    assert set(np.unique(template.feature[0])) == {-1, 1}
    assert set(np.unique(template.feature[1])) <= {-1, -2}
    assert (template.clear_m[0][template.feature[0] == 1] < 2.1e-3).all()


def rim_clearance(*features):
    features = [dataclasses.replace(f, center_m=np.zeros(2)) for f in features]
    cell = dataclasses.replace(round_cell(), rim_radius_m=8e-4, features=tuple(features))
    template = edge_template(cell, MATERIALS, 1e-3)
    return template, template.clear_m[0][template.feature[0] == -1]


def test_a_rim_is_as_clear_as_the_nearest_line_inside_of_where_it_begins():
    # the rim begins at a radius of 22.2 mm
    ring, disc = feature("ring", (0.042, 0.03), "ring"), feature("disc", (0.02, 0.02), "disc")
    assert rim_clearance(disc, ring)[1] == pytest.approx(1.2e-3)
    assert rim_clearance(disc)[1] == pytest.approx(12.2e-3)
    whole = feature("disc", (0.046, 0.046), "whole")
    assert np.isinf(rim_clearance(whole)[1]).all()
    assert np.isinf(rim_clearance()[1]).all()


@pytest.mark.parametrize(("width", "resolved"), [(400, False), (1200, True)])
def test_a_rim_beside_a_line_that_is_not_resolved_is_read_but_proves_nothing(width, resolved):
    cameras = calibrations(width, width * 3 // 4)
    captures = [
        Capture(c, np.zeros((c.height_px, c.width_px, 3), np.uint8), None, 0.0, np.eye(4))
        for c in cameras
    ]
    views = views_of(captures, np.zeros((1, 3)), 0.05)
    # 1.2 mm between them are 2.5 pixels in the small pictures
    template, _ = rim_clearance(feature("disc", (0.042, 0.042), "disc"))
    seen = np.tile(np.eye(4), (1, 4, 1, 1))
    edges = edge_views(template, seen, UP[None], np.zeros(template.feature[:1].shape, bool), views)
    case = np.broadcast_to(template.feature[0] == -1, edges.visible.shape)
    assert edges.visible[case].all()
    # the near side of a rim shows two edges at any rate
    assert edges.sharp[case].any() == resolved
    assert edges.visible[~case & (template.feature[0] == 0)].any() == resolved


def test_what_a_free_turn_moves_is_left_out():
    aside = feature("rect", (0.004, 0.004), "aside")
    cell = dataclasses.replace(round_cell(), features=(*round_cell().features, aside))
    assert 2 not in edge_template(cell, MATERIALS, 1e-3).feature
    fixed = dataclasses.replace(cell, symmetries=())
    assert 2 in edge_template(fixed, MATERIALS, 1e-3).feature


def test_the_sign_of_a_step_is_known_for_matt_materials_only():
    features = (
        feature("rect", (0.03, 0.016), "label", material="white"),
        feature("disc", (0.004, 0.004), "dot", material="black"),
        feature("disc", (0.004, 0.004), "on_lid", center_m=np.array([-0.03, 0.0])),
    )
    template = edge_template(dataclasses.replace(box_cell(), features=features), MATERIALS, 1e-3)
    sign = [set(template.contrast[0][template.feature[0] == i]) for i in range(3)]
    assert sign == [{0.0}, {1.0}, {0.0}]


def test_each_point_goes_to_its_own_cell_and_margins_to_no_neighbours():
    cell = box_cell()
    Ts = translation([[0.0, 0.0, 0.0], [0.0, 0.0275, 0.0]])
    rng = np.random.default_rng(0)
    inside = rng.uniform(-0.5, 0.5, (2, 500, 3)) * (cell.size_m - 4e-3)
    p = (inside + Ts[:, None, :3, 3]).reshape(-1, 3)
    np.testing.assert_array_equal(assign_points(p, Ts, cell, UP), np.repeat([0, 1], 500))
    edge = np.array([[0.0, 0.0125, 0.02], [0.0, 0.0151, 0.02], [0.0, -0.015, 0.02]])
    np.testing.assert_array_equal(assign_points(edge, Ts, cell, UP), [0, 1, 0])
    far = np.array([[0.0, -0.03, 0.02], [0.2, 0.0, 0.0]])
    np.testing.assert_array_equal(assign_points(far, Ts, cell, UP), -1)


def test_a_neighbour_makes_an_outline_crowded():
    cell = box_cell()
    template = edge_template(cell, MATERIALS, 2e-3)
    Ts = translation([[0.0, 0.0, 0.0], [0.0, 0.0275, 0.0], [0.0, -0.06, 0.0]])
    crowded = crowded_points(template, Ts, cell, UP)
    towards = template.outward[0, :, 1]
    rim = template.feature[0] == -1
    np.testing.assert_array_equal(crowded[0], rim & (towards > 0.5))
    np.testing.assert_array_equal(crowded[1], rim & (towards < -0.5))
    assert not crowded[2].any()


def test_biweight_falls_from_one_to_zero_at_its_limit():
    assert biweight(np.array([0.0, 1.0, 2.0, 5.0]), 2.0) == pytest.approx([1.0, 0.5625, 0.0, 0.0])


@pytest.mark.parametrize("place", [0.0, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("levels", [(2.0, 230.0), (230.0, 2.0), (30.0, 120.0)])
def test_an_edge_in_an_srgb_image_is_read_where_the_light_changes(place, levels):
    edges, views = one_edge(place, levels)
    readings = read_edges(edges, views, np.array([3.0]), 0.5)
    assert readings.found.all()
    assert not readings.clipped.any()
    assert readings.offset_px == pytest.approx(place, abs=0.03)


def test_an_edge_beside_a_full_pixel_is_marked():
    edges, views = one_edge(0.2, (10.0, 400.0))
    assert read_edges(edges, views, np.array([3.0]), 0.5).clipped.all()


def test_an_edge_of_the_wrong_sign_or_too_far_is_not_read():
    edges, views = one_edge(0.2, (10.0, 200.0))
    dark_outside = dataclasses.replace(edges, contrast=np.full(edges.visible.shape, -1.0))
    assert not read_edges(dark_outside, views, np.array([3.0]), 0.5).found.any()
    bright_outside = dataclasses.replace(edges, contrast=np.full(edges.visible.shape, 1.0))
    assert read_edges(bright_outside, views, np.array([3.0]), 0.5).found.all()
    edges, views = one_edge(2.5, (10.0, 200.0))
    assert not read_edges(edges, views, np.array([1.0]), 0.5).found.any()


def read_edges(edges, views, window_px, contrast_min) -> Readings:
    steps = steps_near(edges, views, window_px, contrast_min)
    return steps.nearest(np.zeros(edges.visible.shape, np.float32), window_px)


def one_edge(place: float, levels: tuple[float, float]) -> tuple[EdgeViews, object]:
    """Five edge points in the middle of an image, whose edge lies `place` px beyond them."""
    belief = dataclasses.replace(calibrations()[0], width_px=60, height_px=40)
    u = np.arange(60 * 16) / 16 - 0.5 + 0.5 / 16
    fine = np.where(u < 30 + place, *levels).reshape(60, 16).mean(axis=1)
    light = cv2.GaussianBlur(np.tile(fine, (40, 1)), (0, 0), 0.6)
    light = np.clip(light / 255, 0, 1)
    srgb = np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    image = np.repeat(np.rint(255 * srgb).astype(np.uint8)[..., None], 3, axis=-1)
    views = views_of([Capture(belief, image, None, 0.0, np.eye(4))], np.zeros((1, 3)), 10.0)
    shape = (1, 1, 5)
    edges = EdgeViews(
        pixels=np.stack([np.full(5, 30.0), np.arange(18.0, 23.0)], -1).reshape(*shape, 2),
        normals=np.tile([1.0, 0.0], (*shape, 1)),
        derivative=np.zeros((*shape, 6)),
        bow=np.zeros((*shape, 3)),
        scale=np.full(shape, 2000.0),
        visible=np.ones(shape, bool),
        sharp=np.ones(shape, bool),
        blur_m=np.zeros(shape),
        wander_m=np.zeros(shape),
        contrast=np.zeros(shape),
        group=np.zeros(shape, int),
        inset_m=np.zeros(shape),
        spacing_m=1.5e-3,
    )
    return edges, views


def test_lines_closer_than_a_camera_resolves_are_not_looked_for():
    ring = feature("ring", (0.012, 0.006), "ring", center_m=np.zeros(2))
    cap = feature("disc", (0.0045, 0.0045), "cap", center_m=np.zeros(2), material="white")
    cell = dataclasses.replace(box_cell(), features=(ring, cap))
    template = edge_template(cell, MATERIALS, 1e-3)
    T = translation([[0.0, 0.0, 0.0]])
    seen = {}
    for width in (100, 1200):
        beliefs = calibrations(width, width * 3 // 4)
        captures = [
            Capture(c, np.zeros((c.height_px, c.width_px, 3), np.uint8), None, 0.0, np.eye(4))
            for c in beliefs
        ]
        views = views_of(captures, np.zeros((1, 3)), 0.05)
        crowded = np.zeros(template.feature[:1].shape, bool)
        seen[width] = edge_views(template, np.repeat(T[:, None], 4, 1), UP[None], crowded, views)
    printed = template.feature[0] >= 0
    assert not seen[100].visible[..., printed].any()
    assert seen[1200].visible[..., printed].all()


def test_a_cell_on_its_side_has_no_end_face_to_look_at():
    cell = box_cell()
    template = edge_template(cell, MATERIALS, 2e-3)
    captures = [
        Capture(c, np.zeros((c.height_px, c.width_px, 3), np.uint8), None, 0.0, np.eye(4))
        for c in calibrations()
    ]
    views = views_of(captures, np.zeros((1, 3)), 0.05)
    crowded = np.zeros(template.feature[:1].shape, bool)
    T = perturb(np.eye(4), [0, 0, 0, np.pi / 2, 0, 0])[None]
    lying = edge_views(template, np.repeat(T[:, None], 4, 1), T[:, :3, :3].swapaxes(1, 2) @ UP,
                       crowded, views)  # fmt: skip
    assert not lying.visible.any()
