"""Step, ball plate and aluminium plate: edges, lengths and holes of a depth camera."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellpick.geometry import Floats, invert, project, transform
from cellpick.metrology.lab import CENTRE, Lab, camera_pose
from cellpick.metrology.spheres import fit_sphere
from cellpick.metrology.steps import flying_share, lateral_sigma
from cellpick.metrology.targets import EDGE_SLANT_RAD, STEP_M, ball_places, station_m
from cellpick.metrology.views import cloud, directions, middle
from cellpick.scene import CameraModel

USED_OF_BALL = 0.7
"""Share of a ball's visible radius that is evaluated: its rim is seen too slantwise."""
LEAST_BALL_POINTS = 20
BAND_PX = 2.0
"""Half-width of the band along a step in which readings may fly."""
REACH_PX = 8.0
"""How far from an edge a pixel can read its other side."""
MARGIN_SIGMAS = 5.0
"""Distance from both sides, in standard deviations of the noise, of a reading that flies."""
LEAST_MARGIN = 0.1
"""The same as a share of the step, for a camera without noise."""


class StepEdge(NamedTuple):
    """What a step shows; NaN where nothing was read."""

    flying: float
    """Share of the readings within two pixels of the edge that belong to neither side."""
    lateral_px: float
    """Standard deviation of where the edge appears."""


def step_edge(lab: Lab, distance_m: float, times: int, sigma_m: float) -> StepEdge:
    """Flying and lateral scatter at a step whose upper plate is `distance_m` away.

    `sigma_m` is the camera's noise there. The depths of the two plates are those that it reads.
    """
    model, place = lab.model, np.array([0.0, 0.0, STEP_M])
    depth = lab.depths(times, "step", distance_m, at_m=place)
    rows, columns = middle(model, model.width_px, 32)
    read = depth[:, rows, columns]
    offset = np.broadcast_to(_edge_offset(model)[rows, columns], read.shape)
    aside = (np.abs(offset) > REACH_PX) & (np.abs(offset) < 3 * REACH_PX) & np.isfinite(read)
    if not (aside & (offset > 0)).any() or not (aside & (offset < 0)).any():
        return StepEdge(float("nan"), float("nan"))
    near, far = np.median(read[aside & (offset > 0)]), np.median(read[aside & (offset < 0)])
    margin = max(MARGIN_SIGMAS * sigma_m, LEAST_MARGIN * STEP_M)
    flying = flying_share(read[np.abs(offset) <= BAND_PX], float(near), float(far), margin)
    close = np.isfinite(read) & (np.abs(offset) <= REACH_PX)
    is_near = read[close] < (near + far) / 2
    return StepEdge(flying, lateral_sigma(offset[close], is_near, REACH_PX))


class BallLengths(NamedTuple):
    """Distances between the balls of a ball plate."""

    lengths_m: Floats
    """(3,) certified."""
    errors: Floats
    """(3,) relative errors; NaN where a ball is not seen."""


def ball_lengths(lab: Lab, distance_m: float, apart_m: float, diameter_m: float) -> BallLengths:
    """The three distances between the balls that `targets.balls` placed, from one capture.

    Sphere spacing error of VDI/VDE 2634 part 2 (distance error of ISO 10360-13) over the length,
    with balls of certified diameter. The renderer's balls are polyhedra, which costs 0.15 permille.
    """
    places = ball_places(apart_m)
    depth = lab.depths(1, "balls", distance_m)[0]
    T = invert(camera_pose("balls", distance_m, 0.0, CENTRE))
    centres = transform(T, places + station_m("balls"))
    points = cloud(lab.model, depth)
    found = np.array([_ball(lab.model, points, c, diameter_m / 2) for c in centres])
    pairs = np.array([[0, 1], [1, 2], [0, 2]])
    true = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
    seen = np.linalg.norm(found[pairs[:, 0]] - found[pairs[:, 1]], axis=1)
    return BallLengths(true, seen / true - 1)


def missing_share(lab: Lab, target: str, distance_m: float, angle_rad: float) -> float:
    """Share of the middle of a plate's image that has no reading."""
    depth = lab.depths(1, target, distance_m, angle_rad)[0]
    rows, columns = middle(lab.model, 80, 32)
    return float(np.isnan(depth[rows, columns]).mean())


def _ball(model: CameraModel, points: Floats, centre: Floats, radius_m: float) -> Floats:
    """Centre (3,) of the ball about where it must be; NaN where too little of it is seen."""
    middle_px = project(centre[None], model.K, model.distortion)[0]
    reach = USED_OF_BALL * radius_m / centre[2] * model.K[0, 0]
    v, u = np.mgrid[: model.height_px, : model.width_px]
    inside = np.hypot(u - middle_px[0], v - middle_px[1]) <= reach
    inside &= np.isfinite(points).all(axis=-1)
    if inside.sum() < LEAST_BALL_POINTS:
        return np.full(3, np.nan)
    return fit_sphere(points[inside], radius_m).centre


def _edge_offset(model: CameraModel) -> Floats:
    """(h, w) distance in pixels of each pixel's ray from the step's edge; positive: upper plate."""
    xy = directions(model)[..., :2]
    # the edge runs through the optical axis; the image's y points down
    normal = np.array([-np.cos(EDGE_SLANT_RAD), np.sin(EDGE_SLANT_RAD)])
    result: Floats = (xy @ normal) * model.K[0, 0]
    return result
