"""The engine that needs nothing else: worker processes on this machine."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

from cellpick.campaign.engine import AHEAD, LIMIT_S, PER_PROCESS, Settings, Work
from cellpick.campaign.episode import Episode, EpisodeResult, run_episode
from cellpick.campaign.seats import Seats
from cellpick.errors import InputError


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class LocalEngine:
    """A pool of processes on this machine; see `Engine`.

    Each is a fresh interpreter on one thread. One that hangs is ended and its episode recorded as
    `timeout`; an episode whose process ends is tried again in another, and recorded as `died` where
    that ends too. Raises `InputError` for settings that cannot be kept, `UnavailableError` where
    processes do not start.
    """

    workers: int
    """Processes at a time."""
    per_process: int = PER_PROCESS
    """Episodes after which a process is replaced."""
    limit_s: float = LIMIT_S
    """An episode's wall time, at most."""
    work: Work = run_episode
    """What runs an episode: a function of a module."""

    def __post_init__(self) -> None:
        self.settings()
        if self.workers < 1:
            raise InputError("workers: at least one", got=self.workers)

    def settings(self) -> Settings:
        """How each process runs episodes."""
        return Settings(self.work, self.limit_s, self.per_process)

    def run(self, episodes: Iterable[Episode]) -> Generator[EpisodeResult, None, None]:
        """Results as they end; closing the generator ends all processes."""
        seats = Seats(self.workers, self.settings())
        threads = ThreadPoolExecutor(self.workers)
        try:
            waiting = iter(episodes)
            pending: set[Future[EpisodeResult]] = set()
            while True:
                room = AHEAD * self.workers - len(pending)
                pending |= {threads.submit(seats.run, e) for e in islice(waiting, room)}
                if not pending:
                    return
                ended, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        finally:
            seats.close()
            threads.shutdown(cancel_futures=True)
