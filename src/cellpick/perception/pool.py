"""Means over square tiles of a map."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def pool(field: NDArray[np.complex64], factor: int) -> NDArray[np.complex64]:
    """Mean of an edge field over `factor` x `factor` pixels, whole tiles only: doubled angles add
    up over a stroke's two sides."""
    h, w = field.shape[0] // factor, field.shape[1] // factor
    planes = np.ascontiguousarray(field[: h * factor, : w * factor]).view(np.float32)
    small = cv2.resize(planes.reshape(h * factor, -1, 2), (w, h), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(h, w, 2).view(np.complex64)[..., 0]
