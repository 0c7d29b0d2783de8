"""Figures of many episodes: pooled, with intervals that hold, and nothing forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from suite_stage import look, run

from cellpick.campaign import Episode, figures_of
from cellpick.campaign.episode import blank_record
from cellpick.campaign.figure_kinds import FIGURES
from cellpick.campaign.intervals import percentile_bounds, ratio_bounds
from cellpick.campaign.sample import Sample

LOOKS = [name for name, kind in FIGURES.items() if kind.of_looks]


def episode(seed: int, case: str = "a") -> Episode:
    return Episode("prismatic_tray", seed, (), case)


def test_cells_of_all_episodes_count_alike():
    figures = figures_of([run(episode(0), cells=1, placed=0), run(episode(1), cells=9, placed=9)])
    assert figures["success_rate"].value == 0.9
    assert figures["success_rate"].count == 10
    assert figures["drops"].value == 1
    assert figures["drop_rate"].value == 0.1
    assert figures["picks_per_hour"].value == pytest.approx(9 * 3600 / 50)


def test_a_percentile_is_that_of_all_values_together():
    rng = np.random.default_rng(1)
    records, values = [], []
    for seed in range(30):
        record = run(episode(seed))
        for attempt in record["attempts"]:
            attempt["place_error_mm"] = float(rng.gamma(2.0))
            values.append(attempt["place_error_mm"])
        records.append(record)
    figure = figures_of(records)["place_error_mm_p95"]
    assert figure.value == pytest.approx(np.percentile(values, 95))
    assert figure.low < figure.value < figure.high
    assert figure.count == 120


def test_an_episode_that_did_not_end_is_no_success():
    broken = blank_record(episode(1), "raised", "ValueError: x")
    figures = figures_of([run(episode(0), cells=12, placed=12), broken])
    assert figures["success_rate"].value == 0.5
    assert figures["found_rate"].value == 0.5
    assert figures["errors"].value == 1
    assert figures["polarity_error_rate"].value == 0
    assert figures["place_error_mm_p95"].count == 12


def test_where_no_episode_ended_nothing_succeeded():
    figures = figures_of([blank_record(episode(0), "died"), blank_record(episode(1), "timeout")])
    assert figures["success_rate"].value == 0
    assert figures["errors"].value == 2
    assert figures["place_error_mm_p95"].value is None
    assert figures["drops"].value is None


def test_looks_alone_have_the_figures_of_looks():
    figures = figures_of([look(episode(0), cells=10, found=8, false=2, wrong=3)])
    assert list(figures) == LOOKS
    assert figures["found_rate"].value == 0.8
    assert figures["false_cells"].value == 2
    assert figures["wrong_polarities"].value == 3


def test_looks_beside_runs_add_no_cells_to_place():
    figures = figures_of([look(episode(0, "b")), run(episode(1), cells=4, placed=4)])
    assert figures["success_rate"].count == 4
    assert figures["drops"].count == 1
    assert figures["found_rate"].count == 14


def test_a_look_that_did_not_end_is_no_cell_that_was_not_placed():
    broken = blank_record(replace(episode(1, "b"), kind="look"), "died")
    records = [look(episode(0, "b")), broken, run(episode(2))]
    figures = figures_of(records)
    assert figures["success_rate"].value == 1
    assert figures["found_rate"].value == pytest.approx(14 / 24)
    alone = figures_of(records[:2])
    assert list(alone) == LOOKS
    assert alone["errors"].value == 1


def test_no_records_give_figures_without_values():
    figures = figures_of([])
    assert figures.keys() == FIGURES.keys()
    assert all(figure.value is None for figure in figures.values())


def test_an_interval_widens_where_cells_fail_together():
    apart = [run(episode(k), cells=10, placed=9) for k in range(20)]
    together = [run(episode(k), cells=10, placed=10 * (k < 18)) for k in range(20)]
    first, second = (figures_of(records)["success_rate"] for records in (apart, together))
    assert first.value == second.value == 0.9
    assert second.high - second.low > 1.5 * (first.high - first.low)


def test_every_figure_has_a_field_to_come_from():
    fields = Sample.__dataclass_fields__
    for name, kind in FIGURES.items():
        assert name == "errors" or kind.hits in fields
        assert kind.trials in {"", *fields}


@pytest.mark.parametrize("sizes", [(1,) * 400, (4,) * 100, (1, 2, 3, 14) * 20])
def test_a_percentiles_interval_holds_as_often_as_it_says(sizes):
    rng = np.random.default_rng(0)
    true = -np.log(0.05)
    held = 0
    for _ in range(200):
        bounds = percentile_bounds([rng.exponential(size=n) for n in sizes], 0.95, 0.9)
        held += bounds.low <= true <= (np.inf if bounds.high is None else bounds.high)
    # binomial: below 0.9 by more than three standard deviations in one of a thousand
    assert held / 200 > 0.835


def test_it_holds_where_the_values_of_an_episode_go_together():
    rng = np.random.default_rng(0)
    true, held = 1.6448536 * np.sqrt(1.5), 0
    for _ in range(200):
        values = [rng.normal(scale=np.sqrt(0.5)) + rng.normal(size=6) for _ in range(60)]
        bounds = percentile_bounds(values, 0.95, 0.9)
        held += bounds.low <= true <= (np.inf if bounds.high is None else bounds.high)
    assert held / 200 > 0.835


def test_few_values_set_no_upper_end_of_a_high_percentile():
    one_each = [np.array([float(k)]) for k in range(80)]
    # 0.95 ** 71 > 0.025: the largest of so few may lie below it
    assert percentile_bounds(one_each[:71], 0.95, 0.95).high is None
    assert percentile_bounds(one_each, 0.95, 0.95).high == 79.0


def test_a_ratios_interval_is_students_of_a_mean_where_all_amounts_are_alike():
    hits = np.array([3.0, 5.0, 4.0, 6.0])
    bounds = ratio_bounds(hits, np.ones(4), 0.95)
    half = 3.182446 * hits.std(ddof=1) / 2
    assert (bounds.low, bounds.high) == pytest.approx((4.5 - half, 4.5 + half))
    assert ratio_bounds(hits[:1], np.ones(1), 0.95).low is None
    assert ratio_bounds(np.zeros(0), np.zeros(0), 0.95).value is None
