"""Effects of swept keys: what is planted is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from campaign_stage import look_record, run_record

from cellpick.campaign import Episode
from cellpick.campaign.designs import DESIGNS, Axis
from cellpick.campaign.effects import effects_of, share_done
from cellpick.campaign.episode import blank_record

AXES = [Axis.of_range(0, 1, 4, "linear"), Axis.of_range(0, 1, 4, "linear")]


def records_of(design, rate, seeds=2, points=64):
    """Runs of which a share `rate(x, y)` of 12 cells is placed, by lot."""
    rng = np.random.default_rng(5)
    table = DESIGNS[design](AXES, points, 0)
    return [
        run_record(
            Episode("s", seed, (f"x={x}", f"y={y}"), "", {"x": x, "y": y}),
            int(rng.binomial(12, rate(x, y))),
        )
        for x, y in table
        for seed in range(seeds)
    ]


def effects(records, mixtures=()):
    return effects_of(records, mixtures, np.random.default_rng(0))


def mixtures(points):
    return [{"x": x, "y": y} for x, y in DESIGNS["saltelli"](AXES, points, 0)]


def test_the_key_that_matters_comes_first_and_the_other_is_chance():
    found = effects(records_of("sobol", lambda x, y: 0.95 - 0.6 * x))
    first, second = found["importance"]
    assert first["key"] == "x"
    assert first["share"] > 0.6
    assert first["p"] < 0.01 < second["p"]
    assert second["share"] < 0.1


def test_main_effects_fall_as_planted_and_their_intervals_hold_the_truth():
    found = effects(records_of("grid", lambda x, y: 0.9 - 0.6 * x, seeds=10))
    rows = found["main"]["x"]
    assert [row["label"] for row in rows] == ["0", "0.333333", "0.666667", "1"]
    assert [row["episodes"] for row in rows] == [40] * 4
    for row, truth in zip(rows, (0.9, 0.7, 0.5, 0.3), strict=True):
        assert row["low"] - 0.03 < truth < row["high"] + 0.03


def test_many_values_are_shown_in_parts_that_hold_all_episodes():
    found = effects(records_of("sobol", lambda x, y: 0.5))
    assert len(found["main"]["x"]) == 8
    assert sum(row["episodes"] for row in found["main"]["x"]) == 128


def test_pairs_hold_every_episode_at_its_place():
    records = records_of("grid", lambda x, y: 1.0 if x < 0.5 and y < 0.5 else 0.0, seeds=1)
    (pair,) = effects(records)["pairs"]
    assert np.sum(pair["episodes"]) == 16
    assert np.array(pair["value"]).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]


def test_sobol_indices_of_a_product_are_those_of_the_books():
    """x * y of uniform x, y: first order 3 / 7 each, total 4 / 7."""
    records = records_of("saltelli", lambda x, y: 0.0, seeds=1, points=512)
    for record in records:
        record["summary"]["placed_ok"] = 1200 * record["inputs"]["x"] * record["inputs"]["y"]
        record["summary"]["cells_total"] = record["summary"]["slots_total"] = 1200
    for row in effects(records, mixtures(512))["sobol"]:
        assert row["first"] == pytest.approx(3 / 7, abs=0.05)
        assert row["total"] == pytest.approx(4 / 7, abs=0.05)
        assert row["first_low"] < 3 / 7 < row["first_high"]


def test_sobol_indices_are_left_out_where_an_episode_is_missing():
    records = records_of("saltelli", lambda x, y: x, seeds=1, points=8)
    assert effects(records, mixtures(8))["sobol"]
    forth, back = (effects(some, mixtures(8))["sobol"] for some in (records, records[::-1]))
    assert [row["first"] for row in forth] == [row["first"] for row in back]
    assert effects(records[:-1], mixtures(8))["sobol"] == []


def test_an_error_places_nothing_and_a_look_counts_what_it_found():
    episode = Episode("s", 0)
    assert share_done(blank_record(episode, "raised", "why")) == 0
    assert share_done(look_record(episode, 45)) == 0.75
    assert np.isnan(share_done(look_record(episode, 0, 0)))
    short = run_record(episode, 6)
    short["summary"]["slots_total"] = 6
    assert share_done(short) == 1.0


@pytest.mark.parametrize("records", [[], [run_record(Episode("s", 0, (), "", {"x": 1}), 12)]])
def test_nothing_to_compare_gives_tables_without_effects(records):
    found = effects(records)
    assert all(row["share"] == 0 for row in found["importance"])
    assert found["sobol"] == found["pairs"] == []


def test_words_and_lists_are_levels_of_their_own():
    records = [
        run_record(Episode("s", k, (), "", {"faults": value}), 12)
        for k, value in enumerate([[], [{"kind": "dead"}], "auto", []])
    ]
    labels = [row["label"] for row in effects(records)["main"]["faults"]]
    assert labels == ["[]", '[{"kind": "dead"}]', "auto"]
