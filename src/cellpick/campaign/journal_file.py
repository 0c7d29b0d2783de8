"""Files of records, one a line: where each record lies, and what a killed writer left behind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cellpick.campaign.episode import SCHEMA
from cellpick.errors import InputError, UnavailableError

MENDED = "a line as cellpick wrote it; without the line its episode is run again"
KEYS = {
    **dict.fromkeys(
        ("id", "case", "scene", "version", "command", "kind", "status", "reason", "traceback"), str
    ),
    **dict.fromkeys(("summary", "first_look", "inputs", "measured"), dict),
    **dict.fromkeys(("overrides", "attempts"), list),
    "seed": int,
}
"""Key of a record -> type; what is inside follows from the schema."""


class Place(NamedTuple):
    """Where a record's line lies."""

    path: Path
    """The file."""
    offset: int
    """Its first byte."""


def cut_torn_line(path: Path) -> None:
    """Take off what follows the last line end: a line that was being written at a kill."""
    if not path.exists():
        return
    with path.open("rb") as file:
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
    if whole < path.stat().st_size:
        try:
            os.truncate(path, whole)
        except OSError as error:
            raise UnavailableError(f"cannot write {path}: {error.strerror}") from error


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Offset and record of every whole line; a torn last line is passed over.

    Raises `InputError` for a line that is no record of this schema.
    """
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                yield offset, _record(line, f"{path}:{number}")
            offset += len(line)


def read_at(place: Place) -> dict[str, Any]:
    """The record that lies there."""
    with place.path.open("rb") as file:
        return read_record(file, place)


def read_record(file: BinaryIO, place: Place) -> dict[str, Any]:
    """The record that lies there, out of its opened file."""
    file.seek(place.offset)
    return _record(file.readline(), str(place.path))


def _record(line: bytes, source: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError("this line is not JSON", source=source, accepted=MENDED) from error
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise InputError(
            "this line is no record of an episode",
            source=source,
            got=schema,
            accepted=f"{SCHEMA}; {MENDED}",
        )
    for key, kind in KEYS.items():
        if not isinstance(record.get(key), kind):
            raise InputError(
                "this record of an episode is not whole",
                source=source,
                key=key,
                got=record.get(key, "nothing"),
                accepted=MENDED,
            )
    return dict(record)
