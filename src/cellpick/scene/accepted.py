"""What a place in a pydantic model accepts, in words for an error message."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` when one of `known` is close to `word`, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def known_keys(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Keys that the model at the place `loc` inside `model` accepts; none when it is no model."""
    inner = _bare(_walk(model, loc)[0])
    return sorted(_fields(inner))


def accepted_values(model: type[BaseModel], loc: Sequence[int | str]) -> str | None:
    """Bounds or choices at the place `loc` inside `model`; None when it has no simple ones."""
    if loc and loc[-1] in variants(union := _walk(model, loc[:-1])[0]):
        # it is of none of the union's kinds
        return " or ".join(_kind(part) for part in typing.get_args(_bare(union)))
    annotation, metadata = _walk(model, loc)
    inner = _bare(annotation)
    if typing.get_origin(inner) is Literal:
        return ", ".join(repr(choice) for choice in typing.get_args(inner))
    words = [
        f"{sign} {value:g}"
        for item in [*metadata, *_metadata(annotation)]
        for name, sign in _SIGNS.items()
        if (value := getattr(item, name, None)) is not None
    ]
    kind = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    simple = kind.get(inner) if isinstance(inner, type) else None
    if typing.get_origin(inner) is tuple:
        arguments = typing.get_args(inner)
        lengths = _lengths([*metadata, *_metadata(annotation)])
        simple = f"a list{lengths}" if Ellipsis in arguments else f"a list of {len(arguments)}"
        if item := accepted_values(model, (*loc, 0)):
            simple += f": {item}"
    if _is_model(inner):
        simple = _kind(inner)
    bounds = " and ".join(words)
    return " ".join(part for part in (simple, bounds) if part) or None


def _kind(annotation: Any) -> str:
    return f"a map of {', '.join(sorted(_fields(annotation)))}" if _fields(annotation) else "a list"


def _lengths(metadata: Sequence[Any]) -> str:
    """How many entries a list may have, in words; nothing when any number will do."""
    low, high = (
        max((n for m in metadata if (n := getattr(m, name, None)) is not None), default=None)
        for name in ("min_length", "max_length")
    )
    if high is not None:
        return f" of {low or 0} to {high}"
    return f" of at least {low}" if low else ""


def _walk(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[Any, Sequence[Any]]:
    current: Any = model
    metadata: Sequence[Any] = ()
    for part in loc:
        inner = _bare(current)
        metadata = ()
        if _is_model(inner) and part in inner.model_fields:
            field = inner.model_fields[str(part)]
            current, metadata = field.annotation, field.metadata
        elif part in (tagged := variants(inner)):
            current = tagged[str(part)]
        elif _is_model(inner) and "root" in inner.model_fields:
            current = typing.get_args(inner.model_fields["root"].annotation)[-1]
        elif part in (fields := _fields(inner)):
            current = fields[str(part)]
        elif typing.get_origin(inner) is dict:
            current = typing.get_args(inner)[1]
        elif typing.get_origin(inner) is tuple and isinstance(part, int):
            arguments = typing.get_args(inner)
            current = arguments[0 if Ellipsis in arguments else min(part, len(arguments) - 1)]
        else:
            return None, ()
    return current, metadata


def variants(annotation: Any) -> dict[str, type[BaseModel]]:
    """The models of a union by what names them in a place: the key `model` that tells them apart,
    or their own name; empty for all else."""
    inner = _bare(annotation)
    if typing.get_origin(inner) not in (typing.Union, types.UnionType):
        return {}
    models = [part for part in typing.get_args(inner) if _is_model(part)]
    return {tag: part for part in models for tag in _tags(part)}


def _tags(model: type[BaseModel]) -> Sequence[str]:
    field = model.model_fields.get("model")
    return (model.__name__,) if field is None else typing.get_args(field.annotation)


def without_tags(model: type[BaseModel], loc: Sequence[int | str]) -> list[int | str]:
    """The keys of a file that lead to the place `loc`, which also names chosen variants."""
    return [
        part for i, part in enumerate(loc) if part not in variants(_walk(model, loc[:i])[0] or None)
    ]


def _bare(annotation: Any) -> Any:
    """An annotation without `Annotated` and without the `None` of an optional one."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            rest = [a for a in typing.get_args(annotation) if a is not type(None)]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation


def _metadata(annotation: Any) -> Sequence[Any]:
    """Constraints that hang on an annotation itself."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        found: list[Any] = []
        for item in typing.get_args(annotation)[1:]:
            found += getattr(item, "metadata", [item])
        return found
    if origin in (typing.Union, types.UnionType):
        return [m for a in typing.get_args(annotation) for m in _metadata(a)]
    return ()


def _fields(annotation: Any) -> Mapping[str, Any]:
    """Field -> annotation of a model or of a dataclass; empty for all else."""
    if _is_model(annotation):
        return {name: field.annotation for name, field in annotation.model_fields.items()}
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return typing.get_type_hints(annotation, include_extras=True)
    return {}


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def inner_model(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model that an annotation holds, if any, and whether it holds a list of them."""
    inner = _bare(annotation)
    is_list = typing.get_origin(inner) is tuple
    if is_list:
        inner = _bare(typing.get_args(inner)[0])
    return (inner, is_list) if _is_model(inner) else (None, is_list)
