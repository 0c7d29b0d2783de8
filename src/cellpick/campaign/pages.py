"""`report.html` and the Parquet tables of a campaign, from what is in its folder alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cellpick.campaign.dataset import write_dataset
from cellpick.campaign.effects import effects_of
from cellpick.campaign.figures import figures_of
from cellpick.campaign.results_folder import PICTURES, read_document, read_records
from cellpick.campaign.sweep import combinations, sweep_of, sweep_plan
from cellpick.errors import InputError
from cellpick.report import CampaignData, render_campaign, write_whole

REPORT, RESULTS = "report.html", "results.json"


def write_pages(folder: Path) -> Path:
    """Write the tables and the page; returns the page's path.

    Raises `InputError` for a folder that holds no campaign, `UnavailableError` naming a path that
    cannot be written.
    """
    campaign = read_document(folder)
    # by what was to run, not by when it ended: the same campaign gives the same tables
    records = sorted(read_records(folder), key=lambda r: (r["case"], r["overrides"], r["seed"]))
    effects: Mapping[str, Any] = {}
    if campaign["kind"] == "sweep":
        sweep = sweep_of(campaign["spec"])
        place = {e.id: k for k, e in enumerate(sweep_plan(sweep).episodes)}
        records.sort(key=lambda record: place[record["id"]])
        rng = np.random.default_rng(int(campaign["digest"][:8], 16))
        mixtures = combinations(sweep) if sweep.design == "saltelli" else ()
        effects = effects_of(records, mixtures, rng)
    write_dataset(folder, records)
    data = CampaignData(
        campaign=campaign,
        records=records,
        results=_results(folder / RESULTS) or _figures(records),
        effects=effects,
        pictures=_Pictures(folder / PICTURES),
        command=f"cellpick report {folder}",
    )
    return write_whole(folder / REPORT, render_campaign(data).encode())


def _results(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise InputError("not the results of a campaign", source=str(path)) from error


def _figures(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Figures with intervals of what nothing judges: by case, or scene where cases have no name."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        groups.setdefault(record["case"] or record["scene"], []).append(record)
    figures = {name: figures_of(group) for name, group in groups.items()}
    return {"figures": figures, "overall": figures_of(records)} if records else {}


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
