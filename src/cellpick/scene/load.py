"""Loads a scene file with `path=value` overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from cellpick.errors import InputError
from cellpick.scene.documents import parse_yaml, read_yaml, validated
from cellpick.scene.library import find_scene
from cellpick.scene.spec import SceneSpec


def load_scene(name_or_path: str | Path, overrides: Sequence[str] = ()) -> SceneSpec:
    """A checked scene file; raises `InputError` naming file, key, what came and what is accepted.

    `name_or_path` is a path or the name of a shipped scene. Each override is `key.key=value`, with
    the value in YAML; a number in the path is a place in a list, as in `lights.0.strength=0.3`.
    """
    path = find_scene(name_or_path)
    data = read_yaml(path)
    for override in overrides:
        _apply(data, override)
    data.setdefault("name", path.stem)
    spec = validated(SceneSpec, data, str(path))
    spec._source = str(path)
    return spec


def _apply(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise InputError("an override must be path=value", source="--set", got=override)
    try:
        value = parse_yaml(text)
    except yaml.YAMLError as error:
        raise InputError(
            f"the value is not valid YAML: {error}", source="--set", key=key, got=text
        ) from error
    target: Any = data
    default: Any = SceneSpec().model_dump(mode="json")
    for part in parts[:-1]:
        default = default.get(part) if isinstance(default, dict) else None
        target = _step(target, part, key, default)
    if isinstance(target, list):
        target[_place(target, parts[-1], key)] = value
    elif isinstance(target, dict):
        target[parts[-1]] = value
    else:
        raise InputError("the path leads into a plain value", source="--set", key=key, got=target)


def _step(target: Any, part: str, key: str, default: Any) -> Any:
    """The value in `target` at `part`; a list that the file leaves out starts as its default."""
    if isinstance(target, list):
        return target[_place(target, part, key)]
    if isinstance(target, dict):
        if target.get(part) is None:
            target[part] = default if isinstance(default, list) else {}
        return target[part]
    raise InputError("the path leads into a plain value", source="--set", key=key, got=target)


def _place(items: list[Any], part: str, key: str) -> int:
    if part.isdigit() and int(part) < len(items):
        return int(part)
    raise InputError(
        "no such place in the list",
        source="--set",
        key=key,
        got=part,
        accepted=f"0 to {len(items) - 1}" if items else "nothing: the list is empty",
    )
