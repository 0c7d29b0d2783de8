"""Reads the corners, sharpness and contrast of the reference marks in one picture.

Corners are where straight lines through the border's edges meet, in linear light and without the
lens's distortion, since a corner read by itself moves with blur.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.geometry import Floats, distort, rays
from cellpick.perception.health.mark_search import SQUARES, find_marks
from cellpick.structures import CameraCalibration, Capture, ReferenceMark

ALONG = np.linspace(0.12, 0.88, 24)
"""Where along a side its edge is read."""
ACROSS = np.linspace(-1.0, 1.0, 41)
"""Where across the edge, in units of the half-width of the profile."""
FIRST_SQUARES, SECOND_SQUARES = 0.5, 0.7
"""Most half-width of a profile in squares, first and second pass: it has to stay within the black
border and the white round it though the detector's corners may be off by a pixel or two."""
BLUR_SQUARES = 0.9
"""The same where the blur is measured: a soft edge needs room."""
BLURS = 5.0
"""Half-width of the second pass in standard deviations of the edges' blur: no wider, since light
that changes along a profile, as in a soft shadow, moves the edge."""
LEAST_SQUARE_PX = 2.0
"""Marks with smaller squares are not read: rendered ones err by 0.3 px, and most go unseen."""
ROOM_SQUARES, ROOM_PX = 2.0, 4.0
"""Light is taken so far round a mark as it was found, in its squares and in pixels: the profiles
reach less than a square beyond corners that move less than that."""
LEAST_ON_A_SIDE = 8
"""Places along a side whose edge must be clear."""
PLATEAU = 6
"""Samples at each end of a profile that tell black and white."""
QUARTILES = 1.349
"""Distance between the quartiles of a normal distribution, in standard deviations."""


@dataclass(frozen=True, eq=False)
class MarkReadings:
    """m marks that one picture shows, in the order of their numbers."""

    number: NDArray[np.int64]
    """(m,) in the dictionary."""
    corners: Floats
    """(m, 4, 2) x/z, y/z of the corners through the believed lens; clockwise from the print's top
    left."""
    corners_px: Floats
    """(m, 4, 2) about where they are in the picture."""
    blur_px: Floats
    """(m,) standard deviation of the edges' blur."""
    black: Floats
    """(m,) light of the border, 1 for saturation."""
    white: Floats
    """(m,) light of the white round it."""

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: NDArray[np.intp]) -> MarkReadings:
        """Some of them."""
        return MarkReadings(
            *(
                getattr(self, name)[rows]
                for name in ("number", "corners", "corners_px", "blur_px", "black", "white")
            )
        )


def read_marks(
    capture: Capture, marks: Sequence[ReferenceMark], expected: Sequence[int]
) -> MarkReadings:
    """Those of the marks that a picture shows, `expected` the numbers of those that the believed
    camera shows whole; one that shows twice or cannot be read counts as unseen."""
    number, corners_px = find_marks(capture, marks, expected)
    light, belief = _light(capture.image, corners_px), capture.calibration
    half_px = FIRST_SQUARES * square_px(corners_px)
    none = np.zeros(len(number))
    readings = MarkReadings(number, corners_px, corners_px, none, none, none)
    readings = _refined(light, belief, readings, corners_px, half_px)
    better_px = distort(readings.corners, belief.distortion)
    better_px = better_px * [belief.K[0, 0], belief.K[1, 1]] + belief.K[:2, 2]
    square = square_px(better_px)
    blur_px = _blur(_profiles(light, better_px, BLUR_SQUARES * square)[0])
    blur_px = blur_px * BLUR_SQUARES * square
    half_px = np.maximum(np.minimum(SECOND_SQUARES * square, BLURS * blur_px), 1.0)
    readings = replace(readings, blur_px=blur_px)
    return _refined(light, belief, readings, better_px, half_px)


