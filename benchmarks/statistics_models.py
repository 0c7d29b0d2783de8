"""Random campaigns with a known truth, for measuring what the statistics make of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from cellpick.geometry import Floats

PLACE_MEDIAN_MM = 0.2
PLACE_EPISODE_SD = 0.27
PLACE_CELL_SD = 0.34
"""Of the logarithm of the place error: between episodes, and within one. Runs of the shipped trays
show a correlation of 0.4 between the cells of one episode."""


@dataclass(frozen=True)
class Truth:
    """What a campaign is drawn from."""

    rate: float = 0.98
    """Success rate of a cell."""
    correlation: float = 0.1
    """Between the successes of two cells of one episode (beta-binomial)."""
    cells: int = 12
    """In an episode."""
    place_factor: float = 1.0
    """On the place error."""


@dataclass(frozen=True)
class Episodes:
    """What the seeds decide, shared by two campaigns of the same seeds; each (episodes,)."""

    luck: Floats
    """Where the episode stands among all, from 0 to 1."""
    place: Floats
    """Its own part of the logarithm of the place error."""


def draw_episodes(count: int, rng: np.random.Generator) -> Episodes:
    return Episodes(rng.random(count), rng.normal(0, PLACE_EPISODE_SD, count))


def cell_rates(luck: Floats, truth: Truth) -> Floats:
    """Success rate of the cells of each episode."""
    if truth.correlation == 0:
        return np.full(luck.shape, truth.rate)
    scale = 1 / truth.correlation - 1
    return np.asarray(betaincinv(truth.rate * scale, (1 - truth.rate) * scale, luck))


def draw_counts(campaigns: int, episodes: int, truth: Truth, rng: np.random.Generator) -> Floats:
    """(campaigns, episodes) cells that succeed in each."""
    luck = rng.random((campaigns, episodes))
    return rng.binomial(truth.cells, cell_rates(luck, truth)).astype(np.float64)


def draw_successes(
    episodes: Episodes, truth: Truth, rng: np.random.Generator, name: str = ""
) -> dict[str, Floats]:
    """Episode -> 1 or 0 a cell. Other `name`s are other seeds."""
    rates = cell_rates(episodes.luck, truth)
    drawn = rng.random((len(rates), truth.cells)) < rates[:, None]
    return {f"{name}{i}": row.astype(np.float64) for i, row in enumerate(drawn)}


def draw_place_errors(
    episodes: Episodes, truth: Truth, rng: np.random.Generator, name: str = ""
) -> dict[str, Floats]:
    """Episode -> place error of each cell, in mm."""
    noise = rng.normal(0, PLACE_CELL_SD, (len(episodes.place), truth.cells))
    errors = PLACE_MEDIAN_MM * truth.place_factor * np.exp(episodes.place[:, None] + noise)
    return {f"{name}{i}": row for i, row in enumerate(errors)}
