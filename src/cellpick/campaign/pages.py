"""`report.html` and the Parquet tables of a campaign, from what is in its folder alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellpick.campaign.dataset import write_dataset
from cellpick.campaign.effects import effects_of
from cellpick.campaign.results_folder import PICTURES, read_document, read_records
from cellpick.campaign.sweep import planned_sweep
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
        place = {e.id: k for k, e in enumerate(planned_sweep(campaign["spec"]).episodes)}
        records.sort(key=lambda record: place[record["id"]])
        rng = np.random.default_rng(int(campaign["digest"][:8], 16))
        effects = effects_of(records, campaign["spec"]["design"], rng)
    write_dataset(folder, records)
    data = CampaignData(
        campaign=campaign,
        records=records,
        results=_results(folder / RESULTS),
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


class _Pictures(Mapping[str, bytes]):
    """Pictures by episode, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        try:
            return (self._folder / f"{name}.jpg").read_bytes()
        except OSError as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self._folder.glob("*.jpg")))

    def __len__(self) -> int:
        return sum(1 for _ in self)
