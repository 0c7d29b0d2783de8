"""The engine for many machines: workers of a Dask cluster."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from cellpick.campaign.cluster_check import check_workers
from cellpick.campaign.engine import LIMIT_S, PER_PROCESS, Settings, Work
from cellpick.campaign.episode import Episode, EpisodeResult, run_episode
from cellpick.errors import InputError, UnavailableError

ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/]+:\d+")


@dataclass(frozen=True)
class ClusterEngine:
    """Workers of Dask behind a scheduler; see `Engine`. Records are those of `LocalEngine`.

    An episode whose worker is killed goes to another one, and is recorded as `died` once the
    scheduler has seen too many die with it (`distributed.scheduler.allowed-failures`). Raises
    `InputError` for an address that is none; `UnavailableError` where `distributed` is not
    installed, no scheduler answers, it has no workers or such as have other versions of the
    packages that decide results, and where the scheduler is lost on the way.
    """

    address: str
    """Of the scheduler: `tcp://HOST:PORT`."""
    per_process: int = PER_PROCESS
    """Episodes after which a process is replaced."""
    limit_s: float = LIMIT_S
    """An episode's wall time, at most."""
    work: Work = run_episode
    """What runs an episode: a function of a module that the workers have too."""

    def __post_init__(self) -> None:
        self.settings()
        if not ADDRESS.fullmatch(self.address):
            raise InputError(
                "not the address of a Dask scheduler",
                got=self.address,
                accepted="tcp://HOST:PORT, as the scheduler prints it",
            )

    def settings(self) -> Settings:
        """How each process runs episodes."""
        return Settings(self.work, self.limit_s, self.per_process)

    def run(self, episodes: Iterable[Episode]) -> Generator[EpisodeResult, None, None]:
        """Results as they end; closing the generator ends the episodes on all workers."""
        # only here: the extra may be missing, and takes a second to load
        try:
            from cellpick.campaign.cluster_tasks import ClusterTasks, connected
        except ModuleNotFoundError as error:
            raise UnavailableError(
                f"a cluster needs the package {error.name}: pip install 'cellpick[cluster]'"
            ) from error
        with connected(self.address) as client:
            check_workers(client)
            tasks = ClusterTasks(client, self.settings())
            try:
                yield from tasks.results(iter(episodes))
            finally:
                tasks.end()
