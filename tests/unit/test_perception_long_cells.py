"""The coarse search of cells that are longer than their kernels could be kept for."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.perception.coarse import search
from cellpick.perception.drawing import drawing_of, pitches
from cellpick.perception.grid import Grid
from cellpick.perception.tops import Tops
from cellpick.scene import data_folder, load_cell, load_materials

TILES = (76, 479)
"""Of a tray of eight blade cells."""


@pytest.fixture(scope="module")
def blade():
    models = data_folder("models")
    cell = load_cell(models / "cells" / "blade_965x90x13.yaml")
    return drawing_of(cell, load_materials(models / "materials.yaml"))


def region(drawing) -> Tops:
    step = drawing.pixel_m * drawing.tile_px
    rows, columns = TILES
    grid = Grid((-(columns - 1) / 2 * step, -(rows - 1) / 2 * step), step, TILES)
    full = np.ones(TILES, np.float32)
    return Tops(grid, full * np.float32(drawing.cell.height_m), full, True)


def test_tiles_are_a_fraction_of_the_shorter_side_however_long_the_cell(blade):
    pixel_m, tile_px = pitches(blade.cell)
    assert pixel_m * tile_px < 0.2 * blade.cell.size_m[1]


def test_kernels_are_drawn_only_where_the_cell_lies_within_the_region(blade):
    tops = region(blade)
    extents = tops.grid.step_m * np.array(TILES[::-1])
    kernels = blade.templates[0].kernels_in(extents)
    a, b = blade.cell.size_m[:2]
    c, s = np.abs(np.cos(kernels.yaw)), np.abs(np.sin(kernels.yaw))
    assert (a * c + b * s <= extents[0] + tops.grid.step_m).all()
    assert (a * s + b * c <= extents[1] + tops.grid.step_m).all()
    assert 0.0 in kernels.yaw
    norm = np.linalg.norm(kernels.planes[:, :2].reshape(len(kernels.yaw), -1), axis=1)
    np.testing.assert_allclose(norm, 1, rtol=1e-4)
    assert len(blade.templates[0].kernels_in(np.array([0.5, 0.2])).yaw) == 0


def test_a_cell_is_found_where_it_is_drawn_beside_the_border(blade):
    tops = region(blade)
    kernels = blade.templates[0].kernels_in(tops.grid.step_m * np.array(TILES[::-1]))
    real, imaginary, _ = kernels.planes[0]
    h, w = real.shape
    x, y = tops.grid.centres()
    row, column = 5, 246
    field = np.zeros((TILES[0] + h, TILES[1] + w), np.complex64)
    field[row : row + h, column : column + w] = real + 1j * imaginary
    field = field[h // 2 : h // 2 + TILES[0], w // 2 : w // 2 + TILES[1]]
    found = search(np.ascontiguousarray(field), tops, blade.templates, blade.cell)
    np.testing.assert_allclose(found.xy_m[0], [x[row, column], y[row, column]])
    assert found.yaw[0] % np.pi == 0
    assert found.score[0] > 0.7


def test_nothing_is_found_in_a_region_that_no_cell_fits(blade):
    tops = region(blade)
    grid = Grid(tops.grid.origin_m, tops.grid.step_m, (40, 100))
    part = np.ones(grid.shape, np.float32)
    small = Tops(grid, part, part, True)
    assert len(search(np.ones(grid.shape, np.complex64), small, blade.templates, blade.cell)) == 0
