"""Reads a YAML file into a checked pydantic model; everything wrong becomes one `InputError`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cellpick.errors import InputError
from cellpick.scene.accepted import accepted_values, did_you_mean, known_keys

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, and reads `1e-3` as the number it looks like."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.MarkedYAMLError(problem="a key is given twice", problem_mark=node.start_mark)
        return mapping


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+\Z"),
    list("-+0123456789"),
)


def parse_yaml(text: str) -> Any:
    """What a YAML text holds; raises `yaml.YAMLError`."""
    return yaml.load(text, Loader=_Loader)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds; raises `InputError` naming the file."""
    try:
        data = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the file: {error}", source=str(path)) from error
    except yaml.YAMLError as error:
        raise InputError(f"is not valid YAML: {one_line(error)}", source=str(path)) from error
    if not isinstance(data, dict):
        raise InputError(
            "must hold keys and values", source=str(path), got=type(data).__name__, accepted="a map"
        )
    return data


def validated(model: type[Model], data: dict[str, Any], source: str) -> Model:
    """`data` as a checked `model`; raises `InputError` with file, key, value and what is accepted.

    Only the first error is told: one clear message. Types are strict: `true` is no number.
    """
    text = json.dumps(data, default=str)
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        # an unknown key is told first: a misspelt one also makes the right one missing
        errors = error.errors(include_url=False)
        first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    loc = tuple(first["loc"])
    key = ".".join(str(part) for part in loc)
    if first["type"] == "extra_forbidden":
        known = known_keys(model, loc[:-1])
        hint = did_you_mean(str(loc[-1]), known)
        raise InputError(
            f"unknown key{hint}", source=source, key=key, got=loc[-1], accepted=", ".join(known)
        )
    if first["type"] == "missing":
        raise InputError(
            "a required key is missing",
            source=source,
            key=key,
            accepted=accepted_values(model, loc),
        )
    raise InputError(
        _plain(first["msg"]),
        source=source,
        key=key or None,
        got=first["input"],
        accepted=accepted_values(model, loc),
    )


def one_line(error: Exception) -> str:
    """An error's words without line breaks."""
    return " ".join(str(error).split())


_PLAIN = {
    "Value error, ": "",
    "Input should be": "must be",
    "Tuple should": "a list should",
    "tuple": "list",
    " after validation": "",
    "an object": "a map",
}


def _plain(message: str) -> str:
    """Pydantic's words for someone who knows YAML but not Python."""
    for technical, plain in _PLAIN.items():
        message = message.replace(technical, plain)
    return message
