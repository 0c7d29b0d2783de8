"""What the outline of a seen face says: points lie on the face, so none lies beyond its edge.

A point of a face that is evenly covered up to its edge, measured with noise sigma, lies at depth
t sigma inside that edge with a density proportional to Phi(t), the normal distribution function.
The score phi / Phi pushes points inwards, and score (score + t) is its derivative: together they
make a Newton step of the maximum likelihood.
"""

from __future__ import annotations

from math import erfc, exp, pi, sqrt

import numpy as np

from cellpick.geometry import Floats

INSIDE = 4.0
"""Points deeper inside an edge than this many standard deviations feel nothing of it."""
BEYOND = 5.0
"""Points farther outside than this belong to something else."""
_T = np.linspace(-BEYOND - 1, INSIDE + 1, 1201)
_SCORE = np.array([exp(-t * t / 2) / (sqrt(pi / 2) * erfc(-t / sqrt(2))) for t in _T])
_CURVATURE = _SCORE * (_SCORE + _T)


def push(depth: Floats) -> tuple[Floats, Floats]:
    """Score and curvature (k,) at depths (k,) inside an edge, in standard deviations."""
    return np.interp(depth, _T, _SCORE), np.interp(depth, _T, _CURVATURE)
