"""Writes the list of every key of a scene file, from the schema itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from cellpick.scene.accepted import accepted_values, inner_model
from cellpick.scene.spec import SceneSpec


def scene_reference() -> str:
    """A Markdown table of every key of a scene file, with its unit, its bounds and its default."""
    rows = [f"| `{key}` | {' | '.join(rest)} |" for key, *rest in _keys(SceneSpec, ())]
    return "\n".join(["| key | accepted | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _keys(
    model: type[BaseModel], path: tuple[int | str, ...]
) -> Iterator[tuple[str, str, str, str]]:
    """(key, what is accepted, default, meaning) of every key; list places are `0`."""
    for name, field in model.model_fields.items():
        place = (*path, name)
        inner, is_list = inner_model(field.annotation)
        if inner is not None and not is_list:
            yield from _keys(inner, place)
            continue
        default = _plain(field.default) if not field.is_required() else "required"
        what = accepted_values(SceneSpec, place) or "text"
        yield ".".join(map(str, place)), what, default, field.description or ""
        if inner is not None:
            yield from _keys(inner, (*place, 0))


def _plain(value: Any) -> str:
    """A default as YAML would take it; a list of maps is told as its length."""
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return f"{len(value)} entries"
    return f"`{json.dumps(value)}`" if value is not None else "-"
