"""A swept value as the text that `--set` takes."""

from __future__ import annotations

import json
from typing import Any

import yaml

from cellpick.scene.documents import parse_yaml


def override_text(key: str, value: Any) -> str:
    """`key=value` such that `--set` reads back `value`, a plain value, a list or a map."""
    return f"{key}={value if _is_its_own_yaml(value) else json.dumps(value)}"


def _is_its_own_yaml(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return bool(parse_yaml(value) == value)
    except yaml.YAMLError:
        return False
