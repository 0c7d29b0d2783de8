"""An episode without work, which worker processes load by its name."""

from __future__ import annotations

from cellpick.campaign import Episode, EpisodeResult
from cellpick.campaign.episode import blank_record

RECORD_BYTES = 8_000
PICTURE_BYTES = 100_000
"""About what an episode of twelve cells leaves."""


def idle(episode: Episode) -> EpisodeResult:
    """A result of usual size, at once."""
    filler = {"summary": {"filler": "x" * RECORD_BYTES}}
    return EpisodeResult(blank_record(episode) | filler, bytes(PICTURE_BYTES))
