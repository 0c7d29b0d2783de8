"""Estimates of a lying cell's frame are the same poses and errors in the cell's own."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.geometry import exp_rotation, perturb, pose
from cellpick.perception.laid import laid
from cellpick.scene import data_folder, load_cell
from cellpick.structures import CellEstimates

CELL = load_cell(data_folder("models") / "cells" / "prismatic_148x26x91.yaml")


def table(Ts, covariance):
    n = len(Ts)
    none = ("",) * n
    return CellEstimates(
        CELL.name, Ts, covariance, ("+x",) * n, np.ones(n), none, ("ok",) * n, none, np.ones(n)
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_points_and_small_motions_stay_where_they_are(seed):
    rng = np.random.default_rng(seed)
    lying = laid(CELL, "lying")
    T = pose(exp_rotation(rng.normal(size=3)), rng.normal(size=3))
    motion = rng.normal(size=6) * 1e-4
    told = lying.of_cells(table(T[None], np.outer(motion, motion)[None]))
    np.testing.assert_allclose(told.Ts_base_cell[0] @ lying.T_cell_laid, T, atol=1e-12)
    value, vector = np.linalg.eigh(told.covariance[0])
    own = vector[:, -1] * np.sqrt(value[-1])
    own *= np.sign(own @ own) * np.sign(
        (perturb(T, motion) - T)[:3, 3]
        @ (perturb(told.Ts_base_cell[0], own) - told.Ts_base_cell[0])[:3, 3]
    )
    moved = perturb(told.Ts_base_cell[0], own) @ lying.T_cell_laid
    np.testing.assert_allclose(moved, perturb(T, motion), atol=1e-9)


def test_an_upright_cell_is_told_as_it_is():
    estimates = table(np.eye(4)[None], np.eye(6)[None])
    assert laid(CELL, "upright").of_cells(estimates) is estimates
