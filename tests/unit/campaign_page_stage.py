"""A made-up campaign: records, results and effects as the files hold them."""

from __future__ import annotations

import cv2
import numpy as np

from cellpick.report.campaign_data import CampaignData

SCENES = ("prismatic_tray", "cylindrical_tray", "bulk_bin")
CAUSES = ("seal_failed", "jaws_empty", "not_lifted")
KEYS = ("tray.gap_mm", "cameras.noise_scale", "gripper.name")
STAGES = {"motion": 62.0, "capture": 7.0, "transfer": 3.0, "vision": 8.0, "gripper": 5.0}


def attempt(number, status="placed", rng=None, **changes):
    error = float(rng.gamma(4.0, 0.08)) if rng is not None and status == "placed" else None
    failed = status != "placed"
    return {
        "number": number, "time_s": 4.0 * number, "cycle_time_s": 4.1 + 0.1 * (number % 5),
        "cell": f"cell{number:03d}", "code": "", "predicted_sigma_mm": 0.2,
        "event": "grip_failed" if failed else "",
        "reason": "no seal or nothing between the jaws" if failed else "", "slot": number,
        "serial": "" if failed else f"S{number}", "status": status,
        "cause": "seal_failed" if failed else "", "place_error_mm": error,
        "place_error_deg": None if error is None else 0.3 * error, "seat_error_mm": error,
        "polarity_ok": not failed, "peak_load_n": 3.0, "contacts": [], "shorts": [],
    } | changes  # fmt: skip


def look(cells=12, found=12, rng=None):
    errors = rng.gamma(3.0, 0.1, found).tolist() if rng is not None else [0.1] * found
    return {
        "cells": cells, "found": found, "false": 0, "statuses": {"ok": found},
        "polarity": {"right": found}, "pose_error_mm": errors,
        "pose_error_deg": [0.2 * e for e in errors],
    }  # fmt: skip


def summary(attempts, cells=12, **changes):
    placed = sum(a["status"] == "placed" for a in attempts)
    causes = [a["cause"] for a in attempts if a["cause"]]
    known = [a["place_error_mm"] for a in attempts if a["place_error_mm"] is not None]
    quantiles = {"p50": None, "p95": None, "max": None}
    if known:
        quantiles = {"p50": np.median(known), "p95": np.percentile(known, 95), "max": max(known)}
    return {
        "cells_total": cells, "slots_total": max(cells, 12), "placed_ok": placed,
        "attempts": len(attempts), "polarity_errors": causes.count("wrong_polarity"),
        "drops": sum(a["status"] == "dropped" for a in attempts), "collisions": 0,
        "safety_violations": 0, "failures": {c: causes.count(c) for c in sorted(set(causes))},
        "place_error_mm": quantiles, "pose_error_mm": {"p50": 0.2, "p95": 0.4, "max": 0.5},
        "recoveries": [], "stopped": "", "stage_time_s": dict(STAGES), "station_time_s": 85.0,
        "cameras": {"cam0_3d": {"looks": {"ok": 3}, "first_look": None, "reason": ""}},
    } | changes  # fmt: skip


def record(seed=0, scene="prismatic_tray", attempts=None, **changes):
    attempts = [attempt(k) for k in range(12)] if attempts is None else attempts
    return {
        "schema": "cellpick.episode/1", "id": f"{scene[:4]}{seed:08d}", "case": scene,
        "scene": scene, "overrides": [], "seed": seed, "inputs": {}, "version": "0.1.0",
        "command": f"cellpick run {scene} --seed {seed}", "kind": "run", "status": "done",
        "reason": "", "traceback": "", "summary": summary(attempts), "attempts": attempts,
        "first_look": look(),
        "measured": {"wall_time_s": 20.0, "stage_s": {"render": 12.0, "physics": 6.0}},
    } | changes  # fmt: skip


