"""A table out of rows that come one by one and need not have the same columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

ROWS = 5_000
"""Of plain objects, before they become columns: an object needs many times the memory."""
NOTHING, TEXT = pl.Null(), pl.String()


class Columns:
    """Column by column, each of the one type that all of its values have.

    A column of whole and other numbers is of floats, one of otherwise unlike values of JSON text,
    one that no row has a value in of floats. A row that lacks a column has a null there. `first`
    are columns that are there without any row too.
    """

    def __init__(self, first: Mapping[str, pl.DataType]) -> None:
        self._rows: list[Mapping[str, Any]] = []
        self._parts: list[pl.DataFrame] = []
        self._types = dict(first)

    def add(self, row: Mapping[str, Any]) -> None:
        """A row more, at the end."""
        self._rows.append(row)
        if len(self._rows) >= ROWS:
            self._pack()

    def frame(self) -> pl.DataFrame:
        """All rows so far."""
        self._pack()
        parts = [self._whole(part) for part in self._parts]
        return pl.concat(parts, rechunk=False) if parts else pl.DataFrame(schema=self._types)

    def _pack(self) -> None:
        if not self._rows:
            return
        names = dict.fromkeys(name for row in self._rows for name in row)
        columns = [_column(name, [row.get(name) for row in self._rows]) for name in names]
        for column in columns:
            before = self._types.get(column.name, NOTHING)
            self._types[column.name] = _common(before, column.dtype)
        self._parts.append(pl.DataFrame(columns))
        self._rows = []

    def _whole(self, part: pl.DataFrame) -> pl.DataFrame:
        """With all columns, each of its type in the whole table."""
        return pl.DataFrame(
            [
                _cast(part[name], kind)
                if name in part.columns
                else pl.Series(name, [None], dtype=_filled(kind)).new_from_index(0, part.height)
                for name, kind in self._types.items()
            ]
        )


def _column(name: str, values: Sequence[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pl.Series(name, values, dtype=NOTHING)
    if kinds <= {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds <= {int}:
        return pl.Series(name, values, dtype=pl.Int64)
    if kinds <= {int, float}:
        wide = [None if value is None else float(value) for value in values]
        return pl.Series(name, wide, dtype=pl.Float64)
    return pl.Series(name, [_text(value) for value in values], dtype=TEXT)


def _common(a: pl.DataType, b: pl.DataType) -> pl.DataType:
    if a == b or b == NOTHING:
        return a
    if a == NOTHING:
        return b
    return pl.Float64() if a.is_numeric() and b.is_numeric() else TEXT


def _cast(column: pl.Series, kind: pl.DataType) -> pl.Series:
    wanted = _filled(kind)
    if column.dtype == wanted:
        return column
    if wanted == TEXT and column.dtype != NOTHING:
        return pl.Series(column.name, [_text(value) for value in column], dtype=TEXT)
    whole: pl.Series = column.cast(wanted)
    return whole


def _filled(kind: pl.DataType) -> pl.DataType:
    # a figure that no run has
    return pl.Float64() if kind == NOTHING else kind


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
