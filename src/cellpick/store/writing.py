"""Writes a look as a folder that appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from cellpick.errors import InputError, UnavailableError
from cellpick.store.layout import INDEX, SCHEMA, depth_name, image_name
from cellpick.store.pictures import encode_depth, encode_image
from cellpick.store.records import to_json
from cellpick.structures import Capture, CaptureSet


def write_look(look: CaptureSet, folder: Path) -> None:
    """Store `look` in `folder`, losslessly; an older look there is replaced.

    Raises `InputError` when `folder` holds something else, `UnavailableError` when the disk
    refuses.
    """
    folder = Path(folder)
    refuse_foreign(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            _fill(staging, look)
            _put_in_place(staging, folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise UnavailableError(f"{folder}: cannot be written: {error.strerror}") from error


def refuse_foreign(folder: Path) -> None:
    """Raises `InputError` when `folder` holds something else than a look that may be replaced."""
    if folder.exists() and not _may_replace(folder):
        raise InputError(
            "holds something else than a stored look",
            source=str(folder),
            accepted="a new folder, an empty one, or one with an older look",
        )


def _may_replace(folder: Path) -> bool:
    return folder.is_dir() and ((folder / INDEX).exists() or not any(folder.iterdir()))


def _fill(staging: Path, look: CaptureSet) -> None:
    entries = [_write_capture(staging, i, capture) for i, capture in enumerate(look.captures)]
    index = {
        "schema": SCHEMA,
        "task": to_json(look.task),
        "expected": list(look.expected),
        "triggered_s": float(look.triggered_s),
        "captures": entries,
    }
    (staging / INDEX).write_text(json.dumps(index, indent=1, allow_nan=False) + "\n")


def _write_capture(staging: Path, index: int, capture: Capture) -> dict[str, Any]:
    camera = capture.calibration.camera
    entry: dict[str, Any] = {"image": image_name(index, camera), "depth": None}
    (staging / entry["image"]).write_bytes(encode_image(capture.image))
    if capture.depth is not None:
        entry["depth"] = depth_name(index, camera)
        (staging / entry["depth"]).write_bytes(encode_depth(capture.depth))
    return entry | {
        "time_s": float(capture.time_s),
        "T_base_flange": to_json(capture.T_base_flange),
        "calibration": to_json(capture.calibration),
    }


def _put_in_place(staging: Path, folder: Path) -> None:
    # mkdtemp makes folders that nobody else may read
    umask = os.umask(0)
    os.umask(umask)
    staging.chmod(0o777 & ~umask)
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        folder.rename(old / folder.name)
        staging.rename(folder)
        shutil.rmtree(old)
    else:
        staging.rename(folder)
