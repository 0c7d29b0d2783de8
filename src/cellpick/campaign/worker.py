"""What a worker process does: it runs episodes for the process that started it.

The socket whose number `main` is given first brings what to run (`Job`), then one episode after
the other; it takes back the revision that runs here and then a result for each, or the error that
keeps this machine from running episodes. The process ends with its parent.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import resource
import threading
from multiprocessing.connection import Connection
from typing import NamedTuple

from cellpick.errors import UnavailableError
from cellpick.installation import revision, revision_on_disk

IDLE_S = 600.0
"""A worker without work ends after this time, as on a cluster whose campaign was killed."""


class Job(NamedTuple):
    """What a worker must know before it can load the work."""

    folder: str
    """Where relative paths start."""
    module_path: list[str]
    """`sys.path`, set before anything of cellpick is loaded."""
    work: bytes
    """The pickled function."""


def main(descriptor: int) -> None:
    """Run episodes until the parent closes the socket."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with Connection(descriptor) as parent:
        job = parent.recv()
        if os.path.isdir(job.folder):
            os.chdir(job.folder)
        work = pickle.loads(job.work)
        _one_thread()
        # what was loaded since is what was there at first
        if revision_on_disk() != revision():
            raise UnavailableError("the source of cellpick changed while this process loaded it")
        parent.send(revision())
        while True:
            if not parent.poll(IDLE_S):
                return
            try:
                episode = parent.recv()
            except EOFError:
                return
            try:
                parent.send(work(episode))
            except UnavailableError as error:
                parent.send(error)


def _one_thread() -> None:
    # the environment limits what reads it when it loads; OpenCV does not
    import cv2

    cv2.setNumThreads(1)


def _end_with(parent: int) -> None:
    """End this process soon after its parent has, even in the middle of an episode."""
    while os.getppid() == parent:
        threading.Event().wait(1.0)
    os._exit(1)
