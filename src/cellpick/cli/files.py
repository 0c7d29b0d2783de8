"""JSON files that appear whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellpick.errors import UnavailableError


def write_json(value: Mapping[str, Any], path: Path) -> None:
    """Write `value` to `path`, folders included; raises `UnavailableError` if the disk refuses."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            staging = Path(folder) / path.name
            staging.write_text(text, encoding="utf-8")
            os.replace(staging, path)
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be written: {error.strerror}") from error
