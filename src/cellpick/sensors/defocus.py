"""Defocus: each surface is blurred by its circle of confusion, nearer ones over farther ones."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import CameraSpec

Array = NDArray[np.float32]
SHARP_PX = 0.5
"""Smaller circles of confusion are left out: they widen a lens blur of 0.6 px by two per cent."""
FIRST_PX, RATIO = 1.0, 1.5
"""Diameters between the slabs: none, the first, then each wider by the ratio."""
LARGEST_PX = 200.0
"""Wider circles are drawn as this one: nothing is left to be seen in them."""
TILE_PX = 192
"""Least side of the squares worked on at once: they have few slabs and fit a core's cache."""
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

    Slabs of depth lie over one another from far to near. Within a slab, each pixel is shared
    between the discs of both ends so that the variance of its blur is exact. What no ray has seen
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


def _tile(radiance: Array, circle: Array, nodes: list[float]) -> Array:
    slab = np.clip(np.searchsorted(nodes, circle, side="right") - 1, 0, len(nodes) - 2)
    k = int(slab[0, 0])
    if (slab == k).all():
        return _even(radiance, circle, (nodes[k], nodes[k + 1]))
    picture = np.zeros((*circle.shape, 4), dtype=np.float32)
    front, last = picture, len(nodes)
    for k in np.unique(slab)[::-1].tolist():
        layer = _spread(radiance, circle, slab == k, (nodes[k], nodes[k + 1]))
        # neighbouring slabs are one surface going on: only what lies deeper is covered
        beside = front if last == k + 1 else np.float32(0)
        picture = (picture - beside) * (1 - np.minimum(layer[..., 3:], 1)) + beside + layer
        front, last = layer, k
    result: Array = picture[..., :3] / np.maximum(picture[..., 3:], np.float32(1e-6))
    return result


def _even(radiance: Array, circle: Array, ends: tuple[float, float]) -> Array:
    """A tile within one slab: nothing covers anything, so that each pixel may gather its light."""
    part = _part(circle, ends)[..., None]
    near, far = (_disc(radiance, abs(end)) for end in ends)
    result: Array = near + part * (far - near)
    return result


def _part(circle: Array, ends: tuple[float, float]) -> Array:
    """Share (h, w) of the disc at a slab's far end: linear in the signed square."""
    near, far = (np.float32(end * abs(end)) for end in ends)
    result: Array = np.clip((circle * np.abs(circle) - near) / (far - near), 0, 1)
    return result


def _spread(
    radiance: Array, circle: Array, here: NDArray[np.bool_], ends: tuple[float, float]
) -> Array:
    """Light and cover (h, w, 4) of one slab: shared between the discs of its two ends."""
    part = _part(circle, ends)
    out = np.zeros((*circle.shape, 4), dtype=np.float32)
    for share, diameter in ((here * (1 - part), abs(ends[0])), (here * part, abs(ends[1]))):
        out += _disc(np.dstack([radiance * share[..., None], share]), diameter)
    return out


def _levels(low: float, high: float) -> list[float]:
    """Signed diameters that enclose the range, rising."""
    sizes = [0.0, FIRST_PX]
    while sizes[-1] < max(-low, high):
        sizes.append(sizes[-1] * RATIO)
    signed = [-size for size in reversed(sizes[1:])] + sizes
    first = max(i for i, size in enumerate(signed) if size <= low or i == 0)
    first = min(first, len(signed) - 2)
    last = min(i for i, size in enumerate(signed) if size >= high or i == len(signed) - 1)
    return signed[first : max(last, first + 1) + 1]


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


@functools.cache
def _kernel(diameter_px: float) -> Array:
    wanted, radius = diameter_px**2 / 16, diameter_px / 2
    # counting by whole pixels widens the disc a little: shrunk until its variance is right
    for _ in range(8):
        kernel = _counted(radius)
        at = np.arange(len(kernel)) - len(kernel) // 2
        radius *= np.sqrt(wanted / float((kernel.sum(axis=0) * at**2).sum()))
    return kernel


def _counted(radius_px: float, fine: int = 16) -> Array:
    """A disc's share of each pixel, by counting points."""
    half = int(np.ceil(radius_px - 0.5))
    n = 2 * half + 1
    at = (np.arange(n * fine) + 0.5) / fine - n / 2
    inside = (at[:, None] ** 2 + at**2 <= radius_px**2).astype(np.float32)
    kernel = inside.reshape(n, fine, n, fine).mean(axis=(1, 3))
    result: Array = kernel / kernel.sum()
    return result
