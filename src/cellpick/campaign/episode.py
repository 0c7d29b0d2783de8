"""One episode: a scene with its overrides and a seed, run once, and the record that it leaves."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import Any, Literal

import cv2
import numpy as np

from cellpick.campaign.machine_faults import is_of_the_machine, scratch_folder, told
from cellpick.campaign.scene_files import Files, changed_files
from cellpick.evaluate import Matches, match_estimates
from cellpick.installation import revision
from cellpick.report import json_text, write_overview_png
from cellpick.scene import SceneModels, load_scene, resolve_scene
from cellpick.station import look_once, run_scene

SCHEMA = "cellpick.episode/1"
Status = Literal["done", "raised", "timeout", "died"]
"""Ended by itself; raised an error; took longer than it may; took its process with it."""
Kind = Literal["run", "look"]
"""`look`: its scene is for looks alone."""
PICTURE_WIDTH_PX = 1000
JPEG_QUALITY = 80


@dataclass(frozen=True)
class Episode:
    """What is run."""

    scene: str
    """Name of a shipped scene, or a path."""
    seed: int
    """Of all its randomness."""
    overrides: tuple[str, ...] = ()
    """`key.key=value`, as of `--set`."""
    case: str = ""
    """The row of a suite or sweep that it belongs to."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Swept key -> value, for the data; the overrides already say them."""
    files: Files = field(default_factory=dict, compare=False, repr=False)
    """What it may read, as planned; see `scene_files`."""
    kind: Kind = "run"
    """As planned, for where it breaks before its scene says so."""

    @property
    def id(self) -> str:
        """Of its inputs alone: the same episode has the same name in every campaign."""
        content = json.dumps([self.scene, list(self.overrides), self.seed])
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    @property
    def command(self) -> str:
        """What repeats it, bit for bit but for what is `measured`."""
        if self.kind == "run":
            return f"cellpick run {self._arguments}"
        return f"cellpick capture {self._arguments} --out look && cellpick perceive look/captures"

    @property
    def _arguments(self) -> str:
        options = "".join(f" --set {quote(override)}" for override in self.overrides)
        return f"{quote(self.scene)} --seed {self.seed}{options}"


@dataclass(frozen=True)
class EpisodeResult:
    """What an episode leaves, complete enough to go over a network."""

    record: dict[str, Any]
    """Plain JSON; all but `measured` follows from the episode, its files and the revision."""
    picture: bytes = b""
    """The first look, its cells drawn in, as JPEG; empty where there is none."""
    changed: tuple[str, ...] = ()
    """Names of the episode's files that were not as planned."""


def run_episode(episode: Episode) -> EpisodeResult:
    """Run it in this process. An error becomes a record with its traceback.

    One that is the machine's raises `UnavailableError`: the episode is still to be run. Where a
    file is not as planned nothing is run; what changes meanwhile is told too.
    """
    start = time.perf_counter()
    if changed := changed_files(episode.files):
        return EpisodeResult(blank_record(episode, "raised", "its files changed"), b"", changed)
    try:
        models = resolve_scene(load_scene(episode.scene, episode.overrides))
        episode = replace(episode, kind="look" if models.spec.purpose == "look" else "run")
        work = _looked if episode.kind == "look" else _ran
        content, picture = work(models, episode.seed)
    except Exception as error:
        if is_of_the_machine(error):
            raise told(error) from error
        reason = f"{type(error).__name__}: {error}"
        content = {"status": "raised", "reason": reason, "traceback": traceback.format_exc()}
        picture = b""
    record = blank_record(episode) | content
    record["measured"] = record["measured"] | {"wall_time_s": time.perf_counter() - start}
    return EpisodeResult(json.loads(json_text(record)), picture, changed_files(episode.files))


def blank_record(episode: Episode, status: Status = "done", reason: str = "") -> dict[str, Any]:
    """A record without figures, as one has whose process has died."""
    return {
        "schema": SCHEMA,
        "id": episode.id,
        "scene": episode.scene,
        "seed": episode.seed,
        "overrides": list(episode.overrides),
        "case": episode.case,
        "inputs": dict(episode.inputs),
        "version": version("cellpick"),
        "revision": revision(),
        "command": episode.command,
        "kind": episode.kind,
        "status": status,
        "reason": reason,
        "traceback": "",
        "summary": {},
        "attempts": [],
        "first_look": {},
        "measured": {},
    }


def _ran(models: SceneModels, seed: int) -> tuple[dict[str, Any], bytes]:
    with scratch_folder() as folder:
        result = run_scene(models, seed, folder, lambda line: None)
        log = folder / "picks.jsonl"
        attempts = log.read_text().splitlines() if log.exists() else []
        picture = _jpeg(folder / "overview.png")
    summary = dict(result.summary)
    return {
        "measured": summary.pop("measured"),
        "summary": summary,
        "attempts": [json.loads(line) for line in attempts],
        "first_look": look_figures(result.matches[0]),
    }, picture


def _looked(models: SceneModels, seed: int) -> tuple[dict[str, Any], bytes]:
    look = look_once(models, seed)
    matches = match_estimates(look.estimates, look.state, look.captures.task)
    with scratch_folder() as folder:
        overview = folder / "overview.png"
        write_overview_png(overview, look.captures, look.estimates)
        picture = _jpeg(overview)
    return {"first_look": look_figures(matches)}, picture


def look_figures(matches: Matches) -> dict[str, Any]:
    """One look judged: counts, and the errors of all estimates that it calls ok."""
    ok = [i for i, status in enumerate(matches.status) if status == "ok"]
    return {
        "cells": len(matches) + len(matches.missed),
        "found": len(matches),
        "false": len(matches.false_rows),
        "statuses": dict(sorted(Counter(matches.status).items())),
        "polarity": dict(sorted(Counter(matches.polarity).items())),
        "pose_error_mm": (1e3 * matches.position_error_m[ok]).round(6).tolist(),
        "pose_error_deg": np.degrees(matches.angle_error_rad[ok]).round(6).tolist(),
    }


def _jpeg(path: Path) -> bytes:
    """A smaller picture of the one in a file; empty where there is none."""
    if not path.exists():
        return b""
    image = np.asarray(cv2.imread(str(path)))
    scale = min(1.0, PICTURE_WIDTH_PX / image.shape[1])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
