"""The summary: every field by hand, nulls for nothing, the same bytes twice; the truth document."""

from __future__ import annotations

import json

import numpy as np
import pytest
from grasping_stage import changed, estimates, round_cell
from scipy.stats import binomtest
from test_evaluate_matching import TRAY, state

from cellpick.errors import InputError
from cellpick.evaluate import match_estimates, summarise, truth_document, wilson_interval
from cellpick.evaluate.statistics import figure, mean_and_quantiles, quantiles
from cellpick.geometry import perturb
from cellpick.structures import Contact, PickOutcome


def outcome(status="placed", serial="A000", cause="", error=1e-4, polarity_ok=True, **more):
    angle = np.nan if np.isnan(error) else 0.01
    fields = {"contacts": (), "shorts": ()} | more
    return PickOutcome(
        status, cause, serial, 0, error, angle, 0.0, polarity_ok, peak_load_n=1.0, **fields
    )


def summary(outcomes, looks=(), **more):
    arguments = {
        "scene": "s", "seed": 3, "version": "0.1.0", "cells_total": 4, "outcomes": outcomes,
        "looks": looks, "cycle_times_s": [6.0, 8.0, 10.0], "station_time_s": 36.0,
        "measured": {"wall_time_s": 9.0},
    }  # fmt: skip
    return summarise(**(arguments | more))


HIT = Contact(("gripper.cup.0", "cell.A001"), 4.0, 1.0)
RUN = [
    outcome(serial="A000", error=1e-4),
    outcome("not_picked", "", "seal_lost", np.nan),
    outcome("dropped", "A001", "shear_limit", np.nan, contacts=(HIT, HIT)),
    outcome("misplaced", "A002", "off_slot", 3e-3, polarity_ok=False, shorts=("gripper.bar",)),
    outcome(serial="A003", error=2e-4),
    outcome("not_attempted", "", "", np.nan, polarity_ok=False),
]


def test_every_field_by_hand():
    result = summary(RUN)
    assert list(result) == [
        "schema", "scene", "seed", "version", "cells_total", "attempts", "picked", "placed_ok",
        "success_rate", "success_ci95", "polarity_errors", "drops", "collisions",
        "safety_violations", "failures", "pose_error_mm", "pose_error_deg", "place_error_mm",
        "place_error_deg", "cycle_time_s", "picks_per_hour", "measured",
    ]  # fmt: skip
    assert (result["attempts"], result["picked"], result["placed_ok"]) == (6, 4, 2)
    assert result["success_rate"] == 0.5
    assert result["success_ci95"] == [0.150039, 0.849961]
    assert (result["polarity_errors"], result["drops"]) == (1, 1)
    assert (result["collisions"], result["safety_violations"]) == (2, 1)
    assert result["failures"] == {
        "not_attempted": 1, "off_slot": 1, "seal_lost": 1, "shear_limit": 1,
    }  # fmt: skip
    assert result["place_error_mm"] == {"p50": 0.2, "p95": 2.72, "max": 3.0}
    assert result["place_error_deg"]["max"] == round(float(np.degrees(0.01)), 6)
    assert result["cycle_time_s"] == {"mean": 8.0, "p50": 8.0, "p95": 9.8}
    assert result["picks_per_hour"] == 200.0
    assert result["measured"] == {"wall_time_s": 9.0}


def test_pose_errors_are_those_of_estimates_that_may_be_acted_on():
    table = estimates(perturb(TRAY, [0.3e-3, 0.4e-3, 0, 0, 0, 0.02]))
    wild = changed(table, 2, Ts_base_cell=perturb(TRAY[2], [5e-3, 0, 0, 0, 0, 0]))
    looks = [match_estimates(changed(wild, 2, status="uncertain", reason="x"), state(TRAY))] * 2
    result = summary([], looks)
    assert result["pose_error_mm"] == {"p50": 0.5, "p95": 0.5, "max": 0.5}
    assert result["pose_error_deg"]["p50"] == pytest.approx(np.degrees(0.02), abs=1e-6)
    assert summary([], [match_estimates(wild, state(TRAY))])["pose_error_mm"]["max"] == 5.0


