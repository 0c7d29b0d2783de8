"""Estimators of noise against noise that was made to order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from cellpick.metrology.noise import (
    autocorrelation,
    correlation_length,
    growth_exponent,
    sigma_uncertainty,
    temporal_part,
    temporal_sigma,
)


def white(seed, shape=(20, 60, 60), sigma=1.0):
    return sigma * np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("sigma", [3e-5, 1e-3, 2.0])
def test_the_noise_of_repeated_readings_is_found_whatever_the_form(sigma):
    form = 0.6 + 0.05 * np.random.default_rng(9).random((60, 60))
    assert temporal_sigma(form + white(0, sigma=sigma)) == pytest.approx(sigma, rel=0.01)


def test_two_captures_suffice_without_bias():
    found = [temporal_sigma(white(seed, (2, 8, 8))) ** 2 for seed in range(1000)]
    assert np.mean(found) == pytest.approx(1, rel=0.02)


def test_holes_are_left_out_and_nothing_else():
    stack = white(1)
    holed = np.where(np.random.default_rng(2).random(stack.shape) < 0.3, np.nan, stack)
    assert temporal_sigma(holed) == pytest.approx(1, rel=0.01)
    far = np.where(np.isnan(holed), 1e9, holed)
    assert temporal_sigma(np.where(far > 1e8, np.nan, far)) == temporal_sigma(holed)


@pytest.mark.parametrize("stack", [np.full((5, 4, 4), np.nan), np.ones((1, 4, 4))])
def test_what_was_never_read_twice_has_no_noise_figure(stack):
    assert np.isnan(temporal_sigma(stack))
    assert np.isnan(sigma_uncertainty(stack))
    assert np.isnan(temporal_part(stack)).all()


def test_a_camera_without_noise_has_none():
    assert temporal_sigma(np.full((5, 6, 6), 0.6123)) < 1e-15


@pytest.mark.parametrize("spread_px", [0.0, 2.0])
def test_the_stated_uncertainty_is_the_scatter_of_the_figure(spread_px):
    def stack(seed):
        noise = white(seed, (6, 48, 48))
        if spread_px:
            noise = gaussian_filter1d(gaussian_filter1d(noise, spread_px, 1), spread_px, 2)
        return noise

    found = [(temporal_sigma(s), sigma_uncertainty(s)) for s in map(stack, range(150))]
    scatter, stated = np.std([f[0] for f in found]), np.median([f[1] for f in found])
    assert 0.7 < stated / scatter < 1.4


def test_the_temporal_part_keeps_the_variance_and_drops_the_form():
    form = np.linspace(0, 1, 60)[None, None]
    part = temporal_part(form + white(3, (4, 60, 60), 0.1))
    assert np.var(part) == pytest.approx(0.01, rel=0.03)
    assert abs(part.mean()) < 1e-12


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 2.5])
def test_a_power_of_distance_is_found_exactly(exponent):
    z = np.array([0.3, 0.5, 0.9, 2.0])
    assert growth_exponent(z, 1e-3 * z**exponent) == pytest.approx(exponent, abs=1e-12)


@pytest.mark.parametrize("sigmas", [[0.0, 0.0, 0.0], [np.nan, 1.0, np.nan], [1.0, np.nan, 0.0]])
def test_without_two_noisy_places_there_is_no_growth(sigmas):
    assert np.isnan(growth_exponent(np.array([0.3, 0.6, 0.9]), np.array(sigmas)))


@pytest.mark.parametrize("spread_px", [1.5, 3.0, 5.0])
def test_noise_spread_by_a_gaussian_is_correlated_over_twice_its_sigma(spread_px):
    # white noise through exp(-x^2 / 2 s^2) has the autocorrelation exp(-x^2 / 4 s^2)
    noise = gaussian_filter1d(white(4, (10, 60, 400)), spread_px, axis=2)
    correlation = autocorrelation(noise, 30)
    lags = np.arange(31)
    np.testing.assert_allclose(correlation, np.exp(-(lags**2) / (4 * spread_px**2)), atol=0.06)
    assert correlation_length(correlation) == pytest.approx(2 * spread_px, rel=0.05)


def test_white_noise_is_not_correlated():
    correlation = autocorrelation(white(5, (10, 60, 200)), 5)
    assert correlation[0] == pytest.approx(1)
    assert np.abs(correlation[1:]).max() < 0.01
    assert correlation_length(correlation) == pytest.approx(1 - np.exp(-1), abs=0.01)


def test_holes_leave_the_correlation_as_it_is():
    noise = gaussian_filter1d(white(6, (10, 60, 200)), 2.0, axis=2)
    holed = np.where(np.random.default_rng(7).random(noise.shape) < 0.2, np.nan, noise)
    np.testing.assert_allclose(autocorrelation(holed, 8), autocorrelation(noise, 8), atol=0.02)


def test_nothing_read_has_no_correlation():
    empty = autocorrelation(np.full((2, 5, 5), np.nan), 8)
    assert np.isnan(empty).all()
    assert np.isnan(correlation_length(empty))


def test_an_image_narrower_than_the_lags_gives_what_it_has():
    correlation = autocorrelation(white(8, (3, 5, 4)), 8)
    assert np.isfinite(correlation[:3]).all()
    assert np.isnan(correlation[4:]).all()
