"""Reads a YAML file into a checked pydantic model; everything wrong becomes one `InputError`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cellpick.errors import InputError, UnavailableError
from cellpick.scene.accepted import (
    accepted_values,
    did_you_mean,
    known_keys,
    without_tags,
)

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, and reads `1e-3` as the number it looks like."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        # before merges (`<<`) add keys, which those beside them may override
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise yaml.MarkedYAMLError(problem="a key is given twice", problem_mark=node.start_mark)
        return node


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+\Z"),
    list("-+0123456789"),
)


def parse_yaml(text: str) -> Any:
    """What a YAML text holds; raises `yaml.YAMLError`, its words in one line."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        words = " ".join(part for part in (error.context, error.problem) if part)
        raise yaml.YAMLError(place + words) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # a date that is none, a number of too many digits, brackets without end
        words = " ".join(str(error).replace('in "<unicode string>"', "at").split())
        raise yaml.YAMLError(words) from error


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds.

    Raises `InputError` naming the file, `UnavailableError` when the disk refuses.
    """
    accepted = "a YAML file of keys and values, in UTF-8"
    try:
        data = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"is not text: {error}", source=str(path), accepted=accepted) from error
    except yaml.YAMLError as error:
        raise InputError(
            f"is not valid YAML: {error}", source=str(path), accepted=accepted
        ) from error
    if not isinstance(data, dict):
        got = {type(None): "nothing", list: "a list"}.get(type(data), "a plain value")
        raise InputError("must hold keys and values", source=str(path), got=got, accepted=accepted)
    return data


def validated(model: type[Model], data: dict[str, Any], source: str) -> Model:
    """`data` as a checked `model`; raises `InputError` with file, key, value and what is accepted.

    Only the first error is told: one clear message. Types are strict: `true` is no number.
    """
    try:
        text = json.dumps(data, default=str)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"cannot stand in a file of plain values: {error}",
            source=source,
            accepted="keys that are words, and no alias to the map that it stands in",
        ) from error
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        # an unknown key is told first: a misspelt one also makes the right one missing
        errors = error.errors(include_url=False)
        first = next((e for e in errors if e["type"] in _UNKNOWN), errors[0])
    if first["type"] == "json_invalid":
        # JSON can name half of a surrogate pair, text cannot have it
        raise InputError(
            "cannot stand in a file of plain values: half of a surrogate pair",
            source=source,
            accepted="text whose letters are whole",
        )
    loc = tuple(first["loc"])
    key = ".".join(str(part) for part in without_tags(model, loc))
    if first["type"].startswith("union_tag"):
        tags = first["ctx"].get("expected_tags") or "one of the models"
        raise InputError(
            "the kind is not one of those there are",
            source=source,
            key=f"{key}.model",
            got=first["ctx"].get("tag", "nothing"),
            accepted=tags,
        )
    if first["type"] in _UNKNOWN:
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
        got="nothing" if first["input"] is None else first["input"],
        accepted=accepted_values(model, loc),
    )


_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
"""What a key that there is none of is called, in a model and in a dataclass."""
_PLAIN = {
    "Value error, ": "",
    "Input should be": "must be",
    "Tuple should": "a list should",
    "tuple": "list",
    " after validation": "",
    "an object": "a map",
    "a valid array": "a list",
}


def _plain(message: str) -> str:
    """Pydantic's words for someone who knows YAML but not Python."""
    for technical, plain in _PLAIN.items():
        message = message.replace(technical, plain)
    return message
