"""Small camera models for the tests of metrology, made from shipped ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellpick.metrology.lab import Lab, room, window
from cellpick.scene import IdealDepth, data_folder, load_camera

CAMERAS = data_folder("models") / "cameras"


def shipped(name="zivid_2plus_m60", subsample=None):
    return load_camera(CAMERAS / f"{name}.yaml", subsample)


def ideal(width_px=160, height_px=96, **changes):
    """A small camera without depth error or distortion."""
    model = shipped()
    depth = IdealDepth(near_m=0.1, far_m=5.0, baseline_m=0.1)
    model = replace(model, depth=depth, distortion=np.zeros(5), published=())
    return replace(window(model, width_px, height_px), **changes)


def lab(model, seed=0, solids=()):
    return Lab(room(model, solids), np.random.default_rng(seed))
