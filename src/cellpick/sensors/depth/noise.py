"""Random fields over an image: noise that neighbours share, and the smooth warp of one device."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
WHITE_PX = 0.3
"""A kernel narrower than this leaves white noise as it is."""
WARP_ORDER = 4
"""Highest number of half waves of the warp along each side of the image; assumed: lens and
projector distortions that calibration leaves are smooth."""


def shared_noise(shape: tuple[int, int], sigma_px: float, rng: np.random.Generator) -> Array:
    """Unit normal noise (h, w), spread by a Gaussian kernel; the same strength up to the rim."""
    h, w = shape
    if sigma_px < WHITE_PX:
        return rng.standard_normal((h, w), dtype=np.float32)
    radius = int(np.ceil(4 * sigma_px))
    white = rng.standard_normal((h + 2 * radius, w + 2 * radius), dtype=np.float32)
    return spread(white, sigma_px, radius)


def spread(white: Array, sigma_px: float, radius: int) -> Array:
    """White unit noise, padded by `radius` on each side, spread by a Gaussian kernel.

    The result keeps the noise's strength and lacks the padding.
    """
    kernel = np.asarray(cv2.getGaussianKernel(2 * radius + 1, sigma_px)).ravel()
    kernel = kernel / np.sqrt((kernel**2).sum())
    out = np.asarray(cv2.sepFilter2D(white, -1, kernel, kernel), dtype=np.float32)
    return np.ascontiguousarray(out[radius:-radius, radius:-radius])


def warp_field(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """A smooth field (h, w) of mean square 1 that no plane explains: the best plane is taken out.

    A plane's part would be a tilt or shift of the whole camera, which extrinsics absorb.
    """
    h, w = shape
    y, x = (np.linspace(-1, 1, n) for n in (h, w))
    order = np.arange(WARP_ORDER + 1)
    weight = rng.standard_normal((WARP_ORDER + 1, WARP_ORDER + 1)) / (
        1 + order[:, None] + order[None, :]
    )
    waves = [np.cos(np.pi / 2 * order * (side[:, None] + 1)) for side in (y, x)]
    field = waves[0] @ weight @ waves[1].T
    # on a full grid 1, x and y are orthogonal, so that each is projected out by itself
    field -= field.mean()
    field -= y[:, None] * (field * y[:, None]).sum() / max(w * (y**2).sum(), 1e-12)
    field -= x[None, :] * (field * x[None, :]).sum() / max(h * (x**2).sum(), 1e-12)
    rms = np.sqrt((field**2).mean())
    result: Array = (field / max(float(rms), 1e-12)).astype(np.float32)
    return result
