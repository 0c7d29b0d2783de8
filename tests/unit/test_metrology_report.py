"""Figures set beside the published ones, and the document of all."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from metrology_stage import ideal, shipped

from cellpick.errors import ShapeError
from cellpick.metrology import DEFINITIONS, measure_camera, sensors_document
from cellpick.metrology.compared import with_published
from cellpick.metrology.nguyen import axial_sigma_m
from cellpick.metrology.places import in_range, published_m, tilted_m, working_range_m
from cellpick.metrology.records import CameraReport, Curve, Figure, Series
from cellpick.metrology.targets import STEP_M
from cellpick.scene import Published, kinect_sigma_m

AT_600 = Published("point_precision_mm", 0.08, 0.6, "maker", "datasheet")
AT_1000 = Published("point_precision_mm", 0.3, 1.0, "maker", "datasheet")
EVERYWHERE = Published("scale_permille", 2.0, None, "maker", "second-hand")
SPACING = Published("point_spacing_mm", 0.24, 0.6, "maker", "datasheet")


def report(*figures):
    return CameraReport("cam", "structured_light", (1, 1), (2, 2), tuple(figures), ())


def test_each_figure_meets_the_published_one_of_its_name_and_distance():
    model = replace(ideal(), published=(AT_1000, EVERYWHERE, AT_600))
    seen = [
        Figure("point_precision_mm", 0.084, at_mm=600.0),
        Figure("point_precision_mm", 0.2, at_mm=995.0),
        Figure("scale_permille", 1.9, at_mm=700.0),
        Figure("flatness_mm", 0.4, at_mm=600.0),
    ]
    found = with_published(seen, model)
    assert [f.published for f in found] == [0.08, 0.3, 2.0, None]
    assert [f.agrees for f in found] == [True, False, True, False]
    assert found[0].ratio == pytest.approx(1.05)
    assert (found[0].source, found[0].certainty) == ("maker", "datasheet")


def test_what_was_published_and_not_measured_is_said():
    model = replace(ideal(), published=(AT_600, SPACING))
    found = with_published([Figure("point_precision_mm", 0.08, at_mm=700.0)], model)
    assert [(f.key, f.published) for f in found] == [
        ("point_precision_mm", None),
        ("point_precision_mm", 0.08),
        ("point_spacing_mm", 0.24),
    ]
    assert np.isnan([f.measured for f in found[1:]]).all()
    assert not any(f.agrees for f in found)


@pytest.mark.parametrize(
    ("ratio", "agrees"), [(0.90, True), (1.10, True), (0.899, False), (1.101, False)]
)
def test_a_tenth_is_the_limit(ratio, agrees):
    assert Figure("point_precision_mm", ratio * 0.5, published=0.5).agrees is agrees


def test_only_noise_fails_a_camera():
    off = [Figure(key, 5.0, published=1.0) for key in DEFINITIONS]
    gates = {key for key, definition in DEFINITIONS.items() if definition.gate}
    assert gates == {"point_precision_mm", "subpixel_px", "nguyen_worst"}
    assert {f.key for f in report(*off).missed} == gates
    assert report(Figure("point_precision_mm", 5.0)).missed == ()


def test_a_noise_figure_without_a_reading_fails_its_camera():
    assert len(report(Figure("point_precision_mm", float("nan"), published=1.0)).missed) == 1


def test_nguyens_curve_is_the_one_that_the_sensor_follows():
    angles = np.radians([0.0, 30.0, 60.0, 80.0])
    for z in (0.5, 1.0, 2.0):
        np.testing.assert_allclose(axial_sigma_m(z, angles), kinect_sigma_m(z, angles), rtol=1e-12)
    # the paper's own figure 5: a little above 1.2 mm at 0.4 m, about 6 mm at 2 m
    assert axial_sigma_m(0.4, np.zeros(1))[0] == pytest.approx(0.0012)
    assert axial_sigma_m(2.0, np.zeros(1))[0] == pytest.approx(0.006064)


def test_a_series_has_a_value_for_each_place():
    with pytest.raises(ShapeError, match="a series has a value for each x"):
        Curve("k", "t", "x", "y", np.arange(3.0), (Series("s", np.arange(2.0)),))


def test_targets_stand_inside_the_range():
    model = replace(ideal(), published=(AT_1000,))
    model = replace(model, depth=replace(model.depth, near_m=0.5, far_m=1.0))
    assert published_m(model, "point_precision_mm", 0.7) == [pytest.approx(0.995)]
    assert published_m(model, "planarity_mm", 0.7) == [0.7]
    assert 0.5 < tilted_m(model) <= 1.0 - STEP_M
    walk = working_range_m(model)
    assert (np.diff(walk) > 0).all()
    assert 0.5 < walk[0] < walk[-1] < 1.0
    assert 0.5 < in_range(model, 9.0, 0.08) < 1.0
    assert 0.5 < in_range(model, 0.0, 0.08) < 1.0


@pytest.mark.parametrize("far_m", [0.101, 0.12])
def test_a_camera_with_hardly_any_range_still_has_places(far_m):
    model = ideal()
    model = replace(model, depth=replace(model.depth, near_m=0.1, far_m=far_m))
    assert (np.diff(working_range_m(model)) > 0).all()
    assert np.isfinite(tilted_m(model))


def strict(document):
    return json.loads(json.dumps(document, allow_nan=False))


def test_the_document_is_plain_and_holds_what_was_measured():
    figures = with_published(
        [Figure("point_precision_mm", 0.0812345678, 1e-4, 600.0), Figure("noise_exponent", np.nan)],
        replace(ideal(), published=(AT_600,)),
    )
    curve = Curve("c", "t", "x", "y", np.arange(2.0), (Series("s", np.array([1.0, np.nan])),))
    whole = replace(report(*figures), curves=(curve,))
    document = strict(sensors_document([whole], seed=7, version="1"))
    camera = document["cameras"][0]
    assert (document["schema"], document["seed"]) == ("cellpick.sensors/1", 7)
    assert camera["figures"][0]["measured"] == 0.081235
    assert camera["figures"][0]["agrees"] is True
    assert camera["figures"][1]["measured"] is None
    assert camera["figures"][1]["agrees"] is None
    assert camera["curves"][0]["series"][0]["y"] == [1.0, None]
    assert set(document["definitions"]) == {"point_precision_mm", "noise_exponent"}


def test_a_2d_camera_is_measured_as_its_file_says_and_twice_alike():
    model, native = shipped("industrial_2d_5mp"), shipped("industrial_2d_5mp", 1)
    first, again = (measure_camera(model, native, np.random.default_rng(3)) for _ in range(2))
    document = strict(sensors_document([first], seed=3, version="1"))
    assert document == strict(sensors_document([again], seed=3, version="1"))
    found = {f.key: f for f in first.figures}
    assert first.principle == "2d"
    assert first.missed == ()
    assert not {"point_precision_mm", "scale_permille"} & found.keys()
    assert found["full_well_e"].agrees
    assert found["blur_px"].ratio == pytest.approx(1, abs=0.15)
    other = measure_camera(model, native, np.random.default_rng(4))
    assert {f.key: f.measured for f in other.figures} != {f.key: f.measured for f in first.figures}


def test_an_ideal_camera_is_measured_and_called_ideal(monkeypatch):
    monkeypatch.setattr("cellpick.metrology.measure_form.DEVICES", 3)
    small = ideal(100, 80)
    found = measure_camera(small, small, np.random.default_rng(0))
    figures = {f.key: f for f in found.figures}
    assert found.principle == "ideal"
    assert found.missed == ()
    assert figures["point_precision_mm"].measured == 0
    assert np.isnan(figures["noise_exponent"].measured)
    assert figures["missing_aluminium"].measured == 0
    strict(sensors_document([found], seed=0, version="1"))
