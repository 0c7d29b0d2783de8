"""What the page of a campaign is made of: plain data, as its files hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class CampaignData:
    """All that the page shows; what a mapping lacks is left out of it."""

    campaign: Mapping[str, Any]
    """The fields of `campaign.json`."""
    records: Iterable[Mapping[str, Any]] = ()
    """The episodes, of schema `cellpick.episode/1`, gone through once."""
    results: Mapping[str, Any] = field(default_factory=dict)
    """The fields of `results.json`."""
    effects: Mapping[str, Any] = field(default_factory=dict)
    """What swept keys do, as `campaign.effects_of` tells it."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Episode id -> JPEG; asked for the worst episodes alone, so that it may read files."""
    command: str = ""
    """What repeats or resumes the campaign."""
