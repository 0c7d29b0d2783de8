"""A process that runs episodes for the one that started it: `python -m cellpick.campaign.worker`.

The socket whose number is its argument first brings what to run (`Job`), then one episode after
the other; it takes back `READY` and then a result for each. The process ends with its parent.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import resource
import sys
import threading
from multiprocessing.connection import Connection
from typing import NamedTuple

READY = "ready"


class Job(NamedTuple):
    """What a worker must know before it can load the work."""

    folder: str
    """Where relative paths start."""
    module_path: list[str]
    """`sys.path`."""
    work: bytes
    """The pickled function."""


def main(descriptor: int) -> None:
    """Run episodes until the parent closes the socket."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with Connection(descriptor) as parent:
        job = parent.recv()
        sys.path[:] = job.module_path
        if os.path.isdir(job.folder):
            os.chdir(job.folder)
        work = pickle.loads(job.work)
        _one_thread()
        parent.send(READY)
        while True:
            try:
                episode = parent.recv()
            except EOFError:
                return
            parent.send(work(episode))


def _one_thread() -> None:
    # the environment limits what reads it when it loads; OpenCV does not
    import cv2

    cv2.setNumThreads(1)


def _end_with(parent: int) -> None:
    """End this process soon after its parent has, even in the middle of an episode."""
    while os.getppid() == parent:
        threading.Event().wait(1.0)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
