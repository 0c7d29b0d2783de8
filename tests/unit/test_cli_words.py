"""The words of the command line."""

from __future__ import annotations

import sys

import pytest

from cellpick.cli import main
from cellpick.cli.terminal import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 looks"), (1, "1 look"), (2, "2 looks"), (1000, "1000 looks")]
)
def test_one_is_singular_and_all_else_plural(number, said):
    assert counted(number, "look") == said


def test_a_station_with_one_of_each_is_told_in_the_singular(monkeypatch, capsys):
    one = ("tray.rows=1", "tray.columns=1", "module.rows=1", "rig.cameras=[zivid_2plus_m60]")
    options = [word for text in one for word in ("--set", text)]
    monkeypatch.setattr(sys, "argv", ["cellpick", "check", "prismatic_tray", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    assert (ended.value.code or 0) == 0
    assert ": all well: 1 cell prismatic_148x26x91, 1 slot, arm" in said
    assert ", 1 camera\n" in said