def test_a_run_without_anything_has_nulls_and_is_plain_json():
    result = summary([], cells_total=0, cycle_times_s=[], station_time_s=0.0, measured={})
    text = json.dumps(result, allow_nan=False)
    assert result["success_rate"] is None
    assert result["success_ci95"] == [0.0, 1.0]
    assert result["place_error_mm"] == {"p50": None, "p95": None, "max": None}
    assert result["cycle_time_s"] == {"mean": None, "p50": None, "p95": None}
    assert result["picks_per_hour"] is None
    assert json.loads(text) == result


def test_the_same_run_twice_gives_the_same_text():
    assert json.dumps(summary(RUN)) == json.dumps(summary(list(RUN)))


def test_only_a_cell_in_the_module_can_have_the_wrong_polarity():
    lost = outcome("misplaced", cause="outside_module", error=np.nan, polarity_ok=False)
    wrong = outcome("misplaced", cause="wrong_polarity", error=1e-4, polarity_ok=False)
    assert summary([lost])["polarity_errors"] == 0
    assert summary([lost, wrong, outcome()])["polarity_errors"] == 1


def test_a_cell_that_fell_into_the_module_is_a_drop_alone():
    fell = outcome("dropped", "A001", "overload", 9e-3, polarity_ok=False)
    result = summary([outcome(), fell])
    assert (result["drops"], result["polarity_errors"]) == (1, 0)
    assert result["place_error_mm"]["max"] == 0.1


def test_a_cell_placed_twice_counts_once():
    assert summary([outcome(), outcome()])["placed_ok"] == 1


def test_more_placed_than_there_are_is_refused():
    with pytest.raises(InputError, match="more cells placed than there are; got 2"):
        summary(RUN, cells_total=1)


@pytest.mark.parametrize(("successes", "trials"), [(8, 10), (0, 10), (10, 10), (239, 240), (1, 1)])
def test_wilson_interval_agrees_with_scipy(successes, trials):
    peer = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, trials) == pytest.approx((peer.low, peer.high), abs=1e-12)


def test_wilson_interval_holds_the_rate_and_solves_its_equation():
    """At both ends p of the interval, the rate is 1.96 standard errors sqrt(p (1 - p) / n) away."""
    for n in (1, 7, 50):
        for k in range(n + 1):
            ends = np.array(wilson_interval(k, n))
            assert ends[0] <= k / n <= ends[1]
            z2 = 1.959963984540054**2
            assert np.allclose((k / n - ends) ** 2, z2 * ends * (1 - ends) / n, atol=1e-12)


def test_statistics_leave_out_what_is_not_a_number():
    assert quantiles([1.0, np.nan, 3.0]) == {"p50": 2.0, "p95": 2.9, "max": 3.0}
    assert mean_and_quantiles([np.inf, 2.0]) == {"mean": 2.0, "p50": 2.0, "p95": 2.0}
    assert figure(np.nan) is figure(-np.inf) is None
    assert figure(1 / 3) == 0.333333


def test_truth_is_in_the_base_frame_with_polarity_and_serial():
    document = truth_document(state(TRAY))
    assert list(document) == ["schema", "cells", "foreign"]
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    for row, cell in enumerate(document["cells"]):
        assert np.allclose(cell["T_base_cell"], TRAY[row], atol=1e-12)
        assert (cell["cell"], cell["polarity"], cell["serial"]) == ("box", "+x", f"A{row:03d}")
    assert truth_document(state(TRAY[:1], round_cell()))["cells"][0]["polarity"] == "+z"
    assert truth_document(state(np.zeros((0, 4, 4))))["cells"] == []
