"""What counts and measured values show beyond chance; docs/statistics.md says how surely."""

from cellpick.campaign.statistics.clusters import clustered_interval, design_effect
from cellpick.campaign.statistics.comparison import ALPHA, Comparison, compare
from cellpick.campaign.statistics.families import holm
from cellpick.campaign.statistics.intervals import Interval, clopper_pearson, upper_limit, wilson
from cellpick.campaign.statistics.sequential import Sprt, SprtVerdict
from cellpick.campaign.statistics.sequential_rates import SprtRates, sprt_rates

__all__ = [
    "ALPHA",
    "Comparison",
    "Interval",
    "Sprt",
    "SprtRates",
    "SprtVerdict",
    "clopper_pearson",
    "clustered_interval",
    "compare",
    "design_effect",
    "holm",
    "sprt_rates",
    "upper_limit",
    "wilson",
]
