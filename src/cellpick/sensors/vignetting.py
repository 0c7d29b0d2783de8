"""Light that a lens loses towards the corners of its image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellpick.scene.cameras import CameraSpec

Array = NDArray[np.float32]


class Falloff:
    """Share of the light that arrives, 1 in the image's centre.

    The natural falloff, the fourth power of the cosine of the field angle (Kingslake 1965,
    "Applied Optics and Optical Engineering" vol. 2, ch. 5), scaled so that the corner farthest
    from the principal point lacks `ImagerSpec.vignetting`: real lenses lose more than the law
    where the barrel cuts the pencil, and less where they are telecentric on the sensor's side.
    """

    def __init__(self, spec: CameraSpec) -> None:
        K = spec.K
        x = (np.arange(spec.width_px) - K[0, 2]) / K[0, 0]
        y = (np.arange(spec.height_px) - K[1, 2]) / K[1, 1]
        self._x2, self._y2 = (x**2).astype(np.float32), (y**2).astype(np.float32)
        corner = float((1 + self._x2.max() + self._y2.max()) ** -2)
        self._depth = np.float32(spec.imager.vignetting / (1 - corner))

    def rows(self, start: int, count: int) -> Array:
        """(count, w, 1) shares for image rows from `start`."""
        tangent2 = self._y2[start : start + count, None] + self._x2
        fourth = np.float32(1) / (np.float32(1) + tangent2) ** 2
        result: Array = (1 - self._depth * (1 - fourth))[..., None]
        return result
