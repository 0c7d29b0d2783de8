"""Pictures as BOP has them: 8-bit PNG for colour and masks, 16-bit PNG for depth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STEPS_MM = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Steps of a depth image to choose from."""
LARGEST = 2**16 - 1


def depth_scale_mm(far_m: float) -> float:
    """Millimetres that one step of a depth image stands for: the finest that reaches `far_m`."""
    reaching = [step for step in STEPS_MM if LARGEST * step >= far_m * 1e3]
    return reaching[0] if reaching else STEPS_MM[-1]


def colour_png(image: NDArray[np.uint8]) -> bytes:
    """PNG file of an RGB image (h, w, 3); the one place that knows of OpenCV's BGR."""
    return _png(np.ascontiguousarray(image[..., ::-1]))


def depth_steps(depth: NDArray[np.float32], scale_mm: float) -> NDArray[np.uint16]:
    """Depth (h, w) in metres as steps of `scale_mm`; 0 for no reading, or one out of range."""
    steps = np.round(depth.astype(np.float64) * (1e3 / scale_mm))
    return np.where((steps >= 1) & (steps <= LARGEST), steps, 0).astype(np.uint16)


def depth_png(steps: NDArray[np.uint16]) -> bytes:
    """16-bit PNG file of an image (h, w) of depth steps."""
    return _png(steps)


def mask_png(mask: NDArray[np.bool_]) -> bytes:
    """PNG file of a mask (h, w): 255 where it holds, 0 elsewhere."""
    return _png(mask.astype(np.uint8) * np.uint8(255))


def _png(image: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()
