"""The files of a run's folder that machines read: `summary.json` and `picks.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellpick.errors import UnavailableError
from cellpick.report.files import append_line, make_folder, write_whole
from cellpick.report.plain_json import json_text

RUN_FILES = ("picks.jsonl", "summary.json", "first_look.json", "overview.png", "report.html")
"""What a run leaves in its folder, beside the resolved scene."""


def start_run(folder: Path) -> Path:
    """Make the folder ready for a new run: writable, and rid of what an earlier run left there.

    A run that ends early then leaves no summary that could be taken for its own. Raises
    `UnavailableError` naming the path.
    """
    make_folder(folder)
    for name in RUN_FILES:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise UnavailableError(f"cannot replace {folder / name}: {error.strerror}") from error
    return folder


def write_summary(folder: Path, summary: Mapping[str, Any]) -> Path:
    """Write `summary.json`, all of it or nothing; raises `UnavailableError` naming the path."""
    text = json_text(summary, indent=2) + "\n"
    return write_whole(make_folder(folder) / "summary.json", text.encode())


def append_pick(folder: Path, record: Any) -> None:
    """Append one attempt, a mapping or a record, to `picks.jsonl`, on the disk when this returns.

    Raises `UnavailableError` naming the path.
    """
    append_line(folder / "picks.jsonl", json_text(record))
