"""Reads a YAML file into a checked pydantic model; everything wrong becomes one `InputError`."""

from __future__ import annotations

import difflib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cellpick.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds; raises `InputError` naming the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the file: {error}", source=str(path)) from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"is not valid YAML: {error}", source=str(path)) from error
    if not isinstance(data, dict):
        raise InputError(
            "must hold keys and values", source=str(path), got=type(data).__name__, accepted="a map"
        )
    return data


def validated(model: type[Model], data: dict[str, Any], source: str) -> Model:
    """`data` as a checked `model`; raises `InputError` with file, key, value and what is accepted.

    Only the first error is told: one clear message.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    loc = tuple(first["loc"])
    key = ".".join(str(part) for part in loc)
    if first["type"] == "extra_forbidden":
        known = known_keys(model, loc[:-1])
        raise InputError(
            f"unknown key{did_you_mean(str(loc[-1]), known)}",
            source=source,
            key=key,
            got=loc[-1],
            accepted=", ".join(known),
        )
    if first["type"] == "missing":
        raise InputError("a required key is missing", source=source, key=key)
    raise InputError(first["msg"], source=source, key=key or None, got=first["input"])


def did_you_mean(word: str, known: typing.Iterable[str]) -> str:
    """`; did you mean 'x'?` when one of `known` is close to `word`, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Keys that the model at the place `loc` inside `model` accepts; none when it is no model."""
    current: Any = model
    for part in loc:
        current = _inside(current, part)
    found = _models_in(current)
    return sorted(found[0].model_fields) if found else []


def _inside(annotation: Any, part: int | str) -> Any:
    for candidate in _models_in(annotation):
        if part in candidate.model_fields:
            return candidate.model_fields[str(part)].annotation
    if isinstance(part, int):
        arguments = typing.get_args(_optional(annotation))
        return arguments[0] if arguments else None
    return None


def _optional(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    chosen = _optional(annotation)
    if isinstance(chosen, type) and issubclass(chosen, BaseModel):
        return [chosen]
    return []
