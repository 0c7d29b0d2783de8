"""JSON that every reader accepts: NumPy values as plain ones, what is not finite as null."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """The value in JSON's own types; records become objects, keys become text.

    Raises `TypeError` for what has no such form.
    """
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _writable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_writable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return _writable(str(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    raise TypeError(f"no JSON form of {type(value).__name__}")


def json_text(value: Any, indent: int | None = None) -> str:
    """The value as JSON, keys in their own order."""
    return json.dumps(plain(value), indent=indent, allow_nan=False, ensure_ascii=False)


def _writable(text: str) -> str:
    """The text; bytes that are no UTF-8, as a path may have, as `\\udc80`."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
