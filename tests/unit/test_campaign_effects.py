"""Effects of swept keys: what is planted is found, on the figure where it is, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from campaign_stage import look_record, run_record
from scipy.stats import sobol_indices

from cellpick.campaign import Episode
from cellpick.campaign.designs import DESIGNS, Axis
from cellpick.campaign.effect_importance import exchange_drawn, exchange_fixed, explained
from cellpick.campaign.effect_levels import Levels, levels_of, main_effect
from cellpick.campaign.effect_sobol import sobol_table
from cellpick.campaign.effects import effects_of, shown_figures
from cellpick.campaign.episode import blank_record
from cellpick.campaign.run_figures import RUN_FIGURES, figures_of_kind
from cellpick.campaign.run_table import Measured, RunTable
from cellpick.campaign.sample import sample_of

FIGURE = RUN_FIGURES["cycle_time_s_mean"]
AXES = [Axis.of_range(0, 1, 4, "linear"), Axis.of_range(0, 1, 4, "linear")]


def episode(x, y, seed):
    return Episode("s", seed, (f"x={x}", f"y={y}"), "", {"x": x, "y": y})


def records_of(design, rate, seeds=2, points=64, figure=None):
    """Runs of which a share `rate(x, y)` of 12 cells is placed, by lot; errors as `figure` says."""
    rng = np.random.default_rng(5)
    records = []
    for x, y in DESIGNS[design](AXES, points, 0):
        for seed in range(seeds):
            record = run_record(episode(x, y, seed), int(rng.binomial(12, rate(x, y))))
            for attempt in record["attempts"]:
                error = 0.2 if figure is None else figure(x, y)
                attempt["place_error_mm"] = error
            records.append(record)
    return records


def effects(records, design="grid", figures=(), mixtures=()):
    keys = sorted({key for record in records for key in record["inputs"]})
    runs = RunTable(keys, shown_figures(figures))
    for record in records:
        runs.add(record, sample_of(record))
    return effects_of(runs, figures, design, mixtures, np.random.default_rng(0))


def of(found, name="success_rate"):
    return next(figure for figure in found["figures"] if figure["figure"] == name)


def mixtures(points):
    return [{"x": x, "y": y} for x, y in DESIGNS["saltelli"](AXES, points, 0)]


def test_each_figure_has_its_own_key():
    records = records_of("sobol", lambda x, y: 0.95 - 0.6 * x, figure=lambda x, y: 0.1 + 0.4 * y**2)
    found = effects(records, "sobol")
    for name, key, other in (("success_rate", "x", "y"), ("place_error_mm_p95", "y", "x")):
        first, second = of(found, name)["importance"]
        assert (first["key"], second["key"]) == (key, other)
        assert first["share"] > 0.6
        assert first["p_adjusted"] < 0.05 < second["p_adjusted"]
        assert second["share"] < 0.15


def test_main_effects_fall_as_planted_and_their_intervals_hold_the_truth():
    found = effects(records_of("grid", lambda x, y: 0.9 - 0.6 * x, seeds=10))
    rows = of(found)["main"]["x"]
    assert (found["unit"], found["units"]) == ("seeds", 10)
    assert [row["label"] for row in rows] == ["0", "0.333333", "0.666667", "1"]
    assert [row["runs"] for row in rows] == [40] * 4
    for row, truth in zip(rows, (0.9, 0.7, 0.5, 0.3), strict=True):
        assert row["low"] < truth < row["high"]


def test_intervals_of_means_hold_the_truth_as_often_as_they_say():
    """Values of independent units, each of which shifts all of its runs."""
    rng, held = np.random.default_rng(1), 0
    unit, level = (a.ravel() for a in np.meshgrid(np.arange(6), [0, 1, 0]))
    for _ in range(600):
        y = 50 + rng.normal(0, 1, 6)[unit] + rng.normal(0, 0.3, len(unit))
        measured = Measured(y, np.ones(len(y)))
        row, _ = main_effect(FIGURE, Levels(level, ["0", "1"]), measured, unit)
        held += row["low"] < 50 < row["high"]
    assert 0.93 * 600 < held < 0.97 * 600


def test_where_nothing_differs_an_interval_says_what_may_be_unseen():
    records = records_of("grid", lambda x, y: float(x < 0.9), seeds=4)
    row = of(effects(records))["main"]["x"][0]
    assert row["value"] == row["high"] == 1
    assert 0.9 < row["low"] < 1
    drops = of(effects(records), "drops")["main"]["x"][0]
    assert (drops["value"], drops["low"]) == (0, 0)
    assert drops["high"] == pytest.approx(3.689 / 16, rel=1e-3)


def test_one_seed_of_a_grid_has_no_intervals():
    found = effects(records_of("grid", lambda x, y: 0.5, seeds=1))
    assert found["units"] == 1
    assert all(row["low"] is row["high"] is None for row in of(found)["main"]["x"])


def test_many_values_are_shown_in_parts_that_hold_all_runs():
    found = effects(records_of("sobol", lambda x, y: 0.5), "sobol")
    assert len(of(found)["main"]["x"]) == 8
    assert sum(row["runs"] for row in of(found)["main"]["x"]) == 128
    assert len(of(found)["pairs"][0]["x_labels"]) == 4


def test_pairs_hold_every_run_at_its_place():
    records = records_of("grid", lambda x, y: 1.0 if x < 0.5 and y < 0.5 else 0.0, seeds=1)
    (pair,) = of(effects(records))["pairs"]
    assert np.sum(pair["runs"]) == 16
    assert np.array(pair["value"]).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]


def test_runs_without_a_figure_are_left_out_counted_and_placed():
    records = records_of("grid", lambda x, y: float(x > 0.1), seeds=3, figure=lambda x, y: 0.1 + y)
    for record in records:
        record["attempts"] = [a for a in record["attempts"] if a["status"] == "placed"]
    records[20] = blank_record(episode(1 / 3, 1.0, 2), "raised", "why")
    found = effects(records, figures=["success_rate", "place_error_mm_mean", "errors"])
    told = of(found, "place_error_mm_mean")
    assert (told["runs"], told["left_out"]) == (35, 13)
    assert told["why_left_out"] == "1 without a result, 12 let no cell go in a slot"
    assert told["main"]["x"][0]["left_out"] == 12
    assert told["main"]["x"][0]["value"] is None
    assert of(found)["left_out"] == 0
    assert of(found, "errors")["mean"] == pytest.approx(1 / 48, rel=1e-4)


def test_a_figure_that_does_not_vary_has_no_effects():
    found = effects(records_of("grid", lambda x, y: 1.0))
    told = of(found, "place_error_mm_p95")
    assert (told["least"], told["most"], told["mean"]) == (0.2, 0.2, 0.2)
    assert told["main"] == {}
    assert told["importance"] == told["pairs"] == told["sobol"] == []
    assert found["tests"] == 0


ISHIGAMI = {"first": (0.3139, 0.4424, 0.0), "total": (0.5576, 0.4424, 0.2437)}
"""Of sin x + 7 sin^2 y + 0.1 z^4 sin x over -pi to pi (Ishigami and Homma 1990)."""


def ishigami(x):
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_sobol_indices_of_an_error_are_those_of_ishigamis_function():
    """Through records and figures, on another figure than success."""
    axes = [Axis.of_range(-np.pi, np.pi, 4, "linear")] * 3
    table = DESIGNS["saltelli"](axes, 1024, 0)
    records = []
    for row in table:
        inputs = dict(zip("abc", row, strict=True))
        record = run_record(Episode("s", 0, (), "", inputs), 12)
        record["attempts"] = [
            {**record["attempts"][0], "place_error_mm": 20 + float(ishigami(np.array(row)))}
        ]
        records.append(record)
    points = [dict(zip("abc", row, strict=True)) for row in table]
    found = effects(records, "saltelli", ["place_error_mm_mean"], points)
    assert (found["unit"], found["units"]) == ("base points", 1024)
    rows = {row["key"]: row for row in found["figures"][0]["sobol"]}
    for order, truths in ISHIGAMI.items():
        for key, truth in zip("abc", truths, strict=True):
            assert rows[key][order] == pytest.approx(truth, abs=0.06)
            assert rows[key][f"{order}_low"] < truth < rows[key][f"{order}_high"]
            assert rows[key][f"{order}_known"]


def saltelli_values(function, keys, n, rng):
    """(keys + 2, n) of plain random points over -pi to pi."""
    a, b = rng.uniform(-np.pi, np.pi, (2, keys, n))
    mixed = [np.where(np.arange(keys)[:, None] == k, b, a) for k in range(keys)]
    return np.stack([function(points) for points in (a, b, *mixed)])


def test_sobol_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, held = np.random.default_rng(2), np.zeros((2, 3))
    for _ in range(100):
        table, _ = sobol_table("abc", saltelli_values(ishigami, 3, 256, rng), rng)
        for i, (order, truths) in enumerate(ISHIGAMI.items()):
            for k, truth in enumerate(truths):
                low, high = table[k][f"{order}_low"], table[k][f"{order}_high"]
                held[i, k] += low <= truth <= high
    assert held.min() >= 87


def test_sobol_indices_agree_with_another_implementation():
    rng = np.random.default_rng(3)
    y = saltelli_values(ishigami, 3, 512, rng)
    table, _ = sobol_table("abc", y, rng)
    other = sobol_indices(func={"f_A": y[:1], "f_B": y[1:2], "f_AB": y[2:, None]}, n=512)
    for k, row in enumerate(table):
        assert row["first"] == pytest.approx(float(np.ravel(other.first_order)[k]), abs=0.02)
        assert row["total"] == pytest.approx(float(np.ravel(other.total_order)[k]), abs=0.02)


def test_sobol_indices_of_few_points_are_not_known():
    rng = np.random.default_rng(4)
    table, _ = sobol_table("abc", saltelli_values(ishigami, 3, 8, rng), rng)
    assert not any(row["first_known"] for row in table)


def test_sobol_indices_say_why_there_are_none():
    records = records_of("saltelli", lambda x, y: 0.5 + x / 2, seeds=1, points=8)
    for k, record in enumerate(records):
        record["attempts"][0] |= {"status": "placed", "cycle_time_s": 5.0 + k}
    assert of(effects(records, "saltelli", (), mixtures(8)))["sobol"]
    told = of(effects(records[:-1], "saltelli", (), mixtures(8)))
    assert told["sobol"] == []
    assert "1 of the design's 32 combinations have not been run" in told["no_sobol"]
    forth, back = (
        of(effects(some, "saltelli", (), mixtures(8)))["sobol"] for some in (records, records[::-1])
    )
    assert [row["first"] for row in forth] == [row["first"] for row in back]
    for record in records[:2]:
        record["attempts"] = []
    told = of(effects(records, "saltelli", ["cycle_time_s_p95"], mixtures(8)), "cycle_time_s_p95")
    assert "2 of 8 base points have a run without" in told["no_sobol"]


@pytest.mark.parametrize("laid_out", [True, False])
@pytest.mark.parametrize("many", [True, False])
def test_chance_alone_gives_p_below_5_percent_in_5_of_100(laid_out, many):
    """Also beside a key that matters much; by lot for few units, by formula for many."""
    rng, low, trials = np.random.default_rng(6), 0, 300 if not many else 100
    seeds = 600 if many else 8
    level = np.tile([0, 1, 2], 2 * seeds)
    other = np.repeat([0, 1], 3 * seeds)
    seed = np.tile(np.repeat(np.arange(seeds), 3), 2)
    for _ in range(trials):
        y = rng.exponential(1.0, len(level)) + (3.0 * other if laid_out else 0)
        exchange = (
            exchange_fixed(other, seed)
            if laid_out
            else exchange_drawn(["a"] * len(y), np.arange(len(y)))
        )
        low += explained(level, y, exchange, rng)["p"] < 0.05
    assert 0.01 * trials < low < 0.095 * trials


def test_a_laid_out_design_sees_a_small_effect_beside_a_large_one():
    rng = np.random.default_rng(7)
    level, other, seed = (a.ravel() for a in np.meshgrid(range(3), range(4), range(4)))
    y = 10.0 * other + 0.5 * level + rng.normal(0, 0.3, len(level))
    assert explained(level, y, exchange_fixed(other, seed), rng)["p"] < 0.001
    drawn = exchange_drawn(["a"] * len(y), np.arange(len(y)))
    assert explained(level, y, drawn, rng)["p"] > 0.1


def test_p_is_adjusted_for_all_tests_of_all_figures():
    found = effects(records_of("grid", lambda x, y: 0.9 - 0.6 * x, seeds=4))
    tests = [row for figure in found["figures"] for row in figure["importance"]]
    assert found["tests"] == len(tests) > 4
    least = min(tests, key=lambda row: row["p"])
    assert least["p_adjusted"] == pytest.approx(min(1, least["p"] * len(tests)), rel=1e-4)
    assert all(row["p"] <= row["p_adjusted"] <= 1 for row in tests)


def test_an_error_places_nothing_and_a_look_counts_what_it_found():
    def value(name, record):
        return RUN_FIGURES[name].value(record, sample_of(record))[0]

    where = Episode("s", 0)
    assert value("success_rate", blank_record(where, "raised", "why")) == 0
    assert value("found_rate", look_record(where, 45)) == 0.75
    assert np.isnan(value("found_rate", look_record(where, 0, 0)))
    assert np.isnan(value("success_rate", look_record(where, 45)))
    short = run_record(where, 6)
    short["summary"]["slots_total"] = 6
    assert value("success_rate", short) == 1.0
    assert value("picks_per_hour", short) == 360
    assert value("drops", short) == 6


@pytest.mark.parametrize("count", [1, 2, 3, 12, 20, 21, 40])
def test_a_runs_percentile_and_mean_are_those_of_its_cells(count):
    errors = np.random.default_rng(count).gamma(2.0, 0.1, count).tolist()
    record = run_record(Episode("s", 0), count, count)
    for attempt, error in zip(record["attempts"], errors, strict=True):
        attempt["place_error_mm"] = error
    sample = sample_of(record)
    for name, truth in (("p95", np.percentile(errors, 95)), ("mean", np.mean(errors))):
        value, cells = RUN_FIGURES[f"place_error_mm_{name}"].value(record, sample)
        assert (value, cells) == (pytest.approx(truth), count)


def test_looks_have_the_figures_of_looks():
    records = [look_record(episode(k, 0, 0), 60 - k) for k in range(8)]
    records.append(blank_record(episode(9, 0, 0), "died", "why"))
    found = effects(records, "random")
    names = [figure["figure"] for figure in found["figures"]]
    assert set(names) <= set(figures_of_kind(looks_only=True))
    assert "success_rate" not in names
    assert of(found, "found_rate")["runs"] == 9


@pytest.mark.parametrize("records", [[], [run_record(Episode("s", 0, (), "", {"x": 1}), 12)]])
def test_nothing_to_compare_gives_tables_without_effects(records):
    found = effects(records)
    assert all(figure["importance"] == figure["pairs"] == [] for figure in found["figures"])
    assert found["runs"] == len(records)


def test_words_and_lists_are_levels_of_their_own():
    labels = levels_of([[], [{"kind": "dead"}], "auto", []]).labels
    assert labels == ["[]", '[{"kind": "dead"}]', "auto"]
