"""The near end of a campaign on a cluster: hands episodes out, takes results in, notices losses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from uuid import uuid4

from distributed import Client, Future, KilledWorker

from cellpick.campaign.cluster_worker import SeatsPlugin, run_there
from cellpick.campaign.engine import AHEAD, Settings
from cellpick.campaign.episode import Episode, EpisodeResult, blank_record
from cellpick.errors import InputError, UnavailableError

WATCH_S = 2.0
"""How often the connection and the number of workers are looked at."""
RETRIES = 2
"""Times that an episode starts again whose worker left in good order."""
CONNECT_S = 10.0
"""For a scheduler to answer, and to be found again."""


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A connection to a scheduler; raises `UnavailableError` where none answers."""
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, asyncio.TimeoutError) as error:
        raise UnavailableError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        yield client


class ClusterTasks:
    """Episodes of one command on the workers of one scheduler."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._name = f"cellpick-{uuid4().hex}"
        self._flying: dict[str, tuple[Future, Episode]] = {}
        self._ended: SimpleQueue[Future] = SimpleQueue()
        self._seats = 0
        self._seen_s = -WATCH_S
        client.register_plugin(SeatsPlugin(self._name, settings))

    def results(self, waiting: Iterator[Episode]) -> Iterator[EpisodeResult]:
        """Results as they end; raises `UnavailableError` where the scheduler is lost."""
        while True:
            try:
                self._watch()
            except OSError as error:
                raise UnavailableError(self._loss) from error
            for episode in islice(waiting, max(0, AHEAD * self._seats - len(self._flying))):
                self._submit(episode)
            if not self._flying:
                return
            with suppress(Empty):
                yield self._result(self._ended.get(timeout=WATCH_S))

    def end(self) -> None:
        """Stop what still runs, on all workers."""
        if self._client.status == "running":
            self._client.cancel([future for future, _ in self._flying.values()])
            self._client.unregister_worker_plugin(self._name)

    def _submit(self, episode: Episode) -> None:
        future = self._client.submit(
            run_there,
            self._name,
            episode,
            key=f"{self._name}-{episode.id}",
            retries=RETRIES,
        )
        self._flying[future.key] = future, episode
        future.add_done_callback(self._ended.put)

    def _result(self, future: Future) -> EpisodeResult:
        _, episode = self._flying.pop(future.key)
        try:
            result: EpisodeResult | InputError = future.result()
        except UnavailableError:
            raise
        except KilledWorker:
            reason = "the workers that ran it were lost, one after the other"
            return EpisodeResult(blank_record(episode, "died", reason))
        except CancelledError as error:
            raise UnavailableError(self._loss) from error
        except Exception as error:
            raise UnavailableError(f"a worker cannot run episodes: {error}") from error
        if isinstance(result, InputError):
            raise UnavailableError(f"a worker cannot run episodes: {result}")
        return result

    def _watch(self) -> None:
        if time.monotonic() - self._seen_s < WATCH_S:
            return
        if self._client.status != "running":
            raise UnavailableError(self._loss)
        # workers may join and leave; with none for a while, what is handed out waits
        self._seats = max(1, sum(self._client.nthreads().values()))
        self._seen_s = time.monotonic()

    @property
    def _loss(self) -> str:
        return (
            f"the Dask scheduler at {self._client.scheduler.address} was lost; "
            "the same command goes on from here once it is back"
        )
