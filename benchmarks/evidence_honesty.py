"""How honest the predicted covariances are: errors of all cells of a look against their joint band.

Cells of one look share their cameras' calibration errors, so their errors are no independent
draws. What they share follows from the sightings: the joint covariance of all cells is written
down, and each look's mean square of normalised errors is held against the band that a sum of
correlated squares then has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from cellpick.evaluate import match_estimates
from cellpick.evaluate.symmetric_angle import flip_rotation
from cellpick.geometry import Floats, difference, invert, pose
from cellpick.geometry.symmetries import rotation_group
from cellpick.perception import CameraMonitor, Drawing
from cellpick.perception.core.depth_errors import WARP_SHARE, warp_over
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.fusion import to_scale
from cellpick.perception.health.agreement import Located
from cellpick.perception.perceive import in_order, locate
from cellpick.scene import SceneState
from cellpick.structures import CaptureSet, CellModel

AXES = ("x", "y", "z", "about x", "about y", "about z")
"""Of the cell frame."""
BAND = (0.025, 0.975)
"""Quantiles between which a look's figure lies 95 times of 100."""
ALIKE = 0.7
"""Share of the variance of a camera's edges that cells of one look have in common: rims, gaps and
light are alike. Of outlines' readings at true poses, 0.5 to 0.9 by camera and outline."""
DRAWS = 4000
"""Sums of squares drawn for a band's ends."""
LEAST_SIGMA = np.repeat([1e-6, 1e-6], 3)
"""Metres and radians: below, rounding counts."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Of k cells of one look."""

    delta: Floats
    """(k, 6) small motion from the estimate to the truth, in the cell frame; metres, radians."""
    joint: Floats
    """(k, 6, k, 6) their predicted covariance, with what the cells share."""
    fixed: NDArray[np.bool_]
    """(6,) axes that no symmetry leaves free."""


def look_errors(look: CaptureSet, state: SceneState, drawing: Drawing) -> Errors:
    """What is estimated of one look, its healthy cameras examined as always, against the truth."""
    examined = CameraMonitor().examine(look).look
    located = locate(examined, drawing)
    matches = match_estimates(located.estimates, state, look.task)
    rows, true = matches.estimate_row, matches.cell_row
    Ts_true = (invert(state.T_world_base) @ state.Ts_world_cell)[true]
    delta = nearest_difference(look.task.cell, located.estimates.Ts_base_cell[rows], Ts_true)
    joint = joint_covariance(located, in_order(to_scale(examined)))[rows][:, :, rows]
    free = [s.axis for s in look.task.cell.symmetries if s.fold == 0]
    spun = np.abs(np.array(free).reshape(-1, 3)).sum(axis=0) > 0
    return Errors(delta, joint, np.r_[np.ones(3, np.bool_), ~spun])


def nearest_difference(cell: CellModel, Ts: Floats, Ts_true: Floats) -> Floats:
    """(k, 6) `difference` to the nearest of the poses that only symmetry or polarity tells apart
    from the true one."""
    discrete = [s for s in cell.symmetries if s.fold > 0]
    axes = np.array([s.axis for s in discrete]).reshape(-1, 3)
    group = rotation_group(axes, np.array([s.fold for s in discrete], np.int64), 1)
    turns = np.concatenate([group, group @ flip_rotation(cell)])
    twins = Ts_true[:, None] @ pose(turns, np.zeros((len(turns), 3)))
    delta = difference(np.broadcast_to(Ts[:, None], twins.shape), twins)
    for s in cell.symmetries:
        if s.fold == 0:  # to first order a turn about the free axis is all that this takes away
            axis = s.axis / np.linalg.norm(s.axis)
            delta[..., 3:] = _tilt(Ts[:, None], twins, axis)
    best = np.linalg.norm(delta[..., 3:], axis=-1).argmin(axis=1)
    result: Floats = delta[np.arange(len(delta)), best]
    return result


def _tilt(Ts: Floats, twins: Floats, axis: Floats) -> Floats:
    """(..., 3) smallest rotation of one pose's axis onto the other's, in the first frame."""
    seen = np.swapaxes(Ts[..., :3, :3], -1, -2) @ (twins[..., :3, :3] @ axis)[..., None]
    result: Floats = np.cross(axis, seen[..., 0])
    return result


def joint_covariance(located: Located, look: CaptureSet) -> Floats:
    """(n, 6, n, 6): each cell's own on the diagonal; beside it what two cells' errors share, the
    cameras' pose errors, their depth's scale and warp, the height that they stand at, and much of
    what their edges err by."""
    seen, own = located.seen, located.estimates.covariance
    n, c = seen.by_camera.shape[:2]
    B = seen.by_camera
    P = seen.camera_sigma**2
    to_sight = np.linalg.inv(B) / seen.camera_sigma[:, :, None]
    known = np.swapaxes(to_sight, -1, -2) @ to_sight
    A = seen.edge_information + seen.depth_information
    gain = np.eye(6) - np.swapaxes(np.linalg.solve(A + known, A), -1, -2)
    by_pose = own[:, None] @ gain @ A @ B
    by_depth = own[:, None] @ gain @ seen.depth_information @ seen.by_depth
    shared: Floats = np.einsum("ikab,kb,jkcb->iajc", by_pose, P, by_pose)
    for k in range(c):
        error = _depth_shared(located.estimates.Ts_base_cell, look, seen, k)
        shared += np.einsum("iap,ipjq,jcq->iajc", by_depth[:, k], error, by_depth[:, k])
    shared += _standing_shared(seen, own)
    by_edges = own[:, None] @ gain @ _edge_roots(located.estimates.Ts_base_cell, seen)
    shared += ALIKE * np.einsum("ikab,jkcb->iajc", by_edges, by_edges)
    cell = np.arange(n)
    shared[cell, :, cell] = own
    return shared


