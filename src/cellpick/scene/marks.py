"""Reference marks on the table: where they are put and how they are printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats, frozen, pose, translation
from cellpick.scene.decals import Decal
from cellpick.scene.fixtures import TABLE_M
from cellpick.scene.overlap import Bodies, separations

CODES = (
    *(0xB532, 0x0F9A, 0x332D, 0x9946, 0x549E, 0x79CD, 0x9E2E, 0xC4F2, 0xFEDA, 0xCF56),
    *(0xF991, 0x11A7, 0x0EB7, 0x2A0F, 0x24B1, 0x263E, 0x4665, 0x6600, 0x6C5E, 0x76AF),
    *(0x868B, 0xB02B, 0xCCD5, 0xDD82, 0xFE47, 0x9471, 0xACE4, 0xA554, 0x2123, 0x346F),
    *(0x4415, 0x57B2, 0x9ECF, 0xF0CB, 0x08AE, 0x0929, 0x1875, 0x04FF, 0x0DF6, 0x1C5A),
)
"""Inner squares of marks 0 to 39 of OpenCV's dictionary DICT_4X4_50, row by row from the top left,
white is 1 (opencv, objdetect/src/aruco/predefined_dictionaries.hpp)."""
CELLS = 6
"""Squares along a mark's side, its black border included."""
PITCH = 3.0
"""Distance between two marks on one side of a region, in sides of a mark."""
PLATE = (CELLS + 2) / CELLS
"""Side of the white plate that a mark is printed on, in sides of the mark: a quiet zone of a
square on each side."""
THICK_M = 5e-5
"""Thickness of the foil that a mark is printed on: its print lies so far above the table."""
OVERLAP_M = 2e-6
"""By how much a print's rectangles reach over their edges, so that no light falls between them."""
TRIES = 8
"""Steps of half a mark's side by which it gives way to what stands at its place."""


@dataclass(frozen=True, eq=False)
class DrawnMark:
    """A reference mark as it truly lies."""

    number: int
    """Its number in the dictionary."""
    side_m: float
    """Side of its black square."""
    T_world_mark: Floats
    """(4, 4) origin in its centre, x to the right of the print, +z out of it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_world_mark", frozen("T_world_mark", self.T_world_mark, (4, 4)))


@dataclass(frozen=True, eq=False)
class MarkRegion:
    """What marks are put round."""

    count: int
    """How many are wanted."""
    T_world_region: Floats
    """(4, 4) its middle, +z up."""
    half_m: Floats
    """(2,) half extents that stay free."""


def clear_half(half_m: Floats, top_m: float, eye_m: float, aside_m: float) -> Floats:
    """(2,) half extents beyond which eyes `eye_m` above the table, `aside_m` off the middle, see
    the table past bodies of half extents (2,) and height `top_m`."""
    share = top_m / eye_m
    result: Floats = (half_m + share * aside_m) / (1 - share)
    return result


def place_marks(
    regions: Sequence[MarkRegion], side_m: float, standing: Bodies
) -> tuple[DrawnMark, ...]:
    """Marks along the two long sides of each region, clear of what is `standing` on the table and
    of each other; fewer than wanted where there is no room."""
    marks: list[DrawnMark] = []
    for region in regions:
        for k in range(region.count):
            for T in _places(region, k, side_m):
                if _is_free(T, side_m, standing, marks):
                    marks.append(DrawnMark(len(marks), side_m, T))
                    break
    return tuple(marks)


def mark_decals(marks: Sequence[DrawnMark]) -> tuple[Decal, ...]:
    """Two prints a mark: its white squares with the quiet zone, and its black squares."""
    back = translation([0.0, 0.0, -THICK_M])
    return tuple(
        Decal(f"mark.{mark.number}.{material}", "world", mark.T_world_mark @ back, rects, material)
        for mark in marks
        for material, rects in zip(("label_white", "print_black"), _rects(mark), strict=True)
    )


def mark_squares(number: int) -> Floats:
    """(8, 8) squares of a mark with its quiet zone, top row first, 1 for white."""
    bits = (CODES[number] >> np.arange(15, -1, -1)) & 1
    return np.pad(np.pad(bits.reshape(4, 4), 1), 1, constant_values=1).astype(np.float64)


def _rects(mark: DrawnMark) -> tuple[Floats, Floats]:
    """Rectangles (n, 4) of the white and of the black squares, joined along each row."""
    squares = mark_squares(mark.number)
    step, n = mark.side_m / CELLS, len(squares)
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    for row, line in enumerate(squares):
        starts = np.flatnonzero(np.diff(line, prepend=-1))
        for first, last in zip(starts, [*starts[1:], n], strict=True):
            top = (n / 2 - row) * step
            rect = [(first - n / 2) * step, top - step, (last - n / 2) * step, top]
            found[0 if line[first] else 1].append(rect)
    reach = OVERLAP_M * np.array([-1.0, -1.0, 1.0, 1.0])
    return np.array(found[0]) + reach, np.array(found[1]) + reach


def _places(region: MarkRegion, k: int, side_m: float) -> Iterator[Floats]:
    """Places (4, 4) for the k-th mark: the nearest first, then along the side, then outwards."""
    along = int(region.half_m[1] > region.half_m[0])
    across, rows = 1 - along, (region.count + 1) // 2
    sign = 1.0 if k % 2 else -1.0
    half = PLATE * side_m / 2
    for step in range(TRIES * TRIES):
        p = np.zeros(3)
        slide = (step % TRIES + 1) // 2 * (-1) ** (step % TRIES)
        p[along] = (k // 2 - (rows - 1) / 2) * PITCH * side_m + slide * side_m / 2
        p[across] = sign * (region.half_m[across] + half + step // TRIES * side_m / 2)
        T: Floats = region.T_world_region @ pose(np.eye(3), p)
        yield pose(T[:3, :3], np.append(T[:2, 3], THICK_M))


def _is_free(T: Floats, side_m: float, standing: Bodies, marks: Sequence[DrawnMark]) -> bool:
    half = PLATE * side_m / 2
    if (np.abs(T[:2, 3]) > TABLE_M / 2 - np.sqrt(2) * half).any():
        return False
    if any(np.linalg.norm(T[:2, 3] - m.T_world_mark[:2, 3]) < 3 * half for m in marks):
        return False
    n = len(standing.Ts)
    plates = Bodies(
        np.broadcast_to(T, (n, 4, 4)),
        np.broadcast_to([half, half, 1e-3], (n, 3)),
        np.zeros(n, dtype=bool),
    )
    return bool((separations(plates, standing) > 0).all())
