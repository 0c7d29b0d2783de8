"""Estimators of edges and of an image's noise against made-up ones with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from cellpick.metrology.sharpness import NO_EDGE, edge_sharpness
from cellpick.metrology.steps import flying_share, lateral_sigma
from cellpick.metrology.transfer import linear, patch_noise, photon_transfer

SLANT = np.radians(5.0)


def edge(blur_px, size=(128, 128), noise=0.0, seed=0, low=0.1, high=0.9):
    """A slanted edge blurred by a Gaussian, sampled without a pixel's width."""
    v, u = np.mgrid[: size[0], : size[1]]
    middle = (size[1] - 1) / 2 + 0.3
    d = (u - middle) * np.cos(SLANT) - (v - size[0] / 2) * np.sin(SLANT)
    image = low + (high - low) * ndtr(d / blur_px)
    return image + noise * np.random.default_rng(seed).standard_normal(image.shape)


@pytest.mark.parametrize("blur_px", [0.5, 0.7, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_gaussian_edge_gives_its_own_blur_rise_and_mtf(blur_px, mirrored):
    image = edge(blur_px, noise=0.004)
    found = edge_sharpness(image[:, ::-1] if mirrored else image)
    assert found.blur_px == pytest.approx(blur_px, rel=0.03)
    assert found.rise_px == pytest.approx(2.5631 * blur_px, rel=0.05)
    assert found.mtf50 == pytest.approx(np.sqrt(2 * np.log(2)) / (2 * np.pi * blur_px), rel=0.05)


def test_brightness_and_contrast_do_not_matter():
    bright, dim = edge_sharpness(edge(1.0)), edge_sharpness(edge(1.0, low=0.2, high=0.4))
    np.testing.assert_allclose(bright, dim, rtol=1e-6)


@pytest.mark.parametrize(
    "image",
    [
        np.full((64, 64), 0.5),
        np.zeros((1, 64)),
        np.zeros((0, 0)),
        edge(0.7, (16, 16)),
        edge(0.7)[:, 58:],
        np.tile([0.1, 0.9], (64, 32)),
        np.vstack([np.full((32, 64), 0.1), edge(0.7, (32, 64))]),
    ],
)
def test_where_there_is_no_edge_there_is_no_sharpness(image):
    np.testing.assert_equal(edge_sharpness(image), NO_EDGE)


@pytest.mark.parametrize("sigma_px", [0.4, 0.8, 1.5])
def test_the_scatter_of_an_edge_is_found(sigma_px):
    rng = np.random.default_rng(1)
    offset = rng.uniform(-8, 8, 400_000)
    is_near = offset + sigma_px * rng.standard_normal(offset.shape) > 0
    assert lateral_sigma(offset, is_near, 8.0) == pytest.approx(sigma_px, rel=0.03)


def test_an_edge_that_is_where_it_is_has_no_scatter():
    offset = np.linspace(-8, 8, 10_000)
    assert lateral_sigma(offset, offset > 0, 8.0) == 0


def test_an_edge_with_one_side_alone_has_no_figure():
    offset = np.linspace(0.5, 8, 100)
    assert np.isnan(lateral_sigma(offset, offset > 0, 8.0))


def test_readings_fly_when_they_are_on_neither_side():
    near, far = np.full(60, 0.600), np.full(30, 0.630)
    between, beyond, missing = np.full(8, 0.615), np.full(2, 0.7), np.full(50, np.nan)
    depth = np.concatenate([near, far, between, beyond, missing])
    assert flying_share(depth, 0.6, 0.63, 0.003) == pytest.approx(0.10)


@pytest.mark.parametrize(
    ("depth", "margin"), [(np.full(5, np.nan), 0.003), (np.full(5, 0.6), 0.02)]
)
def test_nothing_flies_where_nothing_is_read_or_noise_fills_the_step(depth, margin):
    assert np.isnan(flying_share(depth, 0.6, 0.63, margin))


@pytest.mark.parametrize(("full_well", "read"), [(10_500.0, 2.4), (8000.0, 6.0), (30_000.0, 20.0)])
def test_the_line_of_photon_transfer_gives_full_well_and_dark_noise(full_well, read):
    mean = np.array([0.003, 0.05, 0.2, 0.5, 0.69])
    found = photon_transfer(mean, mean / full_well + (read / full_well) ** 2)
    assert found.full_well_e == pytest.approx(full_well, rel=1e-6)
    assert found.read_noise_e == pytest.approx(read, rel=1e-6)
    assert found.dynamic_range_db == pytest.approx(20 * np.log10(full_well / read), rel=1e-6)


def test_saturated_patches_are_left_out():
    mean = np.array([0.01, 0.3, 0.6, 0.99])
    variance = mean / 1e4 + 1e-7
    found = photon_transfer(mean, np.where(mean > 0.9, 0.0, variance))
    assert found.full_well_e == pytest.approx(1e4, rel=1e-6)


@pytest.mark.parametrize("variance", [[1e-5, np.nan], [2e-5, 1e-5], [0.0, 0.0]])
def test_noise_that_does_not_grow_with_light_says_nothing(variance):
    assert np.isnan(photon_transfer(np.array([0.1, 0.5]), np.array(variance))).all()


def encoded(shares):
    v = np.where(shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055)
    return np.round(255 * v).astype(np.uint8)


@pytest.mark.parametrize("electrons", [100, 1000, 6000])
def test_the_noise_of_a_patch_is_that_of_its_photons(electrons):
    rng = np.random.default_rng(2)
    images = [encoded(rng.poisson(electrons, (200, 200)) / 1e4) for _ in range(2)]
    mean, variance = patch_noise(*images)
    assert mean == pytest.approx(electrons / 1e4, rel=0.005)
    assert variance == pytest.approx(electrons / 1e8, rel=0.05)


def test_a_pattern_on_the_patch_is_no_noise():
    pattern = encoded(np.random.default_rng(3).random((100, 100)))
    assert patch_noise(pattern, pattern)[1] <= 0


def test_grey_values_become_the_light_that_they_stand_for():
    grey = np.arange(256, dtype=np.uint8)
    assert (encoded(linear(grey)) == grey).all()
