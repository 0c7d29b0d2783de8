"""Perception: a look (`CaptureSet`) in, a table of cells (`CellEstimates`) out.

2D and 3D detection, the pose core, polarity, codes and verification, from the look alone.
"""

from cellpick.perception.perceive import perceive

__all__ = ["perceive"]