def _refined(
    light: NDArray[np.float32],
    belief: CameraCalibration,
    readings: MarkReadings,
    corners_px: Floats,
    half_px: Floats,
) -> MarkReadings:
    """The readings with better corners, from profiles of a half-width (m,) round `corners_px`."""
    profiles, points, normal = _profiles(light, corners_px, half_px)
    black = profiles[..., :PLATEAU].mean(axis=(1, 2, 3))
    white = profiles[..., -PLATEAU:].mean(axis=(1, 2, 3))
    shift, strong = _edge(profiles)
    edges_px = points + normal[:, :, None] * (shift * half_px[:, None, None])[..., None]
    flat = rays(edges_px.reshape(-1, 2), belief.K, belief.distortion)[:, :2]
    lines = _lines(flat.reshape(*edges_px.shape), strong)
    corners = _crossings(np.roll(lines, 1, axis=1), lines)
    whole = np.isfinite(corners).all(axis=(1, 2)) & np.isfinite(black + white)
    whole &= (strong.sum(axis=2) >= LEAST_ON_A_SIDE).all(axis=1)
    whole &= square_px(corners_px) >= LEAST_SQUARE_PX
    better = replace(readings, corners=corners, corners_px=corners_px, black=black, white=white)
    return better.take(np.flatnonzero(whole))


def _profiles(
    light: NDArray[np.float32], corners_px: Floats, half_px: Floats
) -> tuple[Floats, Floats, Floats]:
    """Light across the sides (m, 4, n, s), where (m, 4, n, 2), and the sides' outward normals."""
    start, end = corners_px, np.roll(corners_px, -1, axis=1)
    side = end - start
    length = np.linalg.norm(side, axis=-1, keepdims=True)
    # the corners run clockwise in the picture, so that this points out of the mark
    normal = np.stack([side[..., 1], -side[..., 0]], axis=-1) / length
    points = start[:, :, None] + side[:, :, None] * ALONG[:, None]
    reach = ACROSS * half_px[:, None]
    at = points[..., None, :] + normal[:, :, None, None] * reach[:, None, None, :, None]
    return _sampled(light, at), points, normal


def square_px(corners_px: Floats) -> Floats:
    """(m,) mean side of the squares of marks with corners (m, 4, 2)."""
    side = corners_px - np.roll(corners_px, -1, axis=1)
    result: Floats = np.linalg.norm(side, axis=-1).mean(axis=1) / SQUARES
    return result


def _light(image: NDArray[np.uint8], corners_px: Floats) -> NDArray[np.float32]:
    """(h, w) light, 1 for saturation (IEC 61966-2-1), round marks with corners (m, 4, 2); 0
    elsewhere."""
    s = np.arange(256) / 255.0
    levels = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4).astype(np.float32)
    light = np.zeros(image.shape[:2], np.float32)
    reach = (ROOM_SQUARES * square_px(corners_px) + ROOM_PX)[:, None]
    low = np.maximum(np.floor(corners_px.min(axis=1) - reach), 0).astype(int)
    high = np.maximum(np.ceil(corners_px.max(axis=1) + reach), 0).astype(int)
    mean = np.full((1, 3), 1 / 3, np.float32)
    for (u0, v0), (u1, v1) in zip(low, high, strict=True):
        part = image[v0:v1, u0:u1]
        if part.size:
            light[v0:v1, u0:u1] = cv2.transform(cv2.LUT(part, levels), mean)
    return light


