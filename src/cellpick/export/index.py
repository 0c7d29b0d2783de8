"""What a data set says of itself: `dataset_info.json`, which also marks it as ours."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellpick.errors import InputError, UnavailableError

SCHEMA = "cellpick.bop/1"
INDEX = "dataset_info.json"
CAPTURES = "captures"
"""Folder in which each look is stored as the station saw it, by scene."""


@dataclass(frozen=True)
class BopIndex:
    """What was exported, and how."""

    name: str
    """The data set's name as BOP wants it: letters and digits only."""
    split: str
    """`train`, `val` or `test`."""
    scene: str
    """Name of the scene file."""
    cell: str
    """Name of the cell model, which is object 1."""
    cameras: dict[str, str]
    """Sensor suffix, such as `cam0`, to the camera's name in the scene."""
    target_camera: str
    """Suffix of the camera that the targets are listed for."""
    seeds: tuple[int, ...]
    """Seeds of the looks: BOP's scene ids."""
    version: str
    """Version of cellpick that wrote it."""

    def captures(self, folder: Path, seed: int) -> Path:
        """Where the data set in `folder` keeps the stored look of a seed."""
        return folder / CAPTURES / f"{seed:06d}"


def index_text(index: BopIndex) -> str:
    """The file's content."""
    return json.dumps({"schema": SCHEMA, **asdict(index)}, indent=1) + "\n"


def read_index(folder: Path) -> BopIndex:
    """What the data set in `folder` says of itself.

    Raises `InputError` unless cellpick wrote it, `UnavailableError` when the disk refuses.
    """
    path = folder / INDEX
    accepted = "a folder that `cellpick export bop` wrote"
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        rule = f"not a data set: there is no {INDEX}"
        raise InputError(rule, source=str(folder), accepted=accepted) from error
    except (ValueError, RecursionError) as error:
        rule = f"not valid JSON, or cut short ({error})"
        raise InputError(rule, source=str(path), accepted=accepted) from error
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
    return _checked(given, str(path))


def _checked(given: Any, source: str) -> BopIndex:
    schema = given.get("schema") if isinstance(given, dict) else None
    if schema != SCHEMA:
        rule = "unknown format"
        raise InputError(rule, source=source, key="schema", got=schema, accepted=SCHEMA)
    values = {key: value for key, value in given.items() if key != "schema"}
    kinds = {"cameras": dict, "seeds": list}
    wanted = BopIndex.__dataclass_fields__
    for key in (*wanted, *values):
        value = values.get(key)
        if key not in wanted or not isinstance(value, kinds.get(key, str)):
            rule = "missing, unknown or of the wrong type"
            accepted = f"the keys {', '.join(wanted)}"
            raise InputError(rule, source=source, key=key, got=value, accepted=accepted)
    seeds = values.pop("seeds")
    if not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise InputError("wrong value", source=source, key="seeds", accepted="whole numbers >= 0")
    return BopIndex(**values, seeds=tuple(seeds))
