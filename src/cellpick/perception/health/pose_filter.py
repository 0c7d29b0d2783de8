"""What the marks say of one camera, look by look: a Kalman filter whose innovations are tested.

The state holds the camera's unknowns and those of every mark it has seen (`mark_model`). Marks do
not move and neither does a healthy camera, so that the first look is judged by what calibration and
touching state, and later ones by the first: what is left then is the noise of a look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from cellpick.geometry import Floats
from cellpick.perception.health.mark_model import CAMERA, MARK, MarkResiduals

TOLD = 0.05
"""Share of the prior's variance that looks must take away from a direction before it is tested."""


@dataclass(frozen=True, eq=False)
class Belief:
    """Mean and covariance of the unknowns."""

    mean: Floats
    """(8 + 4 k,) the camera's, then those of k marks."""
    covariance: Floats
    """(8 + 4 k, 8 + 4 k)."""
    marks: tuple[int, ...]
    """(k,) numbers of the marks."""

    @property
    def camera(self) -> Floats:
        """(8,) mean of the camera's unknowns."""
        return self.mean[:CAMERA]

    def with_marks(self, numbers: NDArray[np.int64], sigmas: Floats) -> Belief:
        """The same with marks that are new to it, `sigmas` (m, 4) their standard deviations."""
        new = [i for i, number in enumerate(numbers) if int(number) not in self.marks]
        n, extra = len(self.mean), MARK * len(new)
        covariance = np.zeros((n + extra, n + extra))
        covariance[:n, :n] = self.covariance
        covariance[n:, n:] = np.diag(sigmas[new].reshape(-1) ** 2)
        marks = self.marks + tuple(int(numbers[i]) for i in new)
        return Belief(np.append(self.mean, np.zeros(extra)), covariance, marks)

    def loosened(self, sigma: Floats) -> Belief:
        """The same after the camera may have changed by `sigma` (8,)."""
        covariance = self.covariance.copy()
        covariance[:CAMERA, :CAMERA] += np.diag(sigma**2)
        return Belief(self.mean, covariance, self.marks)

    def forgotten(self, sigma: Floats) -> Belief:
        """The same with nothing known of the camera but `sigma` (8,) round its calibration."""
        mean, covariance = self.mean.copy(), self.covariance.copy()
        mean[:CAMERA] = 0.0
        covariance[:CAMERA, :], covariance[:, :CAMERA] = 0.0, 0.0
        covariance[:CAMERA, :CAMERA] = np.diag(sigma**2)
        return Belief(mean, covariance, self.marks)


@dataclass(frozen=True)
class Surprise:
    """How likely a look's readings are if nothing has changed."""

    camera: float
    """Probability of so large a part that a change of the camera explains."""
    rest: float
    """Probability of so large a remainder."""
    total: float
    """Probability that calibration left so large an error as all looks together have found."""

    def alarms(self, rate: float) -> bool:
        """Whether it should happen less often than `rate`, all three tests together."""
        return min(self.camera, self.rest, self.total) < rate / 3


def jacobian(belief: Belief, seen: MarkResiduals, numbers: NDArray[np.int64]) -> Floats:
    """(n, 8 + 4 k) derivative of the readings by the whole state."""
    H = np.zeros((len(seen.value), len(belief.mean)))
    H[:, :CAMERA] = seen.by_camera
    for i, number in enumerate(numbers):
        first = CAMERA + MARK * belief.marks.index(int(number))
        H[:, first : first + MARK] = seen.by_marks[:, i]
    return H


def surprise(belief: Belief, seen: MarkResiduals, H: Floats, prior_sigma: Floats) -> Surprise:
    """Tests the innovation: its part that the camera's unknowns span, and the remainder; and what
    the camera's unknowns would be after it against `prior_sigma` (8,), the calibration's.
    """
    innovation = seen.value - H @ belief.mean
    S = H @ belief.covariance @ H.T + seen.noise
    white = np.linalg.cholesky(S)
    r = np.linalg.solve(white, innovation)
    G = np.linalg.solve(white, seen.by_camera)
    G = G / np.maximum(np.linalg.norm(G, axis=0), 1e-12)
    u, strength, _ = np.linalg.svd(G, full_matrices=False)
    u = u[:, strength > 1e-6 * strength.max(initial=1e-30)]
    part = u.T @ r
    rank, inside = len(part), float(part @ part)
    outside = max(float(r @ r) - inside, 0.0)
    left = len(r) - rank
    return Surprise(
        camera=float(chdtrc(rank, inside)) if rank else 1.0,
        rest=float(chdtrc(left, outside)) if left > 0 else 1.0,
        total=_total(updated(belief, seen, H), prior_sigma),
    )


def _total(after: Belief, prior_sigma: Floats) -> float:
    """Of the camera's mean, in the directions that looks told something about.

    Before any look the mean is 0 with the prior's covariance; what the looks take away from that
    covariance is the covariance of the mean that they lead to.
    """
    mean = after.camera / prior_sigma
    left = after.covariance[:CAMERA, :CAMERA] / np.outer(prior_sigma, prior_sigma)
    told, axes = np.linalg.eigh(np.eye(CAMERA) - left)
    known = told > TOLD
    part = axes[:, known].T @ mean / np.sqrt(told[known])
    return float(chdtrc(known.sum(), part @ part)) if known.any() else 1.0


def updated(belief: Belief, seen: MarkResiduals, H: Floats) -> Belief:
    """The belief after the readings; Joseph's form, which stays symmetric."""
    P = belief.covariance
    S = H @ P @ H.T + seen.noise
    gain = np.linalg.solve(S, H @ P).T
    mean = belief.mean + gain @ (seen.value - H @ belief.mean)
    keep = np.eye(len(P)) - gain @ H
    covariance = keep @ P @ keep.T + gain @ seen.noise @ gain.T
    return Belief(mean, (covariance + covariance.T) / 2, belief.marks)