def ended(status, reason, seed, scene="prismatic_tray", traceback="", **changes):
    blank = {"summary": {}, "attempts": [], "first_look": {}, "measured": {}}
    return record(
        seed, scene, status=status, reason=reason, traceback=traceback, **(blank | changes)
    )


def looked(seed, found=12, rng=None, scene="look_glare"):
    blank = {"summary": {}, "attempts": [], "kind": "look", "first_look": look(12, found, rng)}
    return record(seed, scene, **blank)


def records(count=120, seed=1):
    """Episodes of three scenes, four cases each, with all that can go wrong."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(count):
        scene, gap = SCENES[k % 3], (0.0, 0.5, 1.0, 2.0)[(k // 3) % 4]
        noise = float(rng.choice([1.0, 2.0, 4.0]))
        tries = _tries(rng, 0.02 + 0.03 * noise + 0.08 * (gap == 0.0))
        more = {
            "case": f"{scene}, gap {gap:g} mm", "overrides": [f"tray.gap_mm={gap:g}"],
            "inputs": {"tray.gap_mm": gap, "cameras.noise_scale": noise, "gripper.name": "vacuum"},
            "first_look": look(12, 12 - int(rng.random() < 0.1), rng),
            "command": f"cellpick run {scene} --seed {k} --set tray.gap_mm={gap:g}",
        }  # fmt: skip
        made.append(record(k, scene, tries, **more))
    lost = [attempt(k, rng=rng) for k in range(5)]
    lost.append(attempt(5, "dropped", cause="shear_slip", event="lost_in_transit",
                        reason="the part-present signal fell on the way to the slot"))  # fmt: skip
    stop = "lost_in_transit: the part-present signal fell on the way to the slot"
    made.append(record(501, summary=summary(lost, stopped=stop), attempts=lost))
    wrong = [attempt(k, rng=rng) for k in range(11)]
    wrong.append(attempt(11, "misplaced", cause="wrong_polarity", event="", reason=""))
    made.append(record(502, attempts=wrong))
    trace = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: det = 0.3'
    made += [ended("raised", "ValueError: det = 0.3", 600 + k, traceback=trace) for k in range(5)]
    made.append(ended("timeout", "took more than 300 s", 610, "bulk_bin"))
    made.append(ended("died", "the process ended with signal 9", 611, "bulk_bin"))
    return made


def _tries(rng, share):
    tries = []
    for number in range(12):
        chance = rng.random()
        if chance < share:
            cause = CAUSES[int(rng.integers(3))]
            tries.append(attempt(number, "not_picked", cause=cause))
            if chance < 0.4 * share:
                tries.append(attempt(number, rng=rng))
        else:
            tries.append(attempt(number, rng=rng))
    return tries


def figure(value, low=None, high=None, unit="share", count=100):
    return {"value": value, "low": low, "high": high, "count": count, "unit": unit}


def figures(made):
    """As a suite tells them of one case, intervals only roughly."""
    done = [r for r in made if r["status"] == "done" and r["kind"] == "run" and r["summary"]]
    cells = sum(r["summary"]["cells_total"] for r in done) + 12 * (len(made) - len(done))
    placed = sum(r["summary"]["placed_ok"] for r in done)
    share = placed / cells if cells else None
    half = 0.0 if not cells else 2 * (max(share * (1 - share), 0.01) / cells) ** 0.5
    low, high = (None, None) if not cells else (max(share - half, 0.0), min(share + half, 1.0))
    tries = [a for r in done for a in r["attempts"] if a["place_error_mm"] is not None]
    errors = [a["place_error_mm"] for a in tries]
    p95 = float(np.percentile(errors, 95)) if errors else None
    counts = {
        name: sum(r["summary"][name] for r in done)
        for name in ("polarity_errors", "drops", "safety_violations")
    }
    return {
        "success_rate": figure(share, low, high, "share", cells),
        **{name: figure(float(n), None, None, "", len(done)) for name, n in counts.items()},
        "place_error_mm_p95": figure(p95, None if p95 is None else 0.9 * p95, None, "mm"),
        "cycle_time_s_p95": figure(4.5, 4.4, 4.5, "s") if done else figure(None, unit="s"),
        "picks_per_hour": figure(540.0, 480.0, 620.0, "1/h") if done else figure(None, unit="1/h"),
        "errors": figure(float(sum(r["status"] != "done" for r in made)), None, None, ""),
    }


LIMITS = {"success_rate": (0.92, ">="), "place_error_mm_p95": (1.0, "<="), "errors": (0.0, "<=")}


def verdict(case, name, found):
    limit, sign = LIMITS[name]
    value = found["value"]
    status = "no_data"
    if value is not None:
        status = "pass" if (value >= limit if sign == ">=" else value <= limit) else "fail"
    return {
        "case": case, "figure": name, "limit": limit, "unit": found["unit"], "value": value,
        "rule": f"{name} {sign} {limit:g}", "low": found["low"], "high": found["high"],
        "status": status, "reason": "" if status == "pass" else f"it is {value}", "seed": 3,
        "command": f"cellpick run {case.split(',')[0]} --seed 3",
    }  # fmt: skip


def change(verdict, before, now, low, high, unit="", p=0.5):
    return {
        "verdict": verdict, "reason": "", "baseline": before, "current": now,
        "effect": now - before, "interval": [low, high], "p": p, "p_adjusted": p, "least_p": 1e-4,
        "pairing": "paired", "episodes": [120, 120], "better": "higher", "unit": unit,
    }  # fmt: skip


def results(made):
    """As `results.json` of a suite has them."""
    cases = {}
    for r in made:
        cases.setdefault(r.get("case") or "", []).append(r)
    told = {case: figures(rows) for case, rows in cases.items()}
    verdicts = [verdict(case, name, f[name]) for case, f in told.items() for name in LIMITS]
    compared = {
        "success_rate": change("worse", 0.968, 0.921, -0.07, -0.02, p=0.002),
        "place_error_mm": change("no evidence", 0.31, 0.318, -0.01, 0.03, "mm"),
        "cycle_time_s": change("better", 4.9, 4.3, -0.8, -0.4, "s", 0.001),
    }
    return {
        "schema": "cellpick.results/1", "name": "standard", "kind": "suite", "version": "0.1.0",
        "confidence": 0.95, "planned": len(made), "episodes": len(made),
        "passed": all(v["status"] == "pass" for v in verdicts), "figures": told,
        "overall": figures(made), "verdicts": verdicts,
        "sequential": {"good": 0.98, "bad": 0.9, "alpha": 0.01, "beta": 0.05, "verdict": "fail",
                       "evidence": 4.7, "used": 96, "saved": 33},
        "baseline": {"version": "0.0.9", "alpha": 0.05, "worse": ["success_rate"],
                     "figures": compared},
    }  # fmt: skip


def effects():
    """As `campaign.effects_of` makes them: of three figures that vary and one that does not."""
    gaps, noises = ["0", "0.5", "1", "2"], ["1", "2", "4"]

    def levels(labels, values, half=0.03):
        return [
            {"label": text, "value": v, "low": v - half, "high": min(v + half, 1.0), "runs": 30,
             "left_out": 0}
            for text, v in zip(labels, values, strict=True)
        ]  # fmt: skip

    many = [f"{k / 10:.1f} to {k / 10 + 0.1:.1f}" for k in range(8)]
    grid = [[0.7 + 0.08 * row - 0.05 * k for k in range(3)] for row in range(4)]
    grid[2][1] = None
    main = {
        "tray.gap_mm": levels(gaps, [0.78, 0.9, 0.95, 0.97]),
        "cameras.noise_scale": levels(noises, [0.96, 0.93, 0.82]),
        "gripper.name": levels(["vacuum_four_cups", "jaws_of_steel"], [0.93, 0.88]),
        "light.strength": levels(many, [0.88 + 0.01 * k for k in range(8)]),
    }
    pairs = [
        {"x": "cameras.noise_scale", "y": "tray.gap_mm", "x_labels": noises,
         "y_labels": gaps, "value": grid, "runs": [[10] * 3] * 4},
        {"x": "light.strength", "y": "tray.gap_mm", "x_labels": many, "y_labels": gaps,
         "value": [[0.7 + 0.03 * k for k in range(8)]] * 4, "runs": [[4] * 8] * 4},
    ]  # fmt: skip
    importance = [
        {"key": "tray.gap_mm", "share": 0.41, "p": 0.0002, "p_adjusted": 0.002},
        {"key": "cameras.noise_scale", "share": 0.22, "p": 0.0004, "p_adjusted": 0.004},
        {"key": "light.strength", "share": 0.01, "p": 0.32, "p_adjusted": 1.0},
        {"key": "gripper.name", "share": 0.0, "p": 0.71, "p_adjusted": 1.0},
    ]
    sobol = [
        {"key": "tray.gap_mm", "first": 0.42, "first_low": 0.31, "first_high": 0.52,
         "first_known": True, "total": 0.5, "total_low": 0.4, "total_high": 0.63,
         "total_known": True},
        {"key": "cameras.noise_scale", "first": -0.02, "first_low": -0.6, "first_high": 0.97,
         "first_known": False, "total": 0.1, "total_low": 0.02, "total_high": 1.2,
         "total_known": False},
    ]  # fmt: skip

    def told(name, unit, **changes):
        return {
            "figure": name, "unit": unit, "better": "less", "meaning": "what it means",
            "runs": 120, "left_out": 0, "why_left_out": "", "mean": 0.9, "least": 0.2,
            "most": 1.0, "main": main, "pairs": pairs, "pairs_left_out": 4,
            "importance": importance, "sobol": [], "no_sobol": "",
        } | changes  # fmt: skip

    lost = {**main, "tray.gap_mm": [{**row, "left_out": 0} for row in main["tray.gap_mm"]]}
    lost["tray.gap_mm"][0] |= {"runs": 18, "left_out": 12}
    nothing = {"main": {}, "pairs": [], "pairs_left_out": 0, "importance": []}
    return {
        "schema": "cellpick.effects/1", "design": "grid", "runs": 120, "seeds": 4,
        "unit": "seeds", "units": 4, "tests": 12,
        "figures": [
            told("success_rate", "share"),
            told("place_error_mm_p95", "mm", main=lost, runs=108, left_out=12,
                 why_left_out="12 let no cell go in a slot"),
            told("drops", "", sobol=sobol),
            told("collisions", "", mean=0.0, least=0.0, most=0.0, **nothing),
        ],
    }  # fmt: skip


def picture(number=0, width=1000, height=836):
    """A JPEG of four pictures, as an episode leaves one."""
    rng = np.random.default_rng(number)
    rough = rng.integers(60, 200, (12, 14, 3), dtype=np.uint8)
    image = cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
    image[height // 2 - 2 : height // 2 + 2] = 0
    image[:, width // 2 - 2 : width // 2 + 2] = 0
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def suite(made=None):
    """The data of a suite with thresholds, some of which do not hold."""
    made = records() if made is None else made
    return CampaignData(
        campaign={
            "schema": "cellpick.campaign/1", "kind": "suite", "name": "standard",
            "version": "0.1.0", "digest": "0123456789abcdef" * 4, "episodes": len(made),
        },
        records=made, results=results(made),
        pictures={r["id"]: picture(r["seed"]) for r in made[:40] if r.get("seed") is not None},
        command="cellpick bench standard --out bench",
    )  # fmt: skip


def sweep(made=None):
    """The data of a sweep: no thresholds, but effects."""
    made = records() if made is None else made
    return CampaignData(
        campaign={
            "kind": "sweep", "name": "gap and noise", "version": "0.1.0", "episodes": len(made),
        },
        records=made, effects=effects(),
    )  # fmt: skip
