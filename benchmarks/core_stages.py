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
from cellpick.perception.core.register import coarse_round, fine_rounds
from cellpick.perception.core.register_evidence import evidence, placed
from cellpick.perception.core.register_input import clouds
from cellpick.perception.core.register_pulls import agreement, fine_pulls
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
    seen = placed(blocks, inverse(Ts), BOX)
    pulls = fine_pulls(blocks, seen, BOX, faces)
    told = evidence(blocks, seen, pulls, BOX)
    floats, few = blocks.inv_sigma.nbytes, sample.inv_sigma.nbytes
    table: dict[str, tuple[Callable[[], Any], int]] = {
        "sort by cell": (
            lambda: clouds(work.points, work.instance, sigma, len(cells)),
            work.points.nbytes + work.instance.nbytes,
        ),
        "blocks and monomials": (
            lambda: own.blocks(cells, origins),
            work.points.nbytes + blocks.monomials.nbytes + floats,
        ),
        "coarse rounds, all": (
            lambda: coarse_round(sample, local, BOX, options),
            4 * (few * 14 + sample.monomials.nbytes),
        ),
        "one fine round: points to cell frames": (
            lambda: placed(blocks, inverse(Ts), BOX),
            blocks.points.nbytes + seen.q.nbytes + seen.gap.nbytes,
        ),
        "one fine round: faces, weights, edges": (
            lambda: fine_pulls(blocks, seen, BOX, faces),
            seen.gap.nbytes + seen.q.nbytes + floats + pulls.rows.nbytes,
        ),
        "one fine round: moments": (
            lambda: evidence(blocks, seen, pulls, BOX),
            blocks.monomials.nbytes + pulls.rows.nbytes,
        ),
        "one fine round: Gauss-Newton": (lambda: moved(told, Ts, 1), told.moments.nbytes),
        "all fine rounds": (
            lambda: fine_rounds(blocks, Ts, faces, BOX, options),
            3 * (floats * 28 + blocks.monomials.nbytes),
        ),
        "agreement": (lambda: agreement(blocks, seen), seen.gap.nbytes + floats),
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
