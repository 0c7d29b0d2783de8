"""Rendering takes the cores that there are, or as few as it is told."""

from __future__ import annotations

import os

import pytest

from cellpick.sensors.threads import usable_threads

CORES = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("wanted", "threads"),
    [("1", 1), ("100000", CORES), ("0", 1), ("", CORES), ("4,2", CORES), ("all", CORES)],
)
def test_threads_are_bounded_by_cores_and_environment(monkeypatch, wanted, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert usable_threads() == threads


def test_without_the_variable_every_core_is_used(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert usable_threads() == CORES
