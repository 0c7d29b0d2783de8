"""The imager against EMVA 1288's and HDR's closed forms: gain, noise, falloff, brackets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sensors_stage import IMAGER, camera, linear

from cellpick.sensors.brackets import KNEE, merge, tone
from cellpick.sensors.imager import LEVELS, expose
from cellpick.sensors.vignetting import Falloff

NOISY = replace(IMAGER, full_well_e=1000.0, read_noise_e=5.0, blur_px=0.0, white_level=1.0)
QUIET = replace(IMAGER, full_well_e=1e9, read_noise_e=0.0, blur_px=0.0, white_level=1.0)


def flat(level, shape=(160, 160)):
    return np.full((*shape, 3), level, dtype=np.float32)


def shares(image):
    """Values in shares of saturation, with the variance that 8 bits add."""
    step = (linear(np.minimum(image, 254) + np.uint8(1)) - linear(np.minimum(image, 254))).mean()
    return linear(image), step**2 / 12


def grey_of(light, brackets):
    """The encoded value of light by the documented curve."""
    value = tone(np.array([light]), 1 / min(brackets))[0]
    return 255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("gain", [0.5, 1.0, 4.0])
def test_the_variance_rises_with_the_mean_by_the_system_gain(gain):
    spec = replace(NOISY, gain=gain)
    means, variances = [], []
    for i, share in enumerate(np.linspace(0.15, 0.75, 7)):
        image = expose(flat(share / gain), spec, np.random.default_rng(i))
        value, rounding = shares(image)
        means.append(value.mean())
        variances.append(value.var() - rounding)
    # EMVA 1288 release 4.0, eq. 14, in shares of saturation: sigma^2 = K^2 read^2 + K mean
    slope, offset = np.polyfit(means, variances, 1)
    system_gain = gain / spec.full_well_e
    assert slope == pytest.approx(system_gain, rel=0.05)
    assert offset == pytest.approx((system_gain * spec.read_noise_e) ** 2, abs=0.03 * slope)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_pixel_saturates_at_full_well_over_gain(gain):
    spec = replace(QUIET, gain=gain, white_level=1.3)
    below, above = (
        expose(flat(x * 1.3 / gain, (8, 8)), spec, np.random.default_rng(0)) for x in (0.97, 1.01)
    )
    assert below.max() < 255
    assert above.min() == 255


def test_one_longer_exposure_is_that_much_brighter():
    once = expose(flat(0.2), QUIET, np.random.default_rng(0))
    thrice = expose(flat(0.2), replace(QUIET, brackets=(3.0,)), np.random.default_rng(0))
    assert linear(thrice).mean() == pytest.approx(3 * linear(once).mean(), rel=0.02)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.6])
def test_the_corners_lack_the_stated_share_and_the_centre_none(share):
    spec = camera(size=(161, 121), imager=replace(QUIET, vignetting=share))
    passes = Falloff(spec).rows(0, 121)[..., 0]
    corners = passes[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners == pytest.approx(np.full(4, 1 - share), abs=1e-6)
    assert passes[60, 80] == 1
    # in between, the loss is the cosine law's times one factor
    x, y = (np.arange(161) - 80) / 200, (np.arange(121) - 60) / 200
    law = 1 - (1 + x**2 + y[:, None] ** 2) ** -2
    assert 1 - passes == pytest.approx(law * share / law[0, 0], abs=1e-5)
    image = expose(flat(0.8, (121, 161)), spec.imager, np.random.default_rng(0), Falloff(spec))
    assert linear(image)[0, 0] == pytest.approx(np.full(3, 0.8 * (1 - share)), abs=0.005)


def test_the_falloff_may_be_read_in_any_pieces():
    falloff = Falloff(camera(size=(67, 45), imager=replace(QUIET, vignetting=0.4)))
    pieces = [falloff.rows(start, 7) for start in range(0, 45, 7)]
    assert np.concatenate(pieces) == pytest.approx(falloff.rows(0, 45), abs=0)


def test_the_signal_to_noise_ratio_falls_with_the_light_in_the_corners():
    spec = camera(size=(200, 200), imager=replace(NOISY, read_noise_e=0.0, vignetting=0.5))
    rng = np.random.default_rng(0)
    shots = [expose(flat(0.6, (200, 200)), spec.imager, rng, Falloff(spec)) for _ in range(2)]
    ratios = []
    for rows in (slice(0, 16), slice(92, 108)):
        (one, rounding), (two, _) = (shares(shot[rows, rows]) for shot in shots)
        ratios.append(one.mean() / np.sqrt((one - two).var() / 2 - rounding))
    passes = Falloff(spec).rows(0, 16)[:, :16].mean()
    assert ratios[0] / ratios[1] == pytest.approx(np.sqrt(passes), rel=0.1)


@pytest.mark.parametrize("brackets", [(0.25, 1.0), (0.1, 1.0, 4.0), (4.0, 1.0, 0.25)])
@pytest.mark.parametrize("light", [0.05, 0.3, 1.5, 3.5])
def test_brackets_tell_light_beyond_what_saturates_one_exposure(brackets, light):
    image = expose(flat(light), replace(NOISY, brackets=brackets), np.random.default_rng(0))
    assert image.mean() == pytest.approx(grey_of(light, brackets), abs=1.5)
    if light > 1:
        assert (expose(flat(light), QUIET, np.random.default_rng(0)) == 255).all()
        assert np.median(image) < 255


def test_merged_shadows_and_half_tones_look_as_in_a_plain_picture():
    ramp = np.tile(np.linspace(0, KNEE, 64, dtype=np.float32)[None, :, None], (8, 1, 3))
    plain = expose(ramp, QUIET, np.random.default_rng(0)).astype(int)
    merged = expose(ramp, replace(QUIET, brackets=(0.1, 1.0)), np.random.default_rng(0))
    assert np.abs(plain - merged).max() <= 1


def test_merging_adds_up_the_light_of_all_exposures():
    # with shot noise alone the merge counts as many electrons as all exposures together
    brackets = (0.25, 1.0, 2.0)
    spec = replace(NOISY, read_noise_e=0.0)
    variances = {}
    for taken in ((1.0,), brackets):
        image = expose(flat(0.3), replace(spec, brackets=taken), np.random.default_rng(1))
        value, rounding = shares(image)
        variances[taken] = value.var() - rounding
    assert variances[(1.0,)] / variances[brackets] == pytest.approx(sum(brackets), rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_the_merge_of_exact_counts_is_exact(seed):
    rng = np.random.default_rng(seed)
    exposures = sorted(rng.uniform(0.1, 8, 3))
    light = rng.uniform(0, 1 / exposures[0], (20, 20)).astype(np.float32)
    counts = [np.minimum(light * np.float32(t * LEVELS), np.float32(LEVELS)) for t in exposures]
    assert merge(counts, exposures, LEVELS) == pytest.approx(light, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("ceiling", [1.0001, 1.5, 4.0, 100.0, 1000.0])
def test_the_tone_curve_is_light_up_to_the_knee_and_never_falls(ceiling):
    light = np.linspace(0, ceiling, 20_001)
    grey = tone(light, ceiling)
    assert grey[light <= KNEE] == pytest.approx(light[light <= KNEE], abs=1e-12)
    assert (np.diff(grey) > 0).all()
    assert grey[-1] == pytest.approx(1, abs=1e-9)
    # without a bend: a slope of one on both sides of the knee
    above = tone(np.array([KNEE, KNEE + 1e-7]), ceiling)
    assert np.diff(above)[0] / 1e-7 == pytest.approx(1, abs=1e-3)


def test_without_highlights_the_tone_curve_only_scales():
    light = np.linspace(0, 0.25, 9)
    assert tone(light, 0.25) == pytest.approx(4 * light)
