"""Sets measured figures beside what the camera's file says is published of them."""

from __future__ import annotations

from dataclasses import replace

from cellpick.metrology.records import Figure
from cellpick.scene import CameraModel

SAME_PLACE = 0.01
"""Relative difference of distances that counts as none: a plate stands inside the range."""


def with_published(figures: list[Figure], model: CameraModel) -> tuple[Figure, ...]:
    """The figures, each with the published one of its name and distance.

    A published figure that was not measured stands at the end, without a value.
    """
    out, rest = [], list(model.published)
    for figure in figures:
        match = next((p for p in rest if p.figure == figure.key and _same(p.at_m, figure)), None)
        if match is None:
            out.append(figure)
            continue
        rest.remove(match)
        out.append(
            replace(
                figure,
                published=match.value,
                source=match.source,
                certainty=match.certainty,
            )
        )
    unmeasured = [
        Figure(
            p.figure,
            float("nan"),
            at_mm=None if p.at_m is None else 1e3 * p.at_m,
            published=p.value,
            source=p.source,
            certainty=p.certainty,
        )
        for p in rest
    ]
    return (*out, *unmeasured)


def _same(at_m: float | None, figure: Figure) -> bool:
    if at_m is None or figure.at_mm is None:
        return True
    return abs(1e3 * at_m - figure.at_mm) <= SAME_PLACE * figure.at_mm
