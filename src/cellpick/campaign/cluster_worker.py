"""What runs inside a worker of Dask: the same seats for episodes as on one machine.

Episodes run in processes of their own there too, so that one that hangs or crashes never takes the
worker with it, and the worker can always answer its scheduler.
"""

from __future__ import annotations

from distributed import Worker, WorkerPlugin, get_worker

from cellpick.campaign.engine import Settings
from cellpick.campaign.episode import Episode, EpisodeResult
from cellpick.campaign.seats import Seats
from cellpick.errors import InputError


class SeatsPlugin(WorkerPlugin):  # type: ignore[misc]  # distributed is typed in part
    """Seats of one campaign on one worker, a seat a thread."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings

    def setup(self, worker: Worker) -> None:
        """Dask calls it on every worker, also on one that joins later."""
        self.seats = Seats(worker.state.nthreads, self.settings)

    def teardown(self, worker: Worker) -> None:
        """Dask calls it when the campaign or the worker ends."""
        self.seats.close()


def run_there(name: str, episode: Episode) -> EpisodeResult | InputError:
    """Run an episode on the seats of the campaign `name` of this worker.

    Why it may not is returned: what is raised Dask tries again on other workers.
    """
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, SeatsPlugin)
    try:
        return plugin.seats.run(episode)
    except InputError as error:
        return error
