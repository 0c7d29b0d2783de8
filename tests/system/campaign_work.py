"""Stand-ins for `run_episode`, which other processes load by their names: fast and bad.

What an episode is to do stands in its `inputs`: `{"do": "hang", "folder": ...}`. Each call appends
its process id to the folder's file of the episode's seed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from shutil import copytree, ignore_patterns

import cv2

import cellpick
from cellpick.campaign import Episode, EpisodeResult
from cellpick.campaign.episode import blank_record
from cellpick.errors import UnavailableError
from cellpick.installation import data_folder


def work(episode: Episode) -> EpisodeResult:
    """Do as the episode's inputs say."""
    calls = Path(episode.inputs["folder"], f"calls-{episode.seed}")
    with calls.open("a") as file:
        file.write(f"{os.getpid()}\n")
    what = episode.inputs.get("do", "")
    first = len(calls.read_text().splitlines()) == 1
    if what == "hang":
        time.sleep(600)
    if what == "die at first" and first:
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "crash":
        ctypes.string_at(0)
    if what == "full at first" and first:
        raise UnavailableError("no space left")
    if what == "edit":
        with Path(episode.inputs["file"]).open("a") as source:
            source.write("# edited")
    if what == "settings":
        record = blank_record(episode) | {"summary": settings()}
        return EpisodeResult(record)
    time.sleep(episode.inputs.get("sleep_s", 0.0))
    return result_of(episode)


def settings() -> dict[str, object]:
    """What a worker process finds."""
    return {
        "folder": os.getcwd(),
        "cv2": cv2.getNumThreads(),
        "omp": os.environ["OMP_NUM_THREADS"],
        "openblas": os.environ["OPENBLAS_NUM_THREADS"],
    }


def result_of(episode: Episode) -> EpisodeResult:
    """What an undisturbed episode gives."""
    figures = {"summary": {"placed_ok": episode.seed % 3}, "measured": {"pid": os.getpid()}}
    return EpisodeResult(blank_record(episode) | figures, b"jpeg %d" % episode.seed)


def copied(root: Path) -> Path:
    """A checkout of the same revision in another place; its package's folder."""
    package = root / "src" / "cellpick"
    copytree(Path(cellpick.__file__).parent, package, ignore=ignore_patterns("__pycache__"))
    for kind in ("models", "scenes"):
        copytree(data_folder(kind), root / kind)
    return package


WAYS = ("", "die at first", "crash", "hang", "", "")
"""What episodes may do."""
LIMIT_S = 2.0
"""For those that hang."""


def due(episode: Episode) -> dict[str, object]:
    """The record that every engine must give: but for what is measured, and a trace's content."""
    record = result_of(episode).record
    if episode.inputs["do"] == "crash":
        end = "its process ended by signal SIGSEGV, and so did another one"
        record = blank_record(episode, "died", end)
    if episode.inputs["do"] == "hang":
        record = blank_record(episode, "timeout", "took above 2 s")
    return comparable(record | {"traceback": "" if record["status"] == "done" else work.__name__})


def comparable(record: dict[str, object]) -> dict[str, object]:
    """A record without what differs from run to run."""
    where = "work" if 'campaign_work.py", line' in str(record["traceback"]) else record["traceback"]
    return record | {"measured": {}, "traceback": where}
