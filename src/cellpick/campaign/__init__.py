"""Many station runs: suites for CI, sweeps for engineers, on one machine or a cluster."""

from cellpick.campaign.baseline import Baseline, read_baseline, refuse_another_suite
from cellpick.campaign.cluster import ClusterEngine
from cellpick.campaign.early_stop import EarlyStop
from cellpick.campaign.engine import Engine
from cellpick.campaign.episode import Episode, EpisodeResult, run_episode
from cellpick.campaign.evaluation import comparison_document, evaluate_suite
from cellpick.campaign.figures import Figure, figures_of
from cellpick.campaign.journal import Journal
from cellpick.campaign.local import LocalEngine
from cellpick.campaign.pages import write_pages
from cellpick.campaign.plan import Plan
from cellpick.campaign.run import run_campaign
from cellpick.campaign.suite import Suite, load_suite
from cellpick.campaign.suite_files import write_suite_files
from cellpick.campaign.sweep import load_sweep, sweep_plan
from cellpick.campaign.thresholds import Verdict

__all__ = [
    "Baseline",
    "ClusterEngine",
    "EarlyStop",
    "Engine",
    "Episode",
    "EpisodeResult",
    "Figure",
    "Journal",
    "LocalEngine",
    "Plan",
    "Suite",
    "Verdict",
    "comparison_document",
    "evaluate_suite",
    "figures_of",
    "load_suite",
    "load_sweep",
    "read_baseline",
    "refuse_another_suite",
    "run_campaign",
    "run_episode",
    "sweep_plan",
    "write_pages",
    "write_suite_files",
]
