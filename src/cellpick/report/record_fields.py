"""Fields of plain records: a missing or broken one is NaN, no text, no rows; never an error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

NONE = "\u2013"
"""What stands where there is nothing."""


LARGEST = 1e30
"""No figure is larger: what is comes of a broken record, and is none."""


def part(record: Any, *keys: str) -> Any:
    """What lies under the keys; None where one of them is missing."""
    for key in keys:
        # plain dictionaries first: the general question is slow, and there are millions of records
        if type(record) is not dict and not isinstance(record, Mapping):
            return None
        record = record.get(key)
    return record


def number(record: Any, *keys: str) -> float:
    """A finite number; NaN where there is none."""
    return as_number(part(record, *keys))


def count(record: Any, *keys: str) -> int:
    """A count; 0 where there is none."""
    value = number(record, *keys)
    return 0 if math.isnan(value) else max(round(value), 0)


def words(record: Any, *keys: str) -> str:
    """Text; empty where there is none."""
    value = part(record, *keys)
    return "" if value is None else str(value)


def mapping(record: Any, *keys: str) -> Mapping[str, Any]:
    """An object; empty where there is none."""
    value = part(record, *keys)
    return value if isinstance(value, Mapping) else {}


def rows(record: Any, *keys: str) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    value = part(record, *keys)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def numbers(record: Any, *keys: str) -> Iterator[float]:
    """The finite numbers of a list."""
    value = part(record, *keys)
    if isinstance(value, list | tuple):
        yield from (x for x in map(as_number, value) if not math.isnan(x))


def as_number(value: Any) -> float:
    """The value where it is a finite number of a sensible size, else NaN."""
    if type(value) is not float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return math.nan
        value = float(value)
    return value if abs(value) < LARGEST else math.nan
