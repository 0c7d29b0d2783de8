"""Outlines of what is drawn on an end face: points along them and distances to them, in 2D."""

from __future__ import annotations

import numpy as np

from cellpick.geometry import Floats
from cellpick.structures import CellModel, SurfaceFeature

CORNER_M = 8e-4
"""Edge points this near to a corner are left out: blur rounds a corner off."""

STROKE = 0.25
"""Width of a plus or minus sign's strokes, as a share of its extent along x."""


def rounded_rect(size: Floats, radius: float, spacing: float) -> tuple[Floats, Floats]:
    """Points (k, 2) along a rectangle about the origin, and their outward normals (k, 2)."""
    half = np.asarray(size, dtype=np.float64) / 2
    cut = max(radius, CORNER_M)
    points, normals = [], []
    for axis in (0, 1):
        length = half[1 - axis] - min(cut, 0.3 * half[1 - axis])
        along = _steps(2 * length, spacing) - length
        for sign in (-1.0, 1.0):
            p, n = np.zeros((2, along.size, 2))
            p[:, axis], p[:, 1 - axis], n[:, axis] = sign * half[axis], along, sign
            points.append(p)
            normals.append(n)
    if radius > spacing:
        n = _directions(2 * np.pi * radius, spacing)
        points.append(np.sign(n) * (half - radius) + radius * n)
        normals.append(n)
    return np.concatenate(points), np.concatenate(normals)


def circle(diameter: float, spacing: float) -> tuple[Floats, Floats]:
    """Points (k, 2) along a circle about the origin, and their outward normals (k, 2)."""
    normals = _directions(np.pi * diameter, spacing)
    return diameter / 2 * normals, normals


def feature_outline(feature: SurfaceFeature, spacing: float) -> tuple[Floats, Floats]:
    """Points (k, 2) in the face's x and y along a feature's outline, with outward normals."""
    if feature.outline == "rect":
        points, normals = rounded_rect(feature.size_m, 0.0, spacing)
    elif feature.outline == "disc":
        points, normals = circle(float(feature.size_m[0]), spacing)
    elif feature.outline == "ring":
        outer, n_outer = circle(float(feature.size_m[0]), spacing)
        inner, n_inner = circle(float(feature.size_m[1]), spacing)
        points, normals = np.concatenate([outer, inner]), np.concatenate([n_outer, -n_inner])
    else:
        points, normals = _strokes(feature, spacing)
    return points + feature.center_m, normals


def _strokes(feature: SurfaceFeature, spacing: float) -> tuple[Floats, Floats]:
    """Points (k, 2) along a plus or minus sign about the origin, and their outward normals."""
    width, height = (float(s) for s in feature.size_m)
    bar = np.array([width, min(height, STROKE * width)])
    points, normals = rounded_rect(bar, 0.0, spacing)
    if feature.outline == "plus":
        upright = np.array([STROKE * width, height])
        more, more_normals = rounded_rect(upright, 0.0, spacing)
        outside = (np.abs(points) > upright / 2 + CORNER_M / 2).any(axis=1)
        more_outside = (np.abs(more) > bar / 2 + CORNER_M / 2).any(axis=1)
        points = np.concatenate([points[outside], more[more_outside]])
        normals = np.concatenate([normals[outside], more_normals[more_outside]])
    return points, normals


def signed_distance(feature: SurfaceFeature, xy: Floats) -> Floats:
    """Distance (...) of points (..., 2) to a feature's outline, negative inside.

    Strokes count as their bounding rectangle, a rectangle's corners as sharp.
    """
    d = xy - feature.center_m
    if feature.outline in ("disc", "ring"):
        r = np.hypot(d[..., 0], d[..., 1])
        outer: Floats = r - feature.size_m[0] / 2
        hole: Floats = feature.size_m[1] / 2 - r
        if feature.outline == "disc":
            return outer
        ring: Floats = np.maximum(outer, hole)
        return ring
    beyond = np.abs(d) - feature.size_m / 2
    rect: Floats = np.maximum(beyond[..., 0], beyond[..., 1])
    return rect


def case_distance(cell: CellModel, xy: Floats) -> Floats:
    """(k,) distance of points in the face to the case's outline, negative inside."""
    if cell.shape == "cylinder":
        from_axis: Floats = np.hypot(xy[:, 0], xy[:, 1]) - cell.size_m[0] / 2
        return from_axis
    beyond: Floats = np.max(np.abs(xy) - cell.size_m[:2] / 2, axis=-1)
    return beyond


def _steps(length: float, spacing: float) -> Floats:
    """Midpoints of about `spacing` long pieces of [0, length]."""
    count = max(1, round(length / spacing))
    steps: Floats = (np.arange(count, dtype=np.float64) + 0.5) * (length / count)
    return steps


def _directions(length: float, spacing: float) -> Floats:
    """Unit vectors (k, 2) all round, `spacing` apart on a circle of that circumference."""
    count = max(8, round(length / spacing))
    angle = (np.arange(count) + 0.5) * (2 * np.pi / count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