def _sampled(light: NDArray[np.float32], at_px: Floats) -> Floats:
    """Light at places (..., 2), NaN outside the picture."""
    flat = at_px.reshape(-1, 2).astype(np.float32)
    if not len(flat):
        return np.zeros(at_px.shape[:-1])
    # OpenCV's remap wants fewer than 32768 columns
    columns = flat.reshape(-1, at_px.shape[-2], 2)
    sampled = cv2.remap(
        light,
        np.ascontiguousarray(columns[..., 0]),
        np.ascontiguousarray(columns[..., 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("nan"),
    )
    return sampled.reshape(at_px.shape[:-1]).astype(np.float64)


def _edge(profiles: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Where each profile (..., s) goes from black to white, -1 to 1, and whether it does so.

    The area under the normalised profile: all samples count, and symmetric blur cancels.
    """
    black = profiles[..., :PLATEAU].mean(axis=-1, keepdims=True)
    step = profiles[..., -PLATEAU:].mean(axis=-1, keepdims=True) - black
    strong = (step > 0.25 * _median(step, (2, 3)))[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (profiles - black) / step
    shift = 1 - 2 * (share.sum(axis=-1) - share[..., 0] / 2 - share[..., -1] / 2) / (
        len(ACROSS) - 1
    )
    strong = strong & np.isfinite(shift) & (np.abs(shift) < 1)
    return np.where(strong, shift, 0.0), strong


def _median(values: Floats, axes: tuple[int, ...]) -> Floats:
    """Median over the last axes, which are kept, of what is no NaN; 0 where all is: a side of a
    mark whose white has left the picture has no profile at all."""
    kept = tuple(1 if k in axes else n for k, n in enumerate(values.shape))
    lead = tuple(n for k, n in enumerate(values.shape) if k not in axes)
    together = math.prod(n for k, n in enumerate(values.shape) if k in axes)
    ordered = np.sort(values.reshape(*lead, together), axis=-1)
    known = (~np.isnan(ordered)).sum(axis=-1, keepdims=True)
    middle = np.maximum(known - 1, 0)
    pair = np.concatenate([middle // 2, (middle + 1) // 2], axis=-1)
    result: Floats = np.take_along_axis(ordered, pair, axis=-1).mean(axis=-1, keepdims=True)
    return np.where(known > 0, result, 0.0).reshape(kept)


def _lines(xy: Floats, good: NDArray[np.bool_]) -> Floats:
    """(m, 4, 3) lines a x + b y = c, |(a, b)| = 1, through the good ones of points (m, 4, n, 2)."""
    weight = good.astype(np.float64)
    for _ in range(2):
        total = np.maximum(weight.sum(axis=2), 1e-9)[..., None]
        mean = (weight[..., None] * xy).sum(axis=2) / total
        off = xy - mean[:, :, None]
        spread = np.einsum("mkn,mkni,mknj->mkij", weight, off, off)
        normal = np.linalg.eigh(spread)[1][..., :, 0]
        distance = np.abs(np.einsum("mkni,mki->mkn", off, normal))
        scale = _median(np.where(good, distance, np.nan), (2,)) + 1e-9
        weight = good / (1 + (distance / (3 * scale)) ** 4)
    return np.concatenate([normal, (normal * mean).sum(axis=-1, keepdims=True)], axis=-1)


def _crossings(one: Floats, other: Floats) -> Floats:
    """(m, 4, 2) where lines (m, 4, 3) meet; NaN where they run alike."""
    meet = np.cross(
        np.concatenate([one[..., :2], -one[..., 2:]], -1),
        np.concatenate([other[..., :2], -other[..., 2:]], -1),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(meet[..., 2:]) > 1e-6, meet[..., :2] / meet[..., 2:], np.nan)


def _blur(profiles: Floats) -> Floats:
    """(m,) blur of the marks' mean edges, in half-widths of a profile."""
    if not len(profiles):
        return np.zeros(0)
    seen = np.isfinite(profiles)
    mean = np.where(seen, profiles, 0.0).sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    low, high = mean[:, :PLATEAU].mean(axis=1), mean[:, -PLATEAU:].mean(axis=1)
    share = (mean - low[:, None]) / np.maximum(high - low, 1e-6)[:, None]
    # a mean profile rises all the way but for noise; the running maximum makes it monotonic
    share = np.maximum.accumulate(share, axis=1)
    places = np.array([np.interp([0.25, 0.75], line, ACROSS) for line in share])
    result: Floats = (places[:, 1] - places[:, 0]) / QUARTILES
    return result
