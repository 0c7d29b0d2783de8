"""The near end of a worker process: starts it, speaks with it, ends it, says how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing import Pipe
from typing import IO, Any

from cellpick.campaign.worker import Job

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""Environment of a worker: as many processes as cores, each on one thread, don't fight."""
LOG_TAIL_BYTES = 16000
GRACE_S = 2.0
"""For a process to write where it stood, before it is killed."""


class WorkerProcess:
    """A fresh interpreter with a socket of its own, so that its end harms no other worker."""

    def __init__(self, job: Job) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self._connection, far_end = Pipe()
        descriptor = far_end.fileno()
        start = (
            f"import sys; sys.path[:] = {job.module_path!r}; "
            # before the code is loaded: later it may have changed
            "from cellpick.installation import revision; revision(); "
            f"from cellpick.campaign.worker import main; main({descriptor})"
        )
        # a session of its own: Ctrl-C in a terminal goes to the command alone, which ends workers
        self._process = subprocess.Popen(
            [sys.executable, "-c", start],
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(job.module_path)},
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        far_end.close()
        self.send(job)

    def send(self, message: object) -> None:
        """Send it; a process that has ended is noticed by `receive`."""
        with suppress(OSError):
            self._connection.send(message)

    def is_silent(self, limit_s: float) -> bool:
        """Wait until it sends something or has ended; whether it did neither within the limit."""
        return not self._connection.poll(limit_s)

    def receive(self) -> Any:
        """What it sends next; raises `EOFError` or `ConnectionError` where it has ended."""
        return self._connection.recv()

    def abort(self) -> None:
        """End it; it writes down where it stands if it still can."""
        self._process.send_signal(signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_S)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """End it, wait for that, and free what it had."""
        self.kill()
        self._process.wait()
        self._connection.close()
        self._log.close()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def end(self) -> str:
        """How it ended, in words; waits for that."""
        code = self._process.wait()
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    @property
    def last_words(self) -> str:
        """The end of what it wrote to its standard output and error, and where it stood."""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - LOG_TAIL_BYTES))
        text = self._log.read().decode(errors="replace")
        # after the stack of each thread come the names of some hundred loaded modules
        return text.partition("\nExtension modules:")[0].strip()
