"""Keys of a scene that a campaign changes: as the text that `--set` takes, and none in vain."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

from cellpick.errors import InputError
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


def refuse_lost(fixed: Iterable[str], swept: Iterable[str], source: str, place: str) -> None:
    """Raise `InputError` where a key takes away what one before it has set.

    `fixed` are applied before `swept`; `place` leads to them in the file `source`.
    """
    before: list[str] = []
    for key in (*fixed, *swept):
        for earlier in before:
            if earlier == key:
                rule, accepted = "a key is both set and swept", "one of the two"
            elif earlier.startswith(f"{key}."):
                rule = f"the key {key} comes after it and takes its place with all that is in it"
                accepted = f"{key} before it, or the keys in {key} one by one"
            else:
                continue
            raise InputError(rule, source=source, key=f"{place}{earlier}", accepted=accepted)
        before.append(key)


def _reads_as(text: str, value: Any) -> bool:
    try:
        return bool(parse_yaml(text) == value)
    except yaml.YAMLError:
        return False
