"""Records to JSON values and back, driven by the records' own field types, exact to the bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from cellpick.errors import InputError
from cellpick.geometry import Floats

Record = TypeVar("Record")


def to_json(value: Any) -> Any:
    """A record (or a field's value) as dictionaries, lists, numbers and strings.

    Python writes a float with the fewest digits that read back as the same float.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [to_json(entry) for entry in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value


def from_json(kind: type[Record], value: Any, source: str, key: str) -> Record:
    """The record of class `kind` that `value` describes.

    Raises `InputError`, naming the file `source` and the path `key` inside it, when a field is
    missing, unknown or of the wrong type or shape. One that may be None may be missing.
    """
    given = mapping(value, source, key)
    hints = get_type_hints(kind)
    if unknown := sorted(given.keys() - hints.keys()):
        raise InputError(
            "unknown key", source=source, key=f"{key}.{unknown[0]}", accepted=", ".join(hints)
        )
    needed = [name for name, hint in hints.items() if type(None) not in get_args(hint)]
    if missing := [name for name in needed if name not in given]:
        raise InputError(
            "missing key", source=source, key=f"{key}.{missing[0]}", accepted=", ".join(hints)
        )
    values = {
        name: _field(hint, given.get(name), source, f"{key}.{name}") for name, hint in hints.items()
    }
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(
            error.rule, source=source, key=key, got=error.got, accepted=error.accepted
        ) from error


def mapping(value: Any, source: str, key: str) -> dict[str, Any]:
    """`value`, checked to be a JSON object; raises `InputError`."""
    if not isinstance(value, dict):
        raise InputError(
            "wrong type", source=source, key=key, got=_brief(value), accepted="an object"
        )
    return value


def sequence(value: Any, source: str, key: str) -> list[Any]:
    """`value`, checked to be a JSON list; raises `InputError`."""
    if not isinstance(value, list):
        raise InputError("wrong type", source=source, key=key, got=_brief(value), accepted="a list")
    return value


def scalar(kind: type, value: Any, source: str, key: str) -> Any:
    """`value` as a `str`, `bool`, `int` or `float`; raises `InputError`, also when not finite."""
    accepted = {str: "text", bool: "true or false", int: "a whole number", float: "a finite number"}
    fits = isinstance(value, (int, float) if kind is float else kind)
    fits = fits and isinstance(value, bool) == (kind is bool)
    if not fits or (kind is float and not np.isfinite(value)):
        raise InputError(
            "wrong type", source=source, key=key, got=_brief(value), accepted=accepted[kind]
        )
    return kind(value)


def numbers(value: Any, source: str, key: str) -> Floats:
    """`value`, nested lists of finite numbers, as an array; raises `InputError`."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise InputError(
            "wrong type",
            source=source,
            key=key,
            got=_brief(value),
            accepted="nested lists of numbers",
        )
    return array.astype(np.float64)


def pose(value: Any, source: str, key: str) -> Floats:
    """`value` as a rigid pose (4, 4); raises `InputError`."""
    T = numbers(value, source, key)
    rigid = T.shape == (4, 4) and (T[3] == [0, 0, 0, 1]).all()
    if not rigid or not _is_rotation(T[:3, :3]):
        raise InputError(
            "not a rigid pose",
            source=source,
            key=key,
            got=_brief(value),
            accepted="4 x 4 rows, metres",
        )
    return T


def _is_rotation(R: Floats) -> bool:
    return bool(np.allclose(R @ R.T, np.eye(3), atol=1e-6) and np.linalg.det(R) > 0)


def _brief(value: Any) -> Any:
    text = repr(value)
    return value if len(text) <= 80 else f"{text[:77]}..."


def _field(hint: Any, value: Any, source: str, key: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if type(None) in arguments:
        return None if value is None else _field(arguments[0], value, source, key)
    if origin is Literal:
        if value not in arguments:
            accepted = ", ".join(map(repr, arguments))
            raise InputError(
                "wrong value", source=source, key=key, got=_brief(value), accepted=accepted
            )
        return value
    if origin is tuple:
        entries = sequence(value, source, key)
        return tuple(_field(arguments[0], e, source, f"{key}[{i}]") for i, e in enumerate(entries))
    if origin is dict:
        given = mapping(value, source, key)
        return {k: _field(arguments[1], e, source, f"{key}.{k}") for k, e in given.items()}
    if origin is np.ndarray:
        is_pose = key.rsplit(".", 1)[-1].startswith("T_")
        return (pose if is_pose else numbers)(value, source, key)
    if isinstance(hint, type) and is_dataclass(hint):
        return from_json(hint, value, source, key)
    return scalar(hint, value, source, key)
