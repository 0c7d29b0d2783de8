"""Many station runs: suites for CI, sweeps for engineers, on one machine or a cluster."""

from cellpick.campaign.engine import Engine
from cellpick.campaign.episode import Episode, EpisodeResult, run_episode
from cellpick.campaign.journal import Journal
from cellpick.campaign.local import LocalEngine
from cellpick.campaign.plan import Plan
from cellpick.campaign.run import run_campaign

__all__ = [
    "Engine",
    "Episode",
    "EpisodeResult",
    "Journal",
    "LocalEngine",
    "Plan",
    "run_campaign",
    "run_episode",
]
