"""Do the cameras see the cells in the same places? If not, which of them stands alone?

Every camera has a small error of its place, the same for all cells, and a 3D camera errors of its
depth; calibration states their sizes. With the cells' own poses taken out, all cameras' evidence
about these errors is one linear system. Its solution must be as small as calibration states: a
chi-square test, of each camera by itself and of all together. No mark has to be in view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from cellpick.geometry import Floats
from cellpick.perception.core.sightings import Sightings
from cellpick.perception.health.mark_model import BIAS_SHARE

PLACE, DEPTH, PICTURE = slice(0, 6), slice(6, 9), 9
UNKNOWNS = 10
"""Of a camera: a small motion (6); what all its depth readings share (3), a shift along the line of
sight and two tilts; and a shift along its axis that its picture alone feigns (1)."""
READING_PX = 0.2
"""Common error of all edges in one picture: light from one side moves them all one way; assumed."""
LEVER_M = 0.3
"""Such errors of outlines that lie this far from the middle of the picture look like a camera that
is nearer or farther off."""
MODEL_M = 1e-4
"""The same of the cells' drawing, seen from one side; assumed."""
FOCAL_SHARE = 1e-4
"""What calibration leaves of the focal length's error, as a share."""
TOLD = 0.05
"""Information about a direction, in units of the prior's, from which it is tested."""
BLIND_SHARE, SEEN_SHARE = 0.35, 0.6
"""Share of the cells' edges that a picture shows, below which it shows no cells where another one,
beyond the second share, does; healthy pictures show 0.45 to 1."""
RATE = 1e-4
"""Alarms of a look of healthy cameras, at most."""


@dataclass(frozen=True, eq=False)
class Suspicion:
    """How well one camera's error explains that the cameras disagree."""

    row: int
    """The camera's."""
    explains: float
    """How much of the chi-square goes when the camera's error may be of any size."""
    alone: float
    """Probability of so large an error of a healthy camera."""
    rest: float
    """Probability of what is then left."""
    error: Floats
    """(10,) its error."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """All cameras against one another."""

    suspicions: tuple[Suspicion, ...]
    """(c,) a camera each, as to its place and all it measures."""
    of_depth: tuple[Suspicion, ...]
    """(c,) as to its depth alone."""
    total: float
    """Probability of so large a disagreement of healthy cameras."""
    blind: tuple[int, ...]
    """Rows of cameras that show no cells where others do."""

    @property
    def alarms(self) -> bool:
        """Whether the cameras disagree by more than they state."""
        every = [s.alone for s in (*self.suspicions, *self.of_depth)]
        if not every:
            return False
        improbable = min(min(every) * len(every), self.total) < RATE / 2
        return improbable or bool(self.blind)


def compare(seen: Sightings) -> Comparison:
    """Tests what the cameras say of the cells, of which there may be none."""
    sigma = _stated(seen)
    information, target = reduced(seen)
    scale = sigma.ravel()
    strength, axes = np.linalg.eigh(information * np.outer(scale, scale))
    told = strength > TOLD
    strength, axes = strength[told], axes[:, told]
    z = axes.T @ (scale * target) / np.sqrt(strength * (1 + strength))
    # a shift of one camera, in units of its stated error, moves z by this
    moved = np.sqrt(strength / (1 + strength))[:, None] * axes.T
    first = [UNKNOWNS * k for k in range(len(sigma))]
    places = tuple(_suspicion(z, moved, scale, k, range(k, k + 6)) for k in first)
    depths = tuple(_suspicion(z, moved, scale, k, range(k + 6, k + 9)) for k in first)
    total = float(chdtrc(len(z), z @ z)) if len(z) else 1.0
    return Comparison(places, depths, total, _blind(seen.edge_share))


def _blind(share: Floats) -> tuple[int, ...]:
    """Rows of the cameras with a share (c,) that is too small beside the others'."""
    with np.errstate(invalid="ignore"):
        blind = (share < BLIND_SHARE) & (share > SEEN_SHARE).any()
    return tuple(int(k) for k in np.flatnonzero(blind))


def reduced(seen: Sightings) -> tuple[Floats, Floats]:
    """Information (10 c, 10 c) and target (10 c,) about the cameras' unknowns, cells taken out."""
    n, c = seen.edge_target.shape[:2]
    J = np.zeros((n, c, 2, 6, UNKNOWNS))
    J[..., PLACE] = seen.by_camera[:, :, None]
    J[:, :, 1, :, DEPTH] = seen.by_depth
    J[:, :, 0, :, PICTURE] = seen.by_camera[..., 2]
    A = np.stack([seen.edge_information, seen.depth_information], axis=2)
    t = np.stack([seen.edge_target, seen.depth_target], axis=2)
    AJ = A @ J
    own = np.einsum("nchij,nchik->ncjk", J, AJ)
    mixed = AJ.sum(axis=2).transpose(0, 2, 1, 3).reshape(n, 6, c * UNKNOWNS)
    # the support is the same under all cells: what is known of them besides counts once
    cells = np.linalg.inv(A.sum(axis=(1, 2)) + seen.known / max(n, 1))
    pull = t.sum(axis=(1, 2)) + seen.pull / max(n, 1)
    full = np.zeros((c, UNKNOWNS, c, UNKNOWNS))
    full[np.arange(c), :, np.arange(c)] = own.sum(axis=0)
    across = np.swapaxes(mixed, -1, -2) @ cells
    information = full.reshape(c * UNKNOWNS, c * UNKNOWNS) - (across @ mixed).sum(axis=0)
    target = np.einsum("nchij,nchi->cj", J, t).ravel()
    return information, target - (across @ pull[..., None]).sum(axis=0)[:, 0]


def _stated(seen: Sightings) -> Floats:
    """(c, 10) standard deviations of the cameras' unknowns, with what no calibration knows."""
    c = len(seen.camera_sigma)
    if not len(seen.distance_m):
        return np.ones((c, UNKNOWNS))
    z = np.abs(seen.distance_m).mean(axis=0)
    more = np.zeros((c, 6))
    more[:, :3] = MODEL_M
    aside = READING_PX / seen.focal_px
    feigned = z * np.hypot(FOCAL_SHARE, aside * z / LEVER_M)
    more[:, 3:] = aside[:, None]
    depth = seen.depth_sigma.mean(axis=0)
    depth[:, 0] = np.hypot(depth[:, 0], BIAS_SHARE * seen.depth_noise_m)
    return np.concatenate([np.hypot(seen.camera_sigma, more), depth, feigned[:, None]], axis=1)


def _suspicion(z: Floats, moved: Floats, scale: Floats, first: int, columns: range) -> Suspicion:
    of_all = slice(first, first + UNKNOWNS)
    u, strength, vt = np.linalg.svd(moved[:, columns], full_matrices=False)
    keep = strength > np.sqrt(TOLD)
    part = u[:, keep].T @ z
    rank, explains = int(keep.sum()), float(part @ part)
    left = max(float(z @ z) - explains, 0.0)
    error = np.zeros(len(scale))
    error[list(columns)] = vt[keep].T @ (part / strength[keep])
    return Suspicion(
        first // UNKNOWNS,
        explains,
        float(chdtrc(rank, explains)) if rank else 1.0,
        float(chdtrc(len(z) - rank, left)) if len(z) > rank else 1.0,
        (error * scale)[of_all],
    )
