"""Records -> two Parquet tables: a row an episode, and a row an attempt, all inputs as columns.

Columns of the inputs are the scene's keys; nested figures are joined by `_`, as in
`place_error_mm_p95`. What a Parquet column cannot hold is JSON text.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from cellpick.campaign.columns import Columns
from cellpick.campaign.results_folder import revision_of
from cellpick.errors import InputError
from cellpick.report import write_whole

EPISODES, ATTEMPTS = "episodes.parquet", "attempts.parquet"
OWN = ("id", "case", "scene", "seed")
HEAD = ("id", "case", "scene", "kind", "seed", "status", "reason")
TAIL = ("version", "revision", "command", "traceback")
COUNTED = ("cells", "found", "false")
QUANTILES = (("p50", 0.5), ("p95", 0.95))
INPUT_PREFIX = "in."
"""Before an input whose name is that of a figure."""


def _first(names: Sequence[str]) -> dict[str, pl.DataType]:
    """Columns of a table without any row too: not every reader takes a file that has none."""
    return {name: pl.Int64() if name == "seed" else pl.String() for name in names}


class DatasetWriter:
    """Both tables of records that come one by one; in memory they are columns, not objects."""

    def __init__(self) -> None:
        self._episodes, self._attempts = Columns(_first(HEAD)), Columns(_first(OWN))

    def add(self, record: Mapping[str, Any]) -> None:
        """A row, and a row an attempt."""
        self._episodes.add(_episode_row(record))
        for row in _attempt_rows(record):
            self._attempts.add(row)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both, each whole or not at all; raises `UnavailableError` naming the path."""
        tables = self._episodes.frame(), self._attempts.frame()
        paths = folder / EPISODES, folder / ATTEMPTS
        for path, table in zip(paths, tables, strict=True):
            buffer = io.BytesIO()
            table.write_parquet(buffer)
            write_whole(path, buffer.getvalue())
        return paths


def read_dataset(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The episodes and the attempts of a campaign's folder; raises `InputError` naming a file that
    is missing or no Parquet."""
    return _read(folder / EPISODES), _read(folder / ATTEMPTS)


def _attempt_rows(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The episode's id, case, scene, seed and inputs, then the attempt."""
    own = {name: record[name] for name in OWN}
    for attempt in record["attempts"]:
        yield own | _inputs(record, own | attempt) | _flat(attempt)


def _episode_row(record: Mapping[str, Any]) -> dict[str, Any]:
    summary = {
        name: value
        for name, value in record["summary"].items()
        if name not in ("schema", "scene", "seed", "version")
    }
    figures = _flat(summary) | _look(record["first_look"])
    measured = {f"measured_{name}": value for name, value in _flat(record["measured"]).items()}
    head = {name: record[name] for name in HEAD}
    known = {**record, "revision": revision_of(record)}
    tail = {name: known[name] for name in TAIL}
    tail["overrides"] = json.dumps(list(record["overrides"]))
    return head | _inputs(record, head | figures | measured) | figures | measured | tail


def _inputs(record: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
    named = {}
    for key, value in record["inputs"].items():
        named[INPUT_PREFIX + key if key in taken else key] = _plain(value)
    return named


def _look(look: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of the first look: counts, and quantiles in place of lists."""
    if not look:
        return {}
    row: dict[str, Any] = {f"look_{name}": look[name] for name in COUNTED}
    row |= {f"look_polarity_{name}": count for name, count in look["polarity"].items()}
    row |= {f"look_status_{name}": count for name, count in look["statuses"].items()}
    for name in ("pose_error_mm", "pose_error_deg"):
        values = pl.Series(look[name], dtype=pl.Float64)
        for label, share in QUANTILES:
            row[f"look_{name}_{label}"] = values.quantile(share, "linear")
    return row


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, names joined by `_`; lists and empty mappings as JSON."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        if type(value) in PLAIN:
            row[prefix + name] = value
        elif isinstance(value, Mapping) and value and name not in OPEN:
            row |= _flat(value, f"{prefix}{name}_")
        else:
            row[prefix + name] = _plain(value)
    return row


PLAIN = (str, float, int, bool, type(None))
"""Asked for first: nearly all are of these, and there are millions."""
OPEN = ("failures", "unverified", "cameras")
"""Mappings whose keys differ from run to run: one column of JSON each."""


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (Mapping, list, tuple)) else value


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"is no Parquet table: {error}",
            source=str(path),
            accepted="the folder of a sweep or a bench",
        ) from error
