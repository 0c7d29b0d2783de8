"""The words of the command line."""

from __future__ import annotations

import pytest

from cellpick.cli.terminal import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 looks"), (1, "1 look"), (2, "2 looks"), (1000, "1000 looks")]
)
def test_one_is_singular_and_all_else_plural(number, said):
    assert counted(number, "look") == said
