"""A seat for episodes: one process at a time, replaced when it is used up, hangs or dies."""

from __future__ import annotations

import pickle
import platform
import sys
from concurrent.futures import CancelledError
from threading import Lock

from cellpick.campaign.engine import Settings
from cellpick.campaign.episode import Episode, EpisodeResult, Status, blank_record
from cellpick.campaign.worker import Job
from cellpick.campaign.worker_process import WorkerProcess
from cellpick.errors import InputError, UnavailableError

START_LIMIT_S = 300.0
"""Loading cellpick takes 2 s; from a busy file server of a cluster much longer."""
STARTS = 3
"""Processes in a row that may end before they are ready."""
ENDED = (EOFError, ConnectionError)
"""How the end of a process shows in its socket."""
LIVES = 2
"""Processes that an episode may take with it: something else may have killed the first."""


class Seat:
    """Runs episodes one at a time, each in a process that cannot harm this one.

    `close` may be called by another thread, and ends what runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._job = Job(settings.folder, sys.path, pickle.dumps(settings.work))
        self._process: WorkerProcess | None = None
        self._left = 0
        self._closed = False
        self._running = Lock()
        self._changing = Lock()

    def run(self, episode: Episode) -> EpisodeResult:
        """The episode's result; one of status `timeout` or `died` where it has none of its own.

        Raises `UnavailableError` where no process can be started or this machine cannot run
        episodes, `InputError` where a process runs another revision of cellpick than the command,
        `CancelledError` once closed.
        """
        with self._running:
            result = self._try(episode)
            for _ in range(LIVES - 1):
                if result.record["status"] == "died":
                    result = self._try(episode)
            return result

    def close(self) -> None:
        """End the process; nothing more runs here."""
        with self._changing:
            self._closed = True
            if self._process:
                self._process.kill()
        with self._running:
            self._drop_process()

    def _try(self, episode: Episode) -> EpisodeResult:
        usable = self._process and self._left and self._process.is_alive
        process = self._process if self._process and usable else self._fresh_process()
        self._left -= 1
        process.send(episode)
        if process.is_silent(self._settings.limit_s):
            process.abort()
            reason = f"took above {self._settings.limit_s:g} s"
            result = self._failure(episode, "timeout", reason, process.last_words)
        else:
            try:
                answer: EpisodeResult | UnavailableError = process.receive()
            except ENDED:
                reason = f"its process ended by {process.end}, and so did another one"
                result = self._failure(episode, "died", reason, process.last_words)
            else:
                if isinstance(answer, UnavailableError):
                    raise answer
                return answer
        self._left = 0
        self._refuse_if_closed()
        return result

    def _fresh_process(self) -> WorkerProcess:
        for _ in range(STARTS):
            process = self._started()
            if process.is_silent(START_LIMIT_S):
                process.abort()
            try:
                found = process.receive()
            except ENDED:
                problem = f"{process.end}: {process.last_words}"
            else:
                self._refuse_another(found)
                self._left = self._settings.per_process
                return process
            self._refuse_if_closed()
        raise UnavailableError(f"worker processes do not start; the last one: {problem}")

    def _started(self) -> WorkerProcess:
        self._drop_process()
        with self._changing:
            self._refuse_if_closed()
            self._process = WorkerProcess(self._job)
            return self._process

    def _drop_process(self) -> None:
        with self._changing:
            if self._process:
                self._process.close()
            self._process = None

    def _refuse_another(self, revision: str) -> None:
        if revision != self._settings.revision:
            raise InputError(
                "a new process runs another revision of cellpick than the command: its source has "
                "changed since, or is another one there",
                source=platform.node(),
                got=revision,
                accepted=f"{self._settings.revision}; with it the same command goes on",
            )

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise CancelledError

    def _failure(self, episode: Episode, status: Status, reason: str, trace: str) -> EpisodeResult:
        told = {"traceback": trace, "revision": self._settings.revision}
        return EpisodeResult(blank_record(episode, status, reason) | told)
