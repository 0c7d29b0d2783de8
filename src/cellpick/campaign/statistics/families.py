"""Many comparisons at once, without more false alarms than one would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from cellpick.campaign.statistics.comparison import ALPHA, Comparison, judged
from cellpick.campaign.statistics.intervals import check_share

Key = TypeVar("Key")


def holm(comparisons: Mapping[Key, Comparison], alpha: float = ALPHA) -> dict[Key, Comparison]:
    """The same comparisons, judged so that any false verdict at all has the chance `alpha`.

    Holm 1979, "A simple sequentially rejective multiple test procedure". Comparisons that could not
    come out below `alpha` whatever happened (no values, nothing differs, too few episodes) take no
    share of it: the argument of Tarone 1990, "A modified Bonferroni method for discrete data".
    """
    check_share("alpha", alpha)
    able = [key for key, c in comparisons.items() if c.least_p <= alpha]
    adjusted = {key: c.p for key, c in comparisons.items()}
    reached = 0.0
    for rank, key in enumerate(sorted(able, key=lambda key: comparisons[key].p)):
        reached = max(reached, min(1.0, (len(able) - rank) * comparisons[key].p))
        adjusted[key] = reached
    return {
        key: judged(c, adjusted[key], alpha, max(1, len(able))) for key, c in comparisons.items()
    }
