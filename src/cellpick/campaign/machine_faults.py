"""Errors that are the machine's, not the episode's: they say nothing of what was to be measured."""

from __future__ import annotations

import errno
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cellpick.errors import UnavailableError

ERRNOS = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO),
        *(errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    }
)
"""A full, worn or read-only disk, rights that are missing, no more open files or memory."""


def is_of_the_machine(error: Exception) -> bool:
    """Whether the same episode may end well on another machine, or later on this one.

    Memory that Python lacks is not among them: a scene may ask for too much, and one that is killed
    for it is recorded too.
    """
    if isinstance(error, OSError):
        return error.errno in ERRNOS
    return isinstance(error, (UnavailableError, ImportError))


def told(error: Exception) -> UnavailableError:
    """The error that ends a campaign, with the machine's name: a cluster has many."""
    words = error if isinstance(error, UnavailableError) else f"{type(error).__name__}: {error}"
    return UnavailableError(
        f"{platform.node()} cannot run episodes: {words}; "
        "once that is mended the same command goes on from here"
    )


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards; raises `UnavailableError` where none can be made."""
    try:
        folder = tempfile.TemporaryDirectory()
    except OSError as error:
        raise UnavailableError(f"no temporary folder: {error.strerror}") from error
    with folder as name:
        yield Path(name)
