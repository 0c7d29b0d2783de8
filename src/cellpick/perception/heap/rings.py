"""What tells the two ends of a cylinder apart: a ring that one of them has and the other lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellpick.geometry import Floats
from cellpick.perception.pattern import brightness, covers
from cellpick.structures import CellModel, Material

SECTORS = 24
"""Directions from a face's middle that are looked at."""
STEP_M = 0.00035
"""Pitch of the radii that are looked at."""
CLEAR_M = 0.0006
"""Kept away from the edges of rings: the picture's blur, and the pose's error."""
WIDEST_M = 0.0025
"""How far from the ring's edges its surroundings are looked at."""


@dataclass(frozen=True, eq=False)
class EndRing:
    """Places on an end face, and what they show on the end that has the ring."""

    p_face: Floats
    """(m, 3) in the cell frame, on the +z face."""
    zone: Floats
    """(m, 3) one-hot: inside the ring, on it, outside."""
    sector: Floats
    """(m, `SECTORS`) one-hot."""
    width_m: float
    """Width of the ring."""
    tint: float
    """Log red over blue on the ring less that round it, as drawn."""
    on_plus: bool
    """Whether the +z end has it."""


def end_ring(cell: CellModel, materials: dict[str, Material]) -> EndRing | None:
    """The widest matt ring on bare metal that one end alone has; None without one."""
    r = np.arange(STEP_M / 2, cell.size_m[0] / 2 - cell.rim_radius_m, STEP_M)
    faces = [_drawn(cell, face, r) for face in ("+z", "-z")]
    differ = np.array([a != b for a, b in zip(*faces, strict=True)])
    best: EndRing | None = None
    for start, stop in _runs(differ):
        for face, other in ((0, 1), (1, 0)):
            names = faces[face][start:stop]
            ring = materials[names[0]]
            around = materials[faces[other][start]]
            if len(set(names)) > 1 or ring.metallic > 0 or around.metallic == 0:
                continue
            found = _ring(cell, r, (start, stop), ring, around, face == 0)
            if found is not None and (best is None or found.width_m > best.width_m):
                best = found
    return best


def _drawn(cell: CellModel, face: str, r: Floats) -> list[str]:
    """Material of one face at radii (k,)."""
    names = [cell.top_material if face == "+z" else cell.bottom_material] * len(r)
    for feature in cell.features:
        if feature.face == face and feature.is_round and not feature.center_m.any():
            on = covers(feature, r, np.zeros_like(r))
            names = [feature.material if o else name for o, name in zip(on, names, strict=True)]
    return names


def _runs(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """First and one past the last index of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _ring(
    cell: CellModel, r: Floats, run: tuple[int, int], ring: Material, around: Material, plus: bool
) -> EndRing | None:
    low, high = r[run[0]] - STEP_M / 2, r[run[1] - 1] + STEP_M / 2
    zones = [
        (r > low - WIDEST_M) & (r < low - CLEAR_M),
        (r > low + CLEAR_M) & (r < high - CLEAR_M),
        (r > high + CLEAR_M) & (r < high + WIDEST_M),
    ]
    if not all(zone.any() for zone in zones):
        return None
    zone = np.concatenate([np.full(z.sum(), k) for k, z in enumerate(zones)])
    radius = np.concatenate([r[z] for z in zones])
    angle = 2 * np.pi * np.arange(SECTORS) / SECTORS
    x, y = np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle))
    p = np.stack([x, y, np.full_like(x, cell.height_m / 2)], -1).reshape(-1, 3)
    red_blue = [np.log(c[0] / c[2]) for c in (brightness(ring), brightness(around))]
    return EndRing(
        p,
        np.eye(3)[np.repeat(zone, SECTORS)],
        np.eye(SECTORS)[np.tile(np.arange(SECTORS), len(radius))],
        float(high - low),
        float(red_blue[0] - red_blue[1]),
        plus,
    )
