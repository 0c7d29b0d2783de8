"""The figures that a suite may set limits on: their names, units, sense and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["rate", "count", "p95", "per_hour"]
"""Hits of trials; a sum; the 95th percentile of all values; hits by time."""


@dataclass(frozen=True)
class FigureKind:
    """One figure of a case."""

    form: Form
    unit: str
    """`share` for a rate, empty for a count."""
    hits: str
    """Field of a sample that it is made from."""
    trials: str
    """The field that it is a share of; empty where it is none."""
    more_is_better: bool
    """Its limit is then the least that it may be, else the largest."""
    of_looks: bool
    """Whether a scene that is only looked at has it too."""
    meaning: str
    """In words."""

    @property
    def has_interval(self) -> bool:
        """Whether chance can be told from it: a bare count has no number of trials."""
        return self.form != "count"


def _rate(hits: str, trials: str, more: bool, looks: bool, meaning: str) -> FigureKind:
    return FigureKind("rate", "share", hits, trials, more, looks, meaning)


def _count(hits: str, looks: bool, meaning: str) -> FigureKind:
    return FigureKind("count", "", hits, "", False, looks, meaning)


def _p95(unit: str, values: str, looks: bool, meaning: str) -> FigureKind:
    return FigureKind("p95", unit, values, "", False, looks, meaning)


FIGURES = {
    "success_rate": _rate("placed", "cells", True, False, "share of the tray's cells placed well"),
    "polarity_errors": _count("polarity_errors", False, "cells seated the wrong way round"),
    "polarity_error_rate": _rate(
        "polarity_errors", "seated", False, False, "share of seated cells the wrong way round"
    ),
    "drops": _count("drops", False, "cells lost on the way"),
    "drop_rate": _rate("drops", "picked", False, False, "share of picked cells lost on the way"),
    "safety_violations": _count(
        "safety_violations", False, "conductors that touched terminals of both polarities"
    ),
    "collisions": _count("collisions", False, "contacts that no grasp or placement wants"),
    "place_error_mm_p95": _p95("mm", "place_mm", False, "error in the slot"),
    "place_error_deg_p95": _p95("deg", "place_deg", False, "angle error in the slot"),
    "pose_error_mm_p95": _p95("mm", "pose_mm", True, "error of the first look's poses"),
    "pose_error_deg_p95": _p95("deg", "pose_deg", True, "angle error of the first look's poses"),
    "cycle_time_s_p95": _p95("s", "cycle_s", False, "station time a placed cell"),
    "picks_per_hour": FigureKind(
        "per_hour", "1/h", "placed", "station_time_s", True, False, "cells placed by station time"
    ),
    "found_rate": _rate("found", "seen", True, True, "share of cells found by the first look"),
    "false_cells": _count("false_cells", True, "estimates of the first look where no cell is"),
    "wrong_polarities": _count("wrong_polarities", True, "polarities told wrongly by that look"),
    "errors": _count("errors", True, "episodes that raised, died or took too long"),
}
"""Name -> figure, in the order in which tables show them."""
