"""What lies on a camera's front window: a cover over half of it, or dirt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import CameraSpec

Array = NDArray[np.float32]
SOFT = 0.06
"""Half-width of a cover's blurred rim, as a share of the image's width; assumed: a cover some
10 mm in front of a lens stop of 2 mm."""
GLOW = 0.02
"""Light of a cover's dark side, as a share of the picture's mean."""
VEIL = 0.5
"""Stray light of a window of usual dirt, as a share of the picture's mean; assumed."""
SPOTS = 24
"""Smears on a window of usual dirt; assumed."""
SPOT_SHARE = (0.02, 0.10)
"""Radius of a smear as a share of the image's width; assumed."""
SPOT_LOSS = (0.2, 0.7)
"""Share of the light that a smear takes; assumed."""
SCATTER = 0.006
"""Blur of a smeared window as a share of the image's width; assumed."""
HALF = 0.28
"""A depth camera decodes nothing where less of the light than this comes through; assumed."""


@dataclass(frozen=True, eq=False)
class Window:
    """A front window that is not clean."""

    passes: Array
    """(h, w) share of the light that comes through."""
    veil: float
    """Stray light everywhere, as a share of the picture's mean."""
    scatter_px: float
    """Standard deviation of the blur of that light which is scattered a little."""
    scattered: float
    """Share of the light that is scattered so."""

    def dim(self, radiance: Array) -> Array:
        """Radiance (h, w, 3) behind the window."""
        mean = radiance.mean(axis=(0, 1), keepdims=True)
        through = radiance
        if self.scattered > 0:
            soft = cv2.GaussianBlur(radiance, (0, 0), self.scatter_px)
            through = (1 - self.scattered) * radiance + self.scattered * soft
        result: Array = through * self.passes[..., None] + self.veil * mean
        return result.astype(np.float32, copy=False)

    def spoil(self, depth: Array, sigma_m: float, rng: np.random.Generator) -> Array:
        """Depth (h, w) behind the window: noise, for a clean one of `sigma_m`, goes up as the
        contrast goes down (both light and stray light count), and is lost in the end."""
        contrast = self.passes * (1 - self.scattered) / (1 + self.veil)
        extra = sigma_m * np.sqrt(np.maximum(1 / np.maximum(contrast, 0.05) ** 2 - 1, 0))
        noisy = depth + rng.standard_normal(depth.shape, dtype=np.float32) * extra
        lost = contrast < HALF * (0.6 + 0.8 * rng.random(depth.shape, dtype=np.float32))
        return np.where(lost, np.nan, noisy).astype(np.float32)


def half_covered(spec: CameraSpec, amount: float, rng: np.random.Generator) -> Window:
    """Something over one side of the window: an amount of 1 covers half, of 2 three quarters."""
    angle = rng.uniform(0, 2 * np.pi)
    x, y = _middle(spec)
    edge = (1 - 0.5**amount - 0.5) * 2 * float(np.abs(x).max())
    along = np.cos(angle) * x + np.sin(angle) * y
    open_ = 1 / (1 + np.exp(-4 * (along - edge) / SOFT))
    return Window(open_.astype(np.float32), GLOW, 1.0, 0.0)


def dirty(spec: CameraSpec, amount: float, rng: np.random.Generator) -> Window:
    """Smears and a veil; an amount of 1 is a window that wants cleaning."""
    x, y = _middle(spec)
    passes = np.ones_like(x)
    for _ in range(max(1, round(SPOTS * min(amount, 2.0)))):
        u, v = rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5) * spec.height_px / spec.width_px
        radius, loss = rng.uniform(*SPOT_SHARE), rng.uniform(*SPOT_LOSS)
        passes *= 1 - loss * np.exp(-((((x - u) ** 2 + (y - v) ** 2) / radius**2) ** 2))
    return Window(
        passes.astype(np.float32),
        VEIL * amount,
        SCATTER * spec.width_px,
        min(0.35 * amount, 0.9),
    )


def _middle(spec: CameraSpec) -> tuple[Array, Array]:
    """(h, w) places from the image's middle, in widths."""
    w, h = spec.width_px, spec.height_px
    x, y = np.meshgrid(np.arange(w) - (w - 1) / 2, np.arange(h) - (h - 1) / 2)
    return (x / w).astype(np.float32), (y / w).astype(np.float32)
