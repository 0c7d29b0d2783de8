"""Reads a stored look, and says what is wrong with one that is not whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cellpick.errors import InputError
from cellpick.store.json_files import load_json
from cellpick.store.layout import INDEX, SCHEMA
from cellpick.store.pictures import read_depth, read_image
from cellpick.store.records import from_json, mapping, pose, scalar, sequence
from cellpick.structures import CameraCalibration, Capture, CaptureSet, SearchTask

LOOK_KEYS = ("schema", "task", "expected", "triggered_s", "captures")
CAPTURE_KEYS = ("image", "depth", "time_s", "T_base_flange", "calibration")


def read_look(folder: Path) -> CaptureSet:
    """The look that `write_look` stored in `folder`, bit for bit.

    Raises `InputError` for anything missing, truncated, of the wrong size or type, or written by
    another version of the format; `UnavailableError` when the disk refuses.
    """
    folder = Path(folder)
    source = str(folder / INDEX)
    index = _load_index(folder)
    if index.get("schema") != SCHEMA:
        raise InputError(
            "unknown format", source=source, key="schema", got=index.get("schema"), accepted=SCHEMA
        )
    _check_keys(index, LOOK_KEYS, source, "")
    entries = sequence(index["captures"], source, "captures")
    captures = tuple(_capture(folder, source, i, entry) for i, entry in enumerate(entries))
    _check_unique([c.calibration.camera for c in captures], source)
    return CaptureSet(
        captures,
        from_json(SearchTask, index["task"], source, "task"),
        tuple(
            str(scalar(str, name, source, f"expected[{i}]"))
            for i, name in enumerate(sequence(index["expected"], source, "expected"))
        ),
        scalar(float, index["triggered_s"], source, "triggered_s"),
    )


def _load_index(folder: Path) -> dict[str, Any]:
    path = folder / INDEX
    try:
        return load_json(path, "the whole file that `cellpick capture` wrote")
    except (FileNotFoundError, NotADirectoryError) as error:
        inner = folder / "captures"
        accepted = (
            f"{inner}, which lies inside"
            if (inner / INDEX).exists()
            else "a folder that `cellpick capture` wrote, such as DIR/captures"
        )
        rule = f"not a stored look: there is no {INDEX}"
        raise InputError(rule, source=str(folder), accepted=accepted) from error


def _capture(folder: Path, source: str, i: int, value: Any) -> Capture:
    key = f"captures[{i}]"
    entry = mapping(value, source, key)
    _check_keys(entry, CAPTURE_KEYS, source, f"{key}.")
    calibration = from_json(CameraCalibration, entry["calibration"], source, f"{key}.calibration")
    size = (calibration.width_px, calibration.height_px)
    depth = entry["depth"]
    return Capture(
        calibration=calibration,
        image=read_image(_inside(folder, entry["image"], source, f"{key}.image"), *size),
        depth=None
        if depth is None
        else read_depth(_inside(folder, depth, source, f"{key}.depth"), *size),
        time_s=scalar(float, entry["time_s"], source, f"{key}.time_s"),
        T_base_flange=pose(entry["T_base_flange"], source, f"{key}.T_base_flange"),
    )


def _inside(folder: Path, name: Any, source: str, key: str) -> Path:
    """Path of a file of this store: a name alone, so that a store cannot point elsewhere."""
    text = str(scalar(str, name, source, key))
    if Path(text).name != text or text in ("", ".."):
        raise InputError(
            "wrong value", source=source, key=key, got=text, accepted="a file name without folders"
        )
    return folder / text


def _check_keys(given: dict[str, Any], wanted: tuple[str, ...], source: str, prefix: str) -> None:
    for name in wanted:
        if name not in given:
            raise InputError(
                "missing key", source=source, key=f"{prefix}{name}", accepted=", ".join(wanted)
            )
    for name in given:
        if name not in wanted:
            raise InputError(
                "unknown key", source=source, key=f"{prefix}{name}", accepted=", ".join(wanted)
            )


def _check_unique(names: list[str], source: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError("two captures of one camera", source=source, key="captures", got=name)
