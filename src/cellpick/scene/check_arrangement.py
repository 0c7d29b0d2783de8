"""Refuses pockets, layers, odd cells and heaps that cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellpick.errors import InputError
from cellpick.scene.arrangement import filled_pockets, heap_height_m
from cellpick.scene.heap import drop_grid
from cellpick.scene.models import SceneModels
from cellpick.scene.odd import leaning, odd_rows
from cellpick.scene.spec_fixtures import JitterSpec

HEAP_MARGIN = 1.3
"""Height of a bin's walls over that of a level heap: heaps are not level; assumed."""


def check_arrangement(models: SceneModels) -> None:
    """Raises `InputError` for the first thing that cannot be."""
    _check_pocket_numbers(models)
    if models.spec.tray.arrangement == "heap":
        _check_heap(models)
    else:
        _check_layers(models)
    _check_odd(models)


def _check_pocket_numbers(models: SceneModels) -> None:
    tray = models.spec.tray
    last = tray.rows * tray.columns - 1
    named = [(f"tray.empty.{i}", pocket) for i, pocket in enumerate(tray.empty)]
    named += [(f"tray.odd.{i}.pocket", odd.pocket) for i, odd in enumerate(tray.odd)]
    for key, pocket in named:
        if pocket > last:
            raise _error(models, key, "the tray has no such pocket", pocket, f"0 to {last}")
    for key, numbers in (("empty", tray.empty), ("odd", [odd.pocket for odd in tray.odd])):
        for i, pocket in enumerate(numbers):
            if pocket in numbers[:i]:
                rule = "this pocket is named already"
                raise _error(models, f"tray.{key}.{i}", rule, pocket, "each pocket once")
    if not len(filled_pockets(tray)[0]):
        rule, accepted = "no cell is left in the tray", "at least one pocket with a cell"
        raise _error(models, "tray.empty", rule, list(tray.empty), accepted)


def _check_layers(models: SceneModels) -> None:
    tray, cell = models.spec.tray, models.cell
    if tray.layers == 1:
        return
    key, got = "tray.layers", tray.layers
    if tray.arrangement != "lying":
        raise _error(models, key, "only lying cells stack", got, "1, or arrangement: lying")
    if cell.shape == "cylinder":
        rule, accepted = "lying cylinders roll off each other", "1, or arrangement: heap"
        raise _error(models, key, rule, got, accepted)


def _check_odd(models: SceneModels) -> None:
    tray = models.spec.tray
    if tray.odd and tray.arrangement != "upright":
        rule = "odd cells stand in a tray of upright ones"
        raise _error(models, "tray.odd", rule, tray.arrangement, "tray.arrangement: upright")
    filled = filled_pockets(tray)[0]
    for i, odd in enumerate(tray.odd):
        if odd.pocket not in filled:
            key, rule = f"tray.odd.{i}.pocket", "there is no cell in this pocket"
            raise _error(models, key, rule, odd.pocket, "a filled pocket")
    for row, kind in odd_rows(models):
        if kind != "tilted":
            continue
        if tray.divider_height_mm > 0:
            key, rule = "tray.divider_height_mm", "dividers keep a cell from leaning"
            raise _error(models, key, rule, tray.divider_height_mm, "0, or no tilted cell")
        if not leaning(models, row)[0]:
            key, rule = "tray.odd", "a tilted cell has nothing to lean on"
            accepted = "an empty pocket beside it, and behind that a cell that it can reach"
            raise _error(models, key, rule, f"pocket {filled[row]}", accepted)


def _check_heap(models: SceneModels) -> None:
    tray, cell = models.spec.tray, models.cell
    if tray.inner_size_mm is None:
        rule, accepted = "a heap needs a bin", "the bin's inner length and width in mm"
        raise _error(models, "tray.inner_size_mm", rule, None, accepted)
    unused = {
        "layers": tray.layers != 1,
        "empty": bool(tray.empty),
        "odd": bool(tray.odd),
        "turned_share": tray.turned_share != 0,
        "jitter": tray.jitter != JitterSpec(),
    }
    for name in (name for name, given in unused.items() if given):
        rule, accepted = "a heap has no pockets, and lies as it fell", "nothing: leave it out"
        raise _error(models, f"tray.{name}", rule, getattr(tray, name), accepted)
    if (drop_grid(models) < 1).any():
        least = float(np.linalg.norm(cell.size_m)) * 1e3 + 2
        rule, accepted = "the bin is too narrow to drop cells into", f"at least {least:.0f} mm"
        raise _error(models, "tray.inner_size_mm", rule, list(tray.inner_size_mm), accepted)
    least = HEAP_MARGIN * heap_height_m(tray, cell) * 1e3 + float(cell.size_m.min()) * 1e3
    if tray.wall_height_mm < least:
        rule, accepted = "the heap would spill over the walls", f"at least {least:.0f} mm"
        raise _error(models, "tray.wall_height_mm", rule, tray.wall_height_mm, accepted)


def _error(models: SceneModels, key: str, rule: str, got: Any, accepted: str) -> InputError:
    return InputError(rule, source=models.spec.source, key=key, got=got, accepted=accepted)
