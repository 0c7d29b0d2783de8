"""What carries episodes out, and what every way of doing so has in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cellpick.campaign.episode import Episode, EpisodeResult
from cellpick.errors import InputError
from cellpick.installation import revision

Work = Callable[[Episode], EpisodeResult]
"""Runs one episode in the process that calls it; a function of a module, as other processes load
it by its name."""


LIMIT_S = 900.0
"""The slowest shipped scene takes about 60 s on one slow core."""
PER_PROCESS = 200
"""Against what libraries keep, PyBullet of worlds that are gone; a new process takes 2 s."""
AHEAD = 2
"""Episodes handed out for each worker, so that none waits while results are written."""


@dataclass(frozen=True)
class Settings:
    """How episodes are run, wherever that is. Raises `InputError` for what no engine can keep."""

    work: Work
    """What runs one."""
    limit_s: float
    """An episode's wall time, at most."""
    per_process: int
    """Episodes after which a process is replaced."""
    folder: str = field(default_factory=os.getcwd)
    """Where a scene's relative path starts."""
    revision: str = field(default_factory=revision)
    """Of the command; no other may run an episode."""

    def __post_init__(self) -> None:
        if self.per_process < 1:
            raise InputError("episodes of a process: at least one", got=self.per_process)
        if not self.limit_s > 0:
            raise InputError("an episode's limit in seconds is above zero", got=self.limit_s)


class Engine(Protocol):
    """Carries episodes out somewhere."""

    def run(self, episodes: Iterable[Episode]) -> Generator[EpisodeResult, None, None]:
        """One result for each episode, as they end; takes episodes only as it can work on them.

        Raises before the first episode what can be known before. Closing the generator ends all
        work under way.
        """
        ...
