"""Did a picture of every camera arrive, and is it of this look?"""

from __future__ import annotations

import zlib

import numpy as np

from cellpick.structures import Capture, CaptureSet

EARLY_S = 1e-6
"""A stamp may lie before the trigger by this much: rounding."""

ROWS = 64
"""Rows of a picture, or a few more, that tell it from another."""


def missing_cameras(look: CaptureSet) -> tuple[str, ...]:
    """Names of the cameras that were triggered and gave no picture."""
    arrived = {capture.calibration.camera for capture in look.captures}
    return tuple(sorted(name for name in set(look.expected) if name not in arrived))


def fingerprint(capture: Capture) -> int:
    """A checksum of rows of pixels: two exposures never share their noise."""
    step = max(1, len(capture.image) // ROWS)
    return zlib.crc32(np.ascontiguousarray(capture.image[::step]).tobytes())


def staleness(capture: Capture, triggered_s: float, picture: int, last: int | None) -> str:
    """Why a picture is not of this look, in words; empty when it is.

    `picture` is its fingerprint, `last` that of the picture that the camera gave before.
    """
    age_s = triggered_s - capture.time_s
    if picture == last:
        return "it repeats its last picture to the bit: frozen"
    if age_s > EARLY_S:
        return f"its picture was taken {age_s:.2f} s before it was triggered: frozen or late"
    return ""
