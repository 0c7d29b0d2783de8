"""`report.html` of a campaign: verdict first, then why, on one page that opens offline."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from typing import Any

from cellpick.report.campaign_data import CampaignData
from cellpick.report.campaign_plots import (
    cycle_plot,
    error_plot,
    error_rows,
    success_plot,
    time_plot,
)
from cellpick.report.campaign_table import headline
from cellpick.report.campaign_tally import Tally
from cellpick.report.campaign_tiles import tiles
from cellpick.report.campaign_verdict import changes, missed, sequential_words, verdict_words
from cellpick.report.effects_section import effects_section
from cellpick.report.episode_words import attempts_told, facts, inputs_told
from cellpick.report.page import page_environment
from cellpick.report.plain_json import plain
from cellpick.report.record_fields import count, number, part, words
from cellpick.report.svg import stacked_bar
from cellpick.report.worst_episodes import Worst

MOST_PICTURE_BYTES = 1_600_000
"""Of all pictures together, so that the page stays below 3 MB."""
MOST_TICKS = 120
"""Attempts of one episode that are drawn."""


def render_campaign(data: CampaignData) -> str:
    """The page as HTML text; it loads nothing from elsewhere and runs no script.

    Its size does not grow with the number of episodes: distributions are binned, and only the
    worst episodes have pictures.
    """
    tally = Tally(data.records)
    results = plain(dict(data.results))
    computing_min = {stage: seconds / 60 for stage, seconds in tally.computing_s.items()}
    text: str = (
        page_environment()
        .get_template("campaign.html.j2")
        .render(
            c=plain(data.campaign),
            command=data.command,
            tally=tally,
            verdict=verdict_words(results, tally, count(data.campaign, "episodes")),
            missed=missed(results),
            changes=changes(results),
            baseline=_baseline(results),
            sequential=sequential_words(results),
            confidence=_confidence(results),
            table=headline(results),
            tiles=tiles(results, tally),
            success=success_plot(results, tally),
            roots=tally.tree.roots(),
            errors={name: _errors(tally, name, results) for name in ("pose_error", "place_error")},
            times={
                "stages": time_plot(tally),
                "cycle": cycle_plot(tally, results),
                "computing": stacked_bar(computing_min, "min") if tally.computing_s else "",
            },
            worst=_with_pictures(tally.worst.chosen(), data.pictures),
            effects=effects_section(plain(data.effects)),
        )
    )
    return text


def _baseline(results: Mapping[str, Any]) -> str:
    """What made the baseline: its revision, or the version where it is older than revisions."""
    revisions = part(results, "baseline", "revisions")
    known = isinstance(revisions, list) and bool(revisions)
    return str(revisions[0]) if known else words(results, "baseline", "version")


def _confidence(results: Mapping[str, Any]) -> float:
    """Of the intervals, in per cent."""
    share = number(results, "confidence")
    return 95.0 if math.isnan(share) else 100 * share


def _errors(tally: Tally, name: str, results: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "any": bool(tally.pooled(f"{name}_mm")),
        "mm": error_plot(tally, f"{name}_mm", "mm", results),
        "deg": error_plot(tally, f"{name}_deg", "degrees", results),
        "by_case": error_rows(tally, f"{name}_mm", "mm") if len(tally.cases) > 1 else "",
    }


def _with_pictures(worst: Iterable[Worst], pictures: Mapping[str, bytes]) -> list[dict[str, Any]]:
    shown, room = [], MOST_PICTURE_BYTES
    for episode in worst:
        picture = pictures.get(str(episode.record.get("id", "")), b"")
        fits = len(picture) <= room
        room -= len(picture) if fits else 0
        uri = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
        shown.append(
            {
                "record": plain(episode.record),
                "what": episode.what,
                "bad": episode.kind != "flawless",
                "facts": inputs_told(episode.record) + facts(episode.record),
                "attempts": attempts_told(episode.record)[:MOST_TICKS],
                "more_attempts": max(len(attempts_told(episode.record)) - MOST_TICKS, 0),
                "uri": uri if picture and fits else "",
                "why_none": "" if fits else "The picture is too large for this page.",
            }
        )
    return shown
