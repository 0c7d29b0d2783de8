"""The calibration benchmark's figures as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LIMIT_MM = 0.3
HELD_SHARE = 0.9
TOGETHER = "all cameras"
Seeds = Mapping[str, Mapping[str, Any]]
"""Figures of each seed."""

INTRODUCTION = """# Calibration

`python -m benchmarks.calibration`, cellpick {version}, scene `{scene}`, {poses} poses, default
cameras and noise, lenses solved. Millimetres.

Rendered: `cellpick calibrate` as it is. Simulated: the joint solution from true projections of the
board's corners at the same joint angles, with the bias and the noise that rendered corners were
measured to have (below), encoder noise, and readings of depth with scale, warp and noise. The touch
test places 200 points (5 x 5 x 4 over the tray, from the table to above the cells, from two looks);
a 2D camera alone is told the depth. *p95* is over the points of one calibration; *predicted* is
what the calibration says that this p95 stays below in 95 of 100 calibrations."""

WRONG = """Simulated, medians over {seeds} seed(s). *Pictures alone* is the residual of
`cv2.calibrateCamera`, *joint* that of the joint solution, both per axis and of the worst camera.
*Found* lists the checks that fail without any truth."""


def markdown(done: Mapping[str, Any]) -> str:
    """The page."""
    parts = [INTRODUCTION.format(**done)]
    for kind in ("rendered", "simulated"):
        if done[kind]:
            parts += [f"## {kind.capitalize()}, {len(done[kind])} seeds", _eyes(done[kind])]
    if done["rendered"]:
        parts += ["## Rendered: the methods beside each other", _methods(done["rendered"])]
    if "noise_px" in done:
        parts += ["## Noise of the rendered corners, as simulated", _noise(done)]
    if done["cases"]:
        count = max(len(seeds) for seeds in done["cases"].values())
        parts += ["## Small residuals prove nothing", WRONG.format(seeds=count)]
        parts.append(_cases(done["cases"]))
    parts += ["## Demands", "\n".join(demands(done))]
    return "\n\n".join(parts) + "\n"


def demands(done: Mapping[str, Any]) -> list[str]:
    """A line for each demand, that says whether it is met or missed."""
    lines = []
    for kind in ("rendered", "simulated"):
        p95 = [t["p95_mm"] for seed in done[kind].values() for t in seed["touch"].values()]
        if p95:
            verdict = "met" if max(p95) <= LIMIT_MM else "missed"
            lines.append(
                f"- {kind}: touch p95 at most {LIMIT_MM} mm for every camera and seed: worst "
                f"{max(p95):.3f} mm: {verdict}"
            )
    for eye, rows in _by_eye(done["simulated"]).items():
        held = sum(row["held"] for row in rows)
        verdict = "met" if held >= HELD_SHARE * len(rows) else "missed"
        lines.append(
            f"- {eye}: the prediction held in {held} of {len(rows)} seeds, 90 % demanded: {verdict}"
        )
    return lines


def _by_eye(seeds: Seeds) -> dict[str, list[dict[str, Any]]]:
    eyes = next(iter(seeds.values()))["touch"] if seeds else ()
    return {eye: [seed["touch"][eye] for seed in seeds.values()] for eye in eyes}


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _eyes(seeds: Seeds) -> str:
    rows = []
    for eye, found in _by_eye(seeds).items():
        p95 = [row["p95_mm"] for row in found]
        rows.append(
            [
                eye,
                f"{np.median([row['p50_mm'] for row in found]):.3f}",
                f"{np.median(p95):.3f}",
                f"{np.quantile(p95, 0.95):.3f}",
                f"{max(p95):.3f}",
                f"{np.median([row['predicted_p95_mm'] for row in found]):.3f}",
                f"{sum(row['held'] for row in found)} of {len(found)}",
                f"{100 * np.mean([row['inside_share'] for row in found]):.0f} %",
            ]
        )
    header = ["eye", "p50, median of seeds", "p95, median", "p95, 95 % of seeds", "p95, worst"]
    header += ["predicted, median", "prediction held", "errors inside their 95 % ellipsoid"]
    return _table(header, rows)


def _methods(seeds: Seeds) -> str:
    first = next(iter(seeds.values()))
    found = [seed["touch_by_method"] for seed in seeds.values()]
    tables = {m: [by[m] for by in found if m in by] for m in first["touch_by_method"]}
    joint = [{eye: t["p95_mm"] for eye, t in s["touch"].items()} for s in seeds.values()]
    tables |= {"joint solution": joint}
    tables |= {"believed before (drawn)": [s["touch_before"] for s in seeds.values()]}
    eyes = list(first["touch"])
    rows = [
        [name, *(f"{np.median([row[eye] for row in table]):.3f}" for eye in eyes)]
        for name, table in tables.items()
    ]
    return "Touch p95, median over the seeds.\n\n" + _table(["method", *eyes], rows)


def _noise(done: Mapping[str, Any]) -> str:
    seeds = done["rendered"] or done["simulated"]
    names = [eye for eye in _by_eye(seeds) if eye != TOGETHER]
    rows = [
        [name, f"{u:+.4f}", f"{v:+.4f}", f"{sigma:.4f}"]
        for name, (u, v, sigma) in zip(names, done["noise_px"], strict=True)
    ]
    return _table(["camera", "bias u, px", "bias v, px", "standard deviation, px"], rows)


def _cases(cases: Mapping[str, Seeds]) -> str:
    rows = []
    for label, seeds in cases.items():
        worst = [
            max(t["p95_mm"] for eye, t in seed["touch"].items() if eye != TOGETHER)
            for seed in seeds.values()
        ]
        together = [seed["touch"][TOGETHER]["p95_mm"] for seed in seeds.values()]
        alone = [max(seed["pictures_alone_px"]) for seed in seeds.values()]
        joint = [max(seed["residual_px"]) for seed in seeds.values()]
        failed = {line.split(":")[0] for seed in seeds.values() for line in seed["failed"]}
        figures = (np.median(values) for values in (alone, joint, worst, together))
        rows.append([label, *(f"{f:.3f}" for f in figures), ", ".join(sorted(failed)) or "-"])
    header = ["case", "pictures alone, px", "joint, px", "touch p95, worst camera"]
    return _table([*header, "touch p95, all cameras", "found"], rows)
