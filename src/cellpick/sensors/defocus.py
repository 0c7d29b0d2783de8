"""Defocus: each surface is blurred by its circle of confusion, nearer ones over farther ones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import CameraSpec

Array = NDArray[np.float32]
SHARP_PX = 0.3
"""Circles of confusion below this many pixels change nothing that noise would not hide."""
FIRST_PX, RATIO = 1.0, 1.5
"""Diameters of the blurred layers: none, the first, then each wider by the ratio."""
LARGEST_PX = 200.0
"""Wider circles are drawn as this one: nothing is left to be seen in them."""
TILE_PX = 192
"""Least side of the squares worked on at once: they have few layers and fit a core's cache."""
SMALL_PX = 3.0
"""Discs up to this diameter are three-pixel kernels of the same variance."""


def circles(depth: Array, spec: CameraSpec) -> Array:
    """(h, w) diameters in pixels of the circles of confusion, negative in front of the focus.

    A thin lens of focal length f, aperture f / N, focused at s, draws a point at z as a disc of
    f^2 |z - s| / (N z (s - f)) (Hecht, "Optics", section 5.2, from the lens equation). `depth` is
    along the optical axis; infinite where nothing is hit.
    """
    imager = spec.imager
    focal_m = spec.K[0, 0] * imager.pixel_pitch_m
    far_px = focal_m**2 / (imager.f_number * (imager.focus_m - focal_m) * imager.pixel_pitch_m)
    result: Array = np.float32(far_px) * (1 - np.float32(imager.focus_m) / depth)
    return np.clip(result, -LARGEST_PX, LARGEST_PX)


def defocus(radiance: Array, circle: Array) -> Array:
    """Radiance (h, w, 3) with each pixel spread over its circle (h, w).

    Pixels are shared out to layers of two neighbouring diameters so that the variance of the
    blur is exact; the layers lie over one another from far to near, and what no ray has seen
    behind a near edge is taken from its surroundings. Sharp parts of the picture stay untouched.
    """
    widest = float(np.abs(circle).max(initial=0.0))
    if widest < SHARP_PX:
        return radiance
    levels = _levels(float(circle.min()), float(circle.max()))
    reach = int(np.ceil(RATIO * max(widest, SMALL_PX) / 2)) + 1
    side = max(TILE_PX, 6 * reach)
    h, w = circle.shape
    out: Array = radiance.copy()
    for top in range(0, h, side):
        for left in range(0, w, side):
            inner = np.s_[top : top + side, left : left + side]
            above, before = max(top - reach, 0), max(left - reach, 0)
            outer = np.s_[above : top + side + reach, before : left + side + reach]
            if np.abs(circle[outer]).max() < SHARP_PX:
                continue
            tile = _tile(radiance[outer], circle[outer], levels)
            rows, columns = circle[inner].shape
            out[inner] = tile[top - above :, left - before :][:rows, :columns]
    return out


def _tile(radiance: Array, circle: Array, levels: list[float]) -> Array:
    picture = np.zeros((*circle.shape, 4), dtype=np.float32)
    for i in range(len(levels) - 1, -1, -1):
        share = _share(circle, levels, i)
        if not share.any():
            continue
        layer = _disc(np.dstack([radiance * share[..., None], share]), abs(levels[i]))
        picture *= 1 - np.minimum(layer[..., 3:], 1)
        picture += layer
    result: Array = picture[..., :3] / np.maximum(picture[..., 3:], np.float32(1e-6))
    return result


def _levels(low: float, high: float) -> list[float]:
    """Signed diameters that enclose the range, rising."""
    sizes = [0.0, FIRST_PX]
    while sizes[-1] < max(-low, high):
        sizes.append(sizes[-1] * RATIO)
    signed = [-size for size in reversed(sizes[1:])] + sizes
    first = max(i for i, size in enumerate(signed) if size <= low or i == 0)
    last = min(i for i, size in enumerate(signed) if size >= high or i == len(signed) - 1)
    return signed[first : last + 1]


def _share(circle: Array, levels: list[float], i: int) -> Array:
    """Part (h, w) of each pixel that a layer carries: linear in the circle's signed square."""
    nodes = [np.float32(size * abs(size)) for size in levels]
    area = circle * np.abs(circle)
    share = np.ones_like(circle)
    if i > 0:
        share = np.clip((area - nodes[i - 1]) / (nodes[i] - nodes[i - 1]), 0, 1)
    if i + 1 < len(levels):
        share = np.minimum(share, np.clip((nodes[i + 1] - area) / (nodes[i + 1] - nodes[i]), 0, 1))
    return share


def _disc(layer: Array, diameter_px: float) -> Array:
    """A layer spread by a uniform disc, whose variance is a sixteenth of its diameter's square."""
    if diameter_px == 0:
        return layer
    border = cv2.BORDER_REPLICATE
    if diameter_px <= SMALL_PX:
        side = diameter_px**2 / 32
        kernel = np.array([side, 1 - 2 * side, side])
        return cv2.sepFilter2D(layer, -1, kernel, kernel, borderType=border)  # type: ignore[return-value]
    return cv2.filter2D(layer, -1, _kernel(diameter_px), borderType=border)  # type: ignore[return-value]


def _kernel(diameter_px: float, fine: int = 8) -> Array:
    # counting by whole pixels widens the disc by a pixel's own variance, a twelfth
    radius = np.sqrt(diameter_px**2 - 16 / 12) / 2
    half = int(np.ceil(radius - 0.5))
    n = 2 * half + 1
    at = (np.arange(n * fine) + 0.5) / fine - n / 2
    inside = (at[:, None] ** 2 + at**2 <= radius**2).astype(np.float32)
    kernel = inside.reshape(n, fine, n, fine).mean(axis=(1, 3))
    result: Array = kernel / kernel.sum()
    return result
