"""What must hold in a case: a limit on each of its figures."""

from __future__ import annotations

from dataclasses import dataclass

from cellpick.campaign.figure_kinds import FIGURES, FigureKind
from cellpick.campaign.suite_file import LimitSpec, SuiteSpec
from cellpick.errors import InputError
from cellpick.scene.accepted import did_you_mean


@dataclass(frozen=True)
class Limit:
    """The least or largest value of a figure."""

    figure: str
    """Name in `FIGURES`."""
    value: float
    """In the figure's unit."""
    confidence: float | None
    """Level of the one-sided bound that it must hold for; None: for the figure itself."""

    @property
    def kind(self) -> FigureKind:
        """The figure's form, unit and sense."""
        return FIGURES[self.figure]

    @property
    def words(self) -> str:
        """`success_rate >= 99 % (95 % confident)`."""
        sign = ">=" if self.kind.more_is_better else "<="
        amount = f"{self.value:g} {self.kind.unit}".rstrip()
        if self.kind.form == "rate":
            amount = f"{100 * self.value:g} %"
        sure = "" if self.confidence is None else f" ({100 * self.confidence:g} % confident)"
        return f"{self.figure} {sign} {amount}{sure}"


NO_ERRORS = Limit("errors", 0.0, None)
"""Holds in every case that says nothing else: an episode that raised is never well."""


def limits_of(spec: SuiteSpec, index: int, looks_only: bool, source: str) -> tuple[Limit, ...]:
    """Limits of one case: the suite's that it has, and its own over them, in table order.

    Raises `InputError` for a figure that there is none of, one that a case of looks alone does not
    have, and for a confidence in a bare count.
    """
    found = {NO_ERRORS.figure: NO_ERRORS}
    for name, limit in spec.thresholds.items():
        checked = _limit(name, limit, source, f"thresholds.{name}")
        if checked.kind.of_looks or not looks_only:
            found[name] = checked
    for name, limit in spec.cases[index].thresholds.items():
        key = f"cases.{index}.thresholds.{name}"
        checked = _limit(name, limit, source, key)
        if looks_only and not checked.kind.of_looks:
            names = [n for n, kind in FIGURES.items() if kind.of_looks]
            rule = "the scene is for looks alone and has no such figure"
            raise InputError(rule, source=source, key=key, accepted=", ".join(names))
        found[name] = checked
    return tuple(found[name] for name in FIGURES if name in found)


def _limit(name: str, spec: LimitSpec, source: str, key: str) -> Limit:
    kind = FIGURES.get(name)
    if kind is None:
        hint = did_you_mean(name, FIGURES)
        accepted = ", ".join(FIGURES)
        raise InputError(f"no such figure{hint}", source=source, key=key, accepted=accepted)
    if spec.confidence is not None and not kind.has_interval:
        names = [n for n, other in FIGURES.items() if other.has_interval]
        raise InputError(
            "a bare count has no confidence",
            source=source,
            key=f"{key}.confidence",
            got=spec.confidence,
            accepted=f"none, or a limit on one of {', '.join(names)}",
        )
    most = 1.0 if kind.form == "rate" else float("inf")
    if not 0 <= spec.limit <= most:
        accepted = "a share from 0 to 1, such as 0.98" if kind.form == "rate" else "0 or more"
        rule = "no figure of its kind can be so"
        raise InputError(rule, source=source, key=key, got=spec.limit, accepted=accepted)
    return Limit(name, spec.limit, spec.confidence)
