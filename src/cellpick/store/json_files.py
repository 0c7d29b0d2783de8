"""Reads a JSON file that this package wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cellpick.errors import InputError, UnavailableError
from cellpick.store.records import mapping


def load_json(path: Path, whole: str) -> dict[str, Any]:
    """The mapping in the file; `whole` says what would be accepted in place of a part of it.

    Raises `InputError` for anything else than JSON, `UnavailableError` when the disk refuses; what
    a file's absence means is for the caller: `FileNotFoundError` and `NotADirectoryError` pass.
    """
    try:
        return mapping(json.loads(path.read_text(encoding="utf-8")), str(path), "")
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"not valid JSON, or cut short ({error})", source=str(path), accepted=whole
        ) from error
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
