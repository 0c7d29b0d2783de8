"""A planted change is found, and chance is not called one: whole campaigns, made up at random."""

from __future__ import annotations

import numpy as np
import pytest

from cellpick.campaign.regression import COMPARED, regressions
from cellpick.campaign.sample import Sample

CASES = {"boxes": 12, "rounds": 16, "flush": 12}


def campaign(seeds, change=None):
    """Episodes as stations leave them: each with a draw of its own that all of its cells share."""
    samples = []
    for number, (case, cells) in enumerate(CASES.items()):
        for seed in seeds:
            rng = np.random.default_rng([seed, number])
            shared = rng.normal(size=3)
            made = {
                "place_mm": np.abs(0.25 + 0.06 * shared[0] + rng.normal(0, 0.08, cells)),
                "place_deg": rng.gamma(2, 0.01, cells),
                "pose_mm": np.abs(0.25 + 0.05 * shared[1] + rng.normal(0, 0.06, cells)),
                "pose_deg": rng.gamma(2, 0.03, cells),
                "cycle_s": 4.7 + 0.1 * shared[2] + rng.normal(0, 0.4, cells),
            }
            placed = cells - int(rng.random() < 0.03)
            if change:
                placed = change(made, rng, placed)
            samples.append(
                Sample(
                    id=f"{case} {seed}",
                    case=case,
                    seed=seed,
                    kind="run",
                    ended=True,
                    command="",
                    cells=cells,
                    placed=placed,
                    picked=cells,
                    seated=placed,
                    drops=cells - placed,
                    seen=cells,
                    found=cells,
                    station_time_s=5.0 * cells,
                    **{name: tuple(map(float, values)) for name, values in made.items()},
                )
            )
    return samples


def worse(baseline, current):
    return [name for name, c in regressions(baseline, current).items() if c.verdict == "worse"]


SEEDS = range(10)


@pytest.fixture(scope="module")
def before():
    return campaign(SEEDS)


def test_ten_unchanged_reruns_with_other_seeds_raise_no_alarm(before):
    alarms = [worse(before, campaign(range(100 * k, 100 * k + 10))) for k in range(1, 11)]
    assert alarms == [[]] * 10


def test_the_same_code_gives_the_same_and_says_so(before):
    found = regressions(before, campaign(SEEDS))
    assert found.keys() == COMPARED.keys()
    for comparison in found.values():
        assert comparison.verdict == "no evidence"
        assert comparison.least_p == 1
        assert np.isnan(comparison.effect) or comparison.effect == pytest.approx(0, abs=1e-12)


def offset(made, rng, placed):
    made["place_mm"] = np.hypot(made["place_mm"], rng.normal(0, 0.3, len(made["place_mm"])))
    return placed


def noise(made, rng, placed):
    made["pose_mm"] = made["pose_mm"] * 1.4
    return placed


def slower(made, rng, placed):
    made["cycle_s"] = made["cycle_s"] + 0.3
    return placed


def losses(made, rng, placed):
    return placed - int(rng.binomial(4, 0.2))


PLANTED = {
    "place_error_mm": offset,
    "pose_error_mm": noise,
    "cycle_time_s": slower,
    "success_rate": losses,
}


@pytest.mark.parametrize("figure", PLANTED)
@pytest.mark.parametrize("seeds", [SEEDS, range(500, 510)], ids=["same seeds", "other seeds"])
def test_a_planted_change_is_found_in_its_figure_alone(figure, seeds, before):
    found = worse(before, campaign(seeds, PLANTED[figure]))
    assert figure in found
    assert set(found) <= {figure, "drop_rate"}
