"""Several seats: as many episodes at a time as there are threads that ask."""

from __future__ import annotations

from queue import SimpleQueue

from cellpick.campaign.engine import Settings
from cellpick.campaign.episode import Episode, EpisodeResult
from cellpick.campaign.seat import Seat


class Seats:
    """Runs episodes for up to `count` threads at a time; one more waits for a free seat."""

    def __init__(self, count: int, settings: Settings) -> None:
        self._all = [Seat(settings) for _ in range(count)]
        self._free: SimpleQueue[Seat] = SimpleQueue()
        for seat in self._all:
            self._free.put(seat)

    def run(self, episode: Episode) -> EpisodeResult:
        """See `Seat.run`."""
        seat = self._free.get()
        try:
            return seat.run(episode)
        finally:
            self._free.put(seat)

    def close(self) -> None:
        """End all processes at once; what runs in them raises `CancelledError`."""
        for seat in self._all:
            seat.close()
