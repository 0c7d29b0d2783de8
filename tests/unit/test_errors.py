"""Each error knows its exit code, and a message that names place, rule, what came, what is fine."""

from __future__ import annotations

import pytest

from cellpick.errors import (
    CellpickError,
    InputError,
    LimitError,
    ShapeError,
    StoppedError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (CellpickError, 3),
        (InputError, 2),
        (ShapeError, 2),
        (LimitError, 1),
        (UnavailableError, 3),
        (StoppedError, 130),
    ],
)
def test_exit_codes(kind, code):
    assert kind("words").exit_code == code
    assert issubclass(kind, CellpickError)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "too long"),
        ({"source": "a.yaml"}, "a.yaml: too long"),
        ({"key": "cell.size"}, "cell.size: too long"),
        (
            {"source": "a.yaml", "key": "cell.size", "got": 148, "accepted": "up to 1 m"},
            "a.yaml: cell.size: too long; got 148; accepted: up to 1 m",
        ),
        ({"got": 0}, "too long; got 0"),
        ({"got": ""}, "too long; got ''"),
    ],
)
def test_an_input_error_says_all_it_knows(fields, message):
    assert str(InputError("too long", **fields)) == message
