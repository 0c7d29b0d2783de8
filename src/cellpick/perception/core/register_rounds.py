"""Rounds on all points: each reads the points once, and moves only the outline's again."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats
from cellpick.perception.core.register_blocks import Blocks
from cellpick.perception.core.register_evidence import evidence, placed
from cellpick.perception.core.register_outline import MARGIN, outline
from cellpick.perception.core.register_pulls import Agreement, agreement, closeness, fine_pulls
from cellpick.perception.core.register_result import RegisterOptions
from cellpick.perception.core.register_shape import CellShape
from cellpick.perception.core.register_solve import PRIOR, equations, inverse, stepped

ROUNDS = 3
"""At most."""
SETTLED = 0.25
"""Mean square by which the points' distances may change in a round that is the last, in units of
their variance."""
UNREST = 1.0
"""Largest square of the last step of a round that is the last, in units of its own covariance."""
BENT = 0.1
"""By how much a rim's curve may move its points otherwise than its levers say, in units of the
noise."""
STEEPEST = 0.5
"""Least slope of the biweight's influence that is believed, in units of its weight."""
OUTLINE_STEPS = (True, False, False)
"""Which steps of the outline overshoot."""


@dataclass(frozen=True, eq=False)
class Round:
    """What a round says of k cells."""

    Ts: Floats
    """(k, 4, 4) poses."""
    information: Floats
    """(k, 6, 6) of the points."""
    fit: Agreement
    """How they fit."""
    settled: NDArray[np.bool_]
    """(k,) another round would say the same."""


def fine_rounds(
    blocks: Blocks,
    Ts: Floats,
    faces: NDArray[np.bool_],
    shape: CellShape,
    options: RegisterOptions,
) -> Round:
    """Rounds on all points of k cells from poses (k, 4, 4), until they settle; `faces` (k, f, 2)
    are seen."""
    result = fine_round(blocks, Ts, faces, shape, options)
    for _ in range(ROUNDS - 1):
        rest = np.flatnonzero(~result.settled)
        if not len(rest):
            break
        again = fine_round(blocks.of(rest), result.Ts[rest], faces[rest], shape, options)
        for own, new in ((result, again), (result.fit, again.fit)):
            for field in fields(own):
                if field.name != "fit":
                    getattr(own, field.name)[rest] = getattr(new, field.name)
    return result


def fine_round(
    blocks: Blocks,
    Ts: Floats,
    faces: NDArray[np.bool_],
    shape: CellShape,
    options: RegisterOptions,
) -> Round:
    """One look at all points: faces as moments, the outline point by point.

    The step is Newton's on the biweight, whose influence rises less steeply than its weight says.
    """
    H = inverse(Ts)
    seen = placed(blocks, H, shape)
    hidden: NDArray[np.bool_] = np.asarray(~faces.any(axis=2))
    near = closeness(blocks, seen)
    pulls = fine_pulls(blocks, seen, near, shape, hidden)
    A, g = equations(evidence(blocks, seen, pulls, shape, np.asarray(hidden.all(axis=0))), H)
    fit = agreement(blocks, near)
    steep = (5 * fit.weight - 4 * fit.roots) / np.maximum(fit.weight, 1e-12)
    steep = np.clip(steep, STEEPEST, 1.0)[:, None, None]
    hidden_by_any = np.flatnonzero(hidden.any(axis=0))
    outlines = [outline(blocks, seen, shape, int(s), faces, options.reach_m) for s in hidden_by_any]
    motion = np.zeros((len(Ts), 6))
    for overshoot in OUTLINE_STEPS if outlines else (False,):
        told = [edge.pull(motion, overshoot) for edge in outlines]
        slope = steep * A + PRIOR + sum(edge[0] for edge in told)
        pull = g - (steep * A @ motion[..., None])[..., 0] + sum(edge[1] for edge in told)
        step = np.linalg.solve(slope, pull[..., None])
        motion = motion + step[..., 0]
    along = (A @ motion[..., None])[..., 0]
    change = ((along - 2 * g) * motion).sum(axis=1)
    change = np.maximum(fit.chi_square + change, 0) / np.maximum(fit.chi_square, 1e-12)
    settled = (along * motion).sum(axis=1) < SETTLED * fit.weight
    settled &= (step * (slope @ step)).sum(axis=(1, 2)) < UNREST
    settled &= np.abs(motion[:, :3]).max(axis=1) < MARGIN * options.reach_m
    if seen.rounded:
        bend = np.square(motion[:, :2]).sum(axis=1) / shape.size_m[0]
        settled &= bend < BENT * blocks.sigma_m
    return Round(
        Ts=stepped(Ts, motion),
        information=A + sum(edge[0] for edge in told),
        fit=replace(fit, squares=fit.squares * change, chi_square=fit.chi_square * change),
        settled=settled,
    )
