"""What the station believes between looks: names last, and near neighbours go stale."""

import numpy as np

from cellpick.geometry import translation
from cellpick.station.belief import SAME_CELL_M, TrayBelief
from cellpick.structures import CellEstimates


def estimates(xs, sigma=1e-4):
    n = len(xs)
    covariance = np.broadcast_to(np.diag([sigma**2] * 6), (n, 6, 6))
    return CellEstimates(
        cell="c",
        Ts_base_cell=translation(np.array([[x, 0.0, 0.0] for x in xs]).reshape(-1, 3)),
        covariance=covariance,
        polarity=("+x",) * n,
        polarity_probability=np.ones(n),
        code=("",) * n,
        status=("ok",) * n,
        reason=("",) * n,
        score=np.ones(n),
    )


def test_a_cell_keeps_its_name_while_it_stays():
    belief = TrayBelief.empty("c")
    belief.renew(estimates([0.0, 0.03, 0.06]))
    first = dict(zip(belief.keys, belief.estimates.Ts_base_cell[:, 0, 3], strict=True))
    belief.renew(estimates([0.0605, 0.0002, 0.03]))
    second = dict(zip(belief.keys, belief.estimates.Ts_base_cell[:, 0, 3], strict=True))
    assert first.keys() == second.keys()
    assert all(abs(first[k] - second[k]) < SAME_CELL_M for k in first)


def test_a_cell_that_moved_far_is_a_new_one_and_names_are_unique():
    belief = TrayBelief.empty("c")
    belief.renew(estimates([0.0, 0.03]))
    belief.renew(estimates([0.0, 0.03 + 2 * SAME_CELL_M]))
    assert len(set(belief.keys)) == 2
    assert len(belief.known) == 3


def test_only_near_neighbours_of_a_taken_cell_go_stale():
    belief = TrayBelief.empty("c")
    belief.renew(estimates([0.0, 0.03, 0.06]))
    kept = [belief.keys[0], belief.keys[2]]
    belief.take(1, np.array([1e-4, np.inf, 1e-2]))
    assert list(belief.keys) == kept
    assert belief.stale.tolist() == [True, False]
    belief.renew(estimates([0.0, 0.06]))
    assert not belief.stale.any()


def test_worse_estimates_make_more_neighbours_stale():
    gaps = np.array([2e-3, np.inf])
    for sigma, stale in ((1e-4, False), (1e-3, True)):
        belief = TrayBelief.empty("c")
        belief.renew(estimates([0.0, 0.03], sigma))
        belief.take(1, gaps)
        assert belief.stale.tolist() == [stale]


def test_nothing_seen_is_a_legal_belief():
    belief = TrayBelief.empty("c")
    belief.renew(estimates([]))
    assert len(belief.estimates) == 0
    assert belief.keys == ()
