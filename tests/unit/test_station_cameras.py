"""What the station makes of its cameras' verdicts: events, records, and when it is blind."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cellpick.station.cameras import blindness, camera_events, camera_records
from cellpick.station.runlog import RunLog
from cellpick.structures import CameraStatus, CellEstimates


def estimates(cells: int, **verdicts: str) -> CellEstimates:
    """So many cells, and a verdict a camera."""
    return CellEstimates(
        cell="c",
        Ts_base_cell=np.tile(np.eye(4), (cells, 1, 1)),
        covariance=np.tile(np.eye(6) * 1e-8, (cells, 1, 1)),
        polarity=("+x",) * cells,
        polarity_probability=np.ones(cells),
        code=("",) * cells,
        status=("ok",) * cells,
        reason=("",) * cells,
        score=np.ones(cells),
        cameras=tuple(
            CameraStatus(name, verdict, "" if verdict == "ok" else f"why {name}")
            for name, verdict in verdicts.items()
        ),
    )


def look(found: CellEstimates):
    return SimpleNamespace(estimates=found)


@pytest.mark.parametrize(
    ("found", "left", "words"),
    [
        (estimates(0, a="ok", b="ok"), 3, ""),
        (estimates(2, a="missing", b="ok"), 3, ""),
        (estimates(2, a="corrected", b="degraded"), 3, ""),
        (estimates(0), 3, ""),
        (estimates(0, a="missing", b="ok"), 0, ""),
        (estimates(0, a="missing", b="ok"), 3, "none of 3 cells is seen, with cameras out"),
        (estimates(0, a="missing", b="distrusted"), 0, "no camera can be used: a missing: why a"),
    ],
)
def test_a_look_is_blind_when_its_cameras_are_out_and_it_shows_nothing(found, left, words):
    reason = blindness(found, left)
    assert words in reason
    assert bool(words) == bool(reason)


def test_an_event_is_a_change_of_verdict():
    log = RunLog()
    for number, verdict, expected in (
        (1, "ok", []),
        (2, "missing", [(2, "a", "missing", "why a")]),
        (3, "missing", []),
        (4, "ok", [(4, "a", "ok", "")]),
    ):
        taken = look(estimates(1, a=verdict, b="ok"))
        events = camera_events(log, taken, float(number))
        assert [(e.look, e.camera, e.verdict, e.reason) for e in events] == expected
        assert all(event.time_s == number for event in events)
        log.cameras += events
        log.looks.append(taken)


def test_the_summary_counts_looks_by_verdict_and_keeps_the_first_reason():
    log = RunLog()
    log.looks = [look(estimates(1, a="ok", b="ok")), look(estimates(1, a="degraded", b="ok"))]
    log.module_look = look(estimates(1, a="missing", b="ok"))
    assert camera_records(log) == {
        "a": {"looks": {"ok": 1, "degraded": 1, "missing": 1}, "first_look": 2, "reason": "why a"},
        "b": {"looks": {"ok": 3}, "first_look": None, "reason": ""},
    }
