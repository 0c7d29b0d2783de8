"""A rig's calibration as one JSON file: `run` and `capture` take it by `--calibration`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from cellpick.errors import InputError, UnavailableError
from cellpick.store.json_files import load_json
from cellpick.store.records import from_json, to_json
from cellpick.structures import RigCalibration

CALIBRATION_SCHEMA = "cellpick.calibration/1"
"""Name and version of the format; another one is refused."""


def write_calibration(calibration: RigCalibration, path: Path) -> None:
    """Writes the file, all of it or nothing; raises `UnavailableError` naming the path."""
    text = json.dumps({"schema": CALIBRATION_SCHEMA, **to_json(calibration)}, indent=1)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text + "\n", encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise UnavailableError(f"cannot write {path}: {error.strerror}") from error


def read_calibration(path: Path) -> RigCalibration:
    """The calibration that `write_calibration` wrote, to the bit.

    Raises `InputError` naming file and key for anything that is missing or impossible.
    """
    source = str(path)
    given = _load(path)
    if given.pop("schema", None) != CALIBRATION_SCHEMA:
        raise InputError(
            "not a calibration, or of another version",
            source=source,
            key="schema",
            accepted=CALIBRATION_SCHEMA,
        )
    calibration = from_json(RigCalibration, given, source, "calibration")
    names = [camera.camera for camera in calibration.cameras]
    if len(set(names)) < len(names):
        raise InputError("two entries of one camera", source=source, key="cameras", got=names)
    _check_covariance(calibration, source)
    return calibration


def _load(path: Path) -> dict[str, Any]:
    absent = InputError(
        "there is no such calibration file",
        source=str(path),
        accepted="the calibration.json that `cellpick calibrate` wrote",
    )
    if path.is_dir():
        raise absent
    try:
        return load_json(path, "the whole file that `cellpick calibrate` wrote")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise absent from error


def _check_covariance(calibration: RigCalibration, source: str) -> None:
    C = calibration.covariance
    scale = np.sqrt(np.maximum(np.diag(C), 1e-30))
    correlation = C / scale[:, None] / scale
    lowest = np.linalg.eigvalsh((correlation + correlation.T) / 2).min(initial=0.0)
    if (np.diag(C) < 0).any() or np.abs(correlation - correlation.T).max(initial=0.0) > 1e-6:
        raise InputError("not a covariance: not symmetric", source=source, key="covariance")
    if lowest < -1e-6:
        raise InputError(
            "not a covariance: some direction has a negative variance",
            source=source,
            key="covariance",
        )
