"""`report.html` and the Parquet tables of a campaign, from what is in its folder alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from cellpick.campaign.dataset import DatasetWriter
from cellpick.campaign.effects import effects_of, shown_figures
from cellpick.campaign.figures import figures_of_samples
from cellpick.campaign.journal_file import Place
from cellpick.campaign.results_folder import PICTURES, placed_records, read_document
from cellpick.campaign.run_table import RunTable
from cellpick.campaign.sample import Sample, sample_of
from cellpick.campaign.stored_records import StoredRecords
from cellpick.campaign.sweep import SweepFile, combinations, episodes_of, sweep_of
from cellpick.errors import InputError
from cellpick.report import CampaignData, json_text, render_campaign, write_whole

REPORT, RESULTS, EFFECTS = "report.html", "results.json", "effects.json"


def write_pages(folder: Path) -> Path:
    """Write the tables and the page; returns the page's path.

    The records are read one by one, again and again; in memory stays what the figures are made of.
    Raises `InputError` for a folder that holds no campaign, `UnavailableError` naming a path that
    cannot be written.
    """
    campaign = read_document(folder)
    sweep = sweep_of(campaign["spec"]) if campaign["kind"] == "sweep" else None
    records = _in_order(folder, sweep)
    tables, samples = DatasetWriter(), dict[str, list[Sample]]()
    runs = None if sweep is None else RunTable(list(sweep.keys), shown_figures(sweep.figures))
    for record in records:
        sample = sample_of(record)
        tables.add(record)
        samples.setdefault(record["case"] or record["scene"], []).append(sample)
        if runs is not None:
            runs.add(record, sample)
    tables.write(folder)
    effects: dict[str, Any] = {}
    if sweep is not None and runs is not None:
        rng = np.random.default_rng(int(campaign["digest"][:8], 16))
        mixtures = combinations(sweep) if sweep.design == "saltelli" else ()
        effects = effects_of(runs, sweep.figures, sweep.design, mixtures, rng)
        write_whole(folder / EFFECTS, json_text(effects, indent=1).encode() + b"\n")
    data = CampaignData(
        campaign=campaign,
        records=records,
        results=_results(folder / RESULTS, campaign, len(records)) or _figures(samples),
        effects=effects,
        pictures=_Pictures(folder / PICTURES),
        command=f"cellpick report {quote(str(folder))}",
    )
    return write_whole(folder / REPORT, render_campaign(data).encode())


def read_effects(folder: Path) -> dict[str, Any]:
    """What `write_pages` found the keys of a sweep to do."""
    return dict(json.loads((folder / EFFECTS).read_bytes()))


def _in_order(folder: Path, sweep: SweepFile | None) -> StoredRecords:
    """By what was to run, not by when it ended: the same campaign gives the same tables."""
    found: list[tuple[Any, Place]] = []
    if sweep is None:
        for record, place in placed_records(folder):
            found.append(((record["case"], record["overrides"], record["seed"]), place))
    else:
        number = {episode.id: k for k, episode in enumerate(episodes_of(sweep))}
        for record, place in placed_records(folder):
            if record["id"] not in number:
                rule = "a record of an episode that is not in the plan"
                raise InputError(rule, source=str(place.path), got=record["id"])
            found.append((number[record["id"]], place))
    found.sort(key=lambda pair: pair[0])
    return StoredRecords([place for _, place in found])


def _results(path: Path, campaign: Mapping[str, Any], episodes: int) -> dict[str, Any]:
    """What was judged of all these episodes; nothing where that was of others or of fewer."""
    if not path.exists():
        return {}
    try:
        found = dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("not the results of a campaign", source=str(path)) from error
    same = (found.get("digest"), found.get("episodes")) == (campaign["digest"], episodes)
    return found if same else {}


def _figures(samples: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    """Figures with intervals of what nothing judges: by case, or scene where cases have no name."""
    if not samples:
        return {}
    figures = {name: figures_of_samples(group) for name, group in samples.items()}
    together = [sample for group in samples.values() for sample in group]
    return {"figures": figures, "overall": figures_of_samples(together)}


class _Pictures(Mapping[str, bytes]):
    """Pictures by episode, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.jpg"))}

    def __getitem__(self, name: str) -> bytes:
        return self._paths[name].read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
