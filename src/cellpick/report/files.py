"""Files that are whole or absent: written under another name first, then renamed."""

from __future__ import annotations

import os
from pathlib import Path

from cellpick.errors import UnavailableError


def make_folder(folder: Path) -> Path:
    """The folder, made if need be and shown to be writable; raises `UnavailableError` otherwise."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UnavailableError(f"cannot write into folder {folder}: {error.strerror}") from error
    return folder


def ready_file(path: Path) -> Path:
    """The path, shown to be one that `write_whole` can write; its folder is made if need be.

    Raises `UnavailableError` naming the path. For what takes long to make: ask before, not after.
    """
    _refuse_what_is_no_file(path)
    make_folder(path.parent)
    return path


def _refuse_what_is_no_file(path: Path) -> None:
    # a rename would put a plain file in the place of a device
    if path.exists() and not path.is_file():
        what = "it is a folder" if path.is_dir() else "it is no plain file"
        raise UnavailableError(f"cannot write {path}: {what}")


def write_whole(path: Path, content: bytes) -> Path:
    """Write `content` to `path`, all or nothing; raises `UnavailableError` naming the path."""
    _refuse_what_is_no_file(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UnavailableError(f"cannot write {path}: {error.strerror}") from error
    return path


def append_line(path: Path, line: str) -> None:
    """Append one line and flush it to the disk; a line that does not fit leaves no part behind.

    Raises `UnavailableError` naming the path.
    """
    try:
        with path.open("ab") as file:
            before = file.tell()
            try:
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, before)
                raise
    except OSError as error:
        raise UnavailableError(f"cannot append to {path}: {error.strerror}") from error
