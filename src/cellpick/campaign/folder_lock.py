"""One command at a time works in a folder of results."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cellpick.errors import InputError, UnavailableError

NAME = ".lock"


class FolderLock:
    """Holds a folder until `close`, or until the process ends in any way: the kernel lets go.

    Raises `InputError` where another command holds it, `UnavailableError` where the folder
    cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        try:
            self._file = path.open("a+")
        except OSError as error:
            raise UnavailableError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise InputError(
                f"another command (process {holder}) is at work in this folder",
                source=str(folder),
                accepted="wait for its end, or another folder",
            ) from error
        except OSError as error:
            self._file.close()
            raise UnavailableError(f"cannot lock {path}: {error.strerror}") from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Let go."""
        self._file.close()