def _standing_shared(seen: Sightings, own: Floats) -> Floats:
    """(n, 6, n, 6) of the heights of what they stand on and of their cases, of one make."""
    height = seen.known[:, 2, 2]
    by_height = (own @ seen.known)[:, :, 2] / np.sqrt(height)[:, None]
    result: Floats = np.einsum("ia,jc->iajc", by_height, by_height)
    return result


def _edge_roots(Ts: Floats, seen: Sightings) -> Floats:
    """(n, c, 6, 6) roots of the edges' information, their columns along the base's axes: what
    light and sight do to outlines has the same direction in the room for all cells."""
    turn = np.zeros((len(Ts), 1, 6, 6))
    turn[..., :3, :3] = turn[..., 3:, 3:] = Ts[:, None, :3, :3]
    back = np.swapaxes(turn, -1, -2)
    values, vectors = np.linalg.eigh(turn @ seen.edge_information @ back)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    result: Floats = back @ root @ np.swapaxes(vectors, -1, -2)
    return result


def _depth_shared(Ts: Floats, look: CaptureSet, seen: Sightings, k: int) -> Floats:
    """(n, 3, n, 3) covariance of one camera's depth errors on n cells, as `DepthErrors` counts
    them: the scale's and the warp's, a smooth random field whose slopes tilt the faces."""
    capture, z = look.captures[k], seen.distance_m[:, k]
    belief = capture.calibration
    length = WARP_SHARE * belief.width_px * float(np.median(z)) / seen.focal_px[k]
    apart = Ts[:, None, :3, 3] - Ts[:, :3, 3]
    R = Ts[:, :3, :3]
    # a slope of the warp away from the camera along a face's y turns it about -x, along x about y
    over = np.sign(R[:, :, 2] @ -capture.T_base_camera[:3, 2])[:, None]
    slopes = np.stack([-over * R[:, :, 1], over * R[:, :, 0]], axis=1)
    own = np.einsum("ipa,ija->ijp", slopes, apart) / length
    other = np.einsum("jqa,ija->ijq", slopes, apart) / length
    field = np.empty((*apart.shape[:2], 3, 3))
    field[..., 0, 0] = 1
    field[..., 0, 1:] = other / length
    field[..., 1:, 0] = -own / length
    alike = np.einsum("ipa,jqa->ijpq", slopes, slopes)
    field[..., 1:, 1:] = (alike - own[..., None] * other[..., None, :]) / length**2
    field *= np.exp(-0.5 * np.square(apart / length).sum(axis=-1))[..., None, None]
    bow, slope_x, slope_y = warp_over(np.array(length), look.task.cell)
    left = belief.depth_warp_m * np.array([bow, slope_y * length, slope_x * length])
    field *= np.outer(left, left)
    field[..., 0, 0] += belief.depth_scale_sigma**2 * np.outer(z, z)
    result: Floats = field.transpose(0, 2, 1, 3)
    return result


@dataclass(frozen=True)
class AxisVerdict:
    """One axis of one look."""

    square: float
    """Mean over cells of the squared error in units of its predicted variance."""
    place: float
    """Share of looks, were the prediction honest, whose figure is below this one's."""
    joint: float
    """The same of the squared Mahalanobis length of all cells' errors together."""
    inside: float
    """Share of the cells within 1.96 predicted standard deviations."""


def verdicts(errors: Errors, rng: np.random.Generator) -> dict[str, AxisVerdict]:
    """Every axis that is not free; none for a look without cells."""
    if not len(errors.delta):
        return {}
    return {
        AXES[a]: _verdict(errors.delta[:, a], errors.joint[:, a, :, a], LEAST_SIGMA[a], rng)
        for a in np.flatnonzero(errors.fixed)
    }


def _verdict(e: Floats, covariance: Floats, least: float, rng: np.random.Generator) -> AxisVerdict:
    n = len(e)
    covariance = covariance + least**2 * np.eye(n)
    sigma = np.sqrt(np.diag(covariance))
    z, correlation = e / sigma, covariance / np.outer(sigma, sigma)
    values = np.clip(np.linalg.eigvalsh(correlation), 0, None)
    draws = rng.standard_normal((DRAWS, n)) ** 2 @ values / n
    square = float(np.mean(z**2))
    length = float(z @ np.linalg.solve(correlation, z))
    return AxisVerdict(
        square,
        float(np.mean(draws < square)),
        float(chi2.cdf(length, n)),
        float(np.mean(np.abs(z) < 1.96)),
    )
