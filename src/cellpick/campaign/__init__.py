"""Many station runs: suites for CI, sweeps for engineers, on one machine or a cluster."""

from cellpick.campaign.episode import Episode, EpisodeResult, run_episode

__all__ = ["Episode", "EpisodeResult", "run_episode"]
