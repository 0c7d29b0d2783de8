"""What was measured of cameras, as rows of words and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HEADER = ("camera", "figure", "at", "published", "measured", "ratio", "agrees", "source")
DASH = "\u2013"


def compared_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row a published figure, in words, under `HEADER`."""
    rows: list[tuple[str, ...]] = []
    for camera in document["cameras"]:
        for figure in camera["figures"]:
            if figure["published"] is None:
                continue
            definition = document["definitions"][figure["key"]]
            unit = definition["unit"]
            rows.append(
                (
                    camera["name"],
                    definition["title"],
                    place(figure),
                    amount(figure["published"], unit),
                    amount(figure["measured"], unit, figure["uncertainty"]),
                    DASH if figure["ratio"] is None else f"{figure['ratio']:.3f}",
                    {True: "yes", False: "no", None: DASH}[figure["agrees"]],
                    " ".join(part for part in (figure["source"], _sure(figure)) if part),
                )
            )
    return rows


def other_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row a figure of which nothing is published, one column a camera that was measured."""
    rows = []
    for key, definition in document["definitions"].items():
        cells = [_of(camera, key, definition["unit"]) for camera in document["cameras"]]
        if any(cell != DASH for cell in cells):
            rows.append((definition["title"], *cells))
    return rows


def markdown(document: Mapping[str, Any]) -> str:
    """Both tables and what the figures mean."""
    names = [camera["name"] for camera in document["cameras"]]
    parts = [
        "Published and measured figures; a figure agrees within "
        f"{100 * document['agrees_within']:.0f} %. The standard uncertainty of a measurement, from "
        "the size of its sample, stands in brackets.",
        table(HEADER, compared_rows(document)),
        "Figures of which nothing is published, measured likewise:",
        table(("figure", *names), other_rows(document)),
        "What the figures mean:",
        table(
            ("figure", "measured as", "defined by"),
            [(d["title"], d["meaning"], d["source"]) for d in document["definitions"].values()],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "/") for c in line) + " |" for line in lines)


def amount(value: float | None, unit: str, uncertainty: float | None = None) -> str:
    """A value with its unit, and its standard uncertainty in brackets; a dash for none."""
    if value is None:
        return DASH
    doubt = f" ({uncertainty:.1g})" if uncertainty else ""
    return " ".join(f"{value:.3g}{doubt} {unit}".split()) if value < 1000 else f"{value:.0f} {unit}"


def place(figure: Mapping[str, Any]) -> str:
    """Distance of the target."""
    return DASH if figure["at_mm"] is None else f"{figure['at_mm']:.0f} mm"


def _sure(figure: Mapping[str, Any]) -> str:
    return f"({figure['certainty']})" if figure["certainty"] else ""


def _of(camera: Mapping[str, Any], key: str, unit: str) -> str:
    found = [f for f in camera["figures"] if f["key"] == key and f["published"] is None]
    return amount(found[0]["measured"], unit) if found else DASH
