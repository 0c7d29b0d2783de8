"""Seeds: each purpose draws from a stream of its own."""

import numpy as np
import pytest

from cellpick.errors import InputError
from cellpick.station.streams import streams


def test_the_same_seed_draws_the_same():
    assert streams(7).scene.normal() == streams(7).scene.normal()
    assert streams(7).scene.normal() != streams(8).scene.normal()


def test_seed_zero_is_a_seed():
    assert streams(0).world.normal() == streams(0).world.normal()


def test_purposes_do_not_share_draws():
    s = streams(3)
    first = [s.scene.normal(), s.belief.normal(), s.sensors.normal(), s.world.normal()]
    assert len(set(first)) == 4
    other = streams(3)
    other.scene.normal(size=100)
    assert other.sensors.normal() == first[2]


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None, np.float64(2)])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(InputError, match="seed must be a whole number"):
        streams(seed)
