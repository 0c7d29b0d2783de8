"""Where the time of one registration goes, beside what the memory alone would take.

The bytes of a stage are those of its inputs and outputs, each counted once; a copy of a large array
says how fast this machine moves bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.core_clouds import BOX, NOISE_M, Workload
from cellpick.perception import RegisterOptions
from cellpick.perception.core.register import coarse_round
from cellpick.perception.core.register_evidence import evidence, placed
from cellpick.perception.core.register_input import clouds
from cellpick.perception.core.register_outline import outline
from cellpick.perception.core.register_pulls import agreement, closeness, fine_pulls
from cellpick.perception.core.register_rounds import fine_rounds
from cellpick.perception.core.register_solve import inverse, moved

COPIED_BYTES = 1 << 26


def copy_bandwidth(rounds: int) -> float:
    """Bytes a second, read and written."""
    source = np.ones(COPIED_BYTES // 8)
    target = np.empty_like(source)
    return 2 * COPIED_BYTES / _median(lambda: np.copyto(target, source), rounds)


def stages(work: Workload, rounds: int) -> dict[str, Any]:
    """Median milliseconds, bytes and the share of the bandwidth limit of each stage."""
    bandwidth = copy_bandwidth(rounds)
    sigma, cells = np.array(NOISE_M), np.arange(len(work.starts))
    own = clouds(work.points, work.instance, sigma, len(cells))
    origins = work.starts[:, :3, 3].astype(np.float32)
    local = work.starts.copy()
    local[:, :3, 3] -= origins
    options = RegisterOptions()
    blocks = own.blocks(cells, origins)
    sample = blocks.sample()
    Ts, _, faces = coarse_round(sample, local, BOX, options)
    H = inverse(Ts)
    seen = placed(blocks, H, BOX)
    near, hidden = closeness(blocks, seen), ~faces.any(axis=2)
    unseen = hidden.all(axis=0)
    pulls = fine_pulls(blocks, seen, near, BOX, hidden)
    told = evidence(blocks, seen, pulls, BOX, unseen)
    edge = outline(blocks, seen, BOX, 0, faces, options.reach_m)
    still = np.zeros((len(cells), 6))
    floats, few = blocks.inv_sigma.nbytes, sample.inv_sigma.nbytes
    edge_bytes = sum(v.nbytes for v in vars(edge).values() if isinstance(v, np.ndarray))
    table: dict[str, tuple[Callable[[], Any], int]] = {
        "sort by cell": (
            lambda: clouds(work.points, work.instance, sigma, len(cells)),
            work.points.nbytes + work.instance.nbytes,
        ),
        "points into blocks": (
            lambda: own.blocks(cells, origins),
            work.points.nbytes + blocks.points.nbytes + floats,
        ),
        "coarse rounds, all": (
            lambda: coarse_round(sample, local, BOX, options),
            3 * few * 23,
        ),
        "points to cell frames": (
            lambda: placed(blocks, H, BOX),
            blocks.points.nbytes + seen.q.nbytes + seen.gap.nbytes,
        ),
        "faces and weights": (
            lambda: fine_pulls(blocks, seen, closeness(blocks, seen), BOX, hidden),
            seen.gap.nbytes + floats + pulls.nbytes,
        ),
        "moments": (
            lambda: evidence(blocks, seen, pulls, BOX, unseen),
            (1 + 2 * int((~unseen).sum())) * blocks.points.nbytes + pulls.nbytes,
        ),
        "agreement": (lambda: agreement(blocks, near), 3 * floats),
        "outline, gathered": (
            lambda: outline(blocks, seen, BOX, 0, faces, options.reach_m),
            seen.gap.nbytes + edge_bytes,
        ),
        "outline, one pull": (lambda: edge.pull(still, False), edge_bytes),
        "Gauss-Newton on moments": (lambda: moved(told, Ts, H), told.moments.nbytes),
        "the whole fine round": (
            lambda: fine_rounds(blocks, Ts, faces, BOX, options),
            floats * 33 + 4 * edge_bytes,
        ),
    }
    rows = {}
    for name, (work_, moved_bytes) in table.items():
        seconds = _median(work_, rounds)
        rows[name] = {
            "ms": round(1e3 * seconds, 3),
            "mb": round(moved_bytes / 1e6, 3),
            "bandwidth_share": round(moved_bytes / bandwidth / seconds, 4),
        }
    whole = work.points.nbytes + work.instance.nbytes
    return {"copy_gb_s": round(bandwidth / 1e9, 2), "input_mb": whole / 1e6, "rows": rows}


def _median(work: Callable[[], Any], rounds: int) -> float:
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
