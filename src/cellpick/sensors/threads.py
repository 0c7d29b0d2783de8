"""How many threads rendering may use."""

from __future__ import annotations

import os


def usable_threads() -> int:
    """The cores that this process may use, or fewer where `OMP_NUM_THREADS` says so.

    Embree and a pool of threads take every core unless told otherwise: what limits the numerical
    libraries of a process that is one of many limits them too.
    """
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, max(1, int(wanted))) if wanted.isdigit() else cores
