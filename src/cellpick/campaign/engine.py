"""What carries episodes out, and what every way of doing so has in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol

from cellpick.campaign.episode import Episode, EpisodeResult
from cellpick.errors import InputError

Work = Callable[[Episode], EpisodeResult]
"""Runs one episode in the process that calls it; a function of a module, as other processes load
it by its name."""

LIMIT_S = 900.0
"""No sound episode takes so long: the slowest shipped scene takes about 60 s on one slow core."""

PER_PROCESS = 50
"""Episodes of one process, since PyBullet keeps memory of worlds that are gone."""


class Engine(Protocol):
    """Carries episodes out somewhere."""

    def run(self, episodes: Iterable[Episode]) -> Generator[EpisodeResult, None, None]:
        """One result for each episode, as they end; takes episodes only as it can work on them.

        Raises before the first episode what can be known before. Closing the generator ends all
        work under way.
        """
        ...


def check_settings(workers: int, per_process: int, limit_s: float) -> None:
    """Raise `InputError` for a setting that no engine can keep."""
    for name, value in (("workers", workers), ("episodes per process", per_process)):
        if value < 1:
            raise InputError(f"{name}: at least one", got=value)
    if not limit_s > 0:
        raise InputError("an episode's limit in seconds is above zero", got=limit_s)
