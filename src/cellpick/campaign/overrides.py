"""A swept value as the text that `--set` takes."""

from __future__ import annotations

import json
from typing import Any

import yaml

from cellpick.scene.documents import parse_yaml


def override_text(key: str, value: Any) -> str:
    """`key=value` such that `--set` reads back `value`, a plain value, a list or a map."""
    if value is None or isinstance(value, bool | int | float):
        return f"{key}={json.dumps(value)}"
    texts = [json.dumps(value, ensure_ascii=False), json.dumps(value)]
    if isinstance(value, str):
        texts.insert(0, value)
    # YAML takes line ends of other scripts only as JSON's escapes, and an emoji only as itself
    return f"{key}={next((text for text in texts if _reads_as(text, value)), texts[-1])}"


def _reads_as(text: str, value: Any) -> bool:
    try:
        return bool(parse_yaml(text) == value)
    except yaml.YAMLError:
        return False
