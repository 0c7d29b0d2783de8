"""What the files of a scene said when a campaign was planned, and whether they still do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cellpick.installation import data_folder, file_digest

Files = Mapping[str, str]
"""Name -> digest. Shipped files have the same names (`models/...`) wherever cellpick lies, files
below the working folder begin with `./`, others with `/`."""
SHIPPED = ("models", "scenes")
DIGITS = 16


def files_as_they_are(paths: Iterable[Path]) -> Files:
    """The names of files, in order, with digests of their contents."""
    named = {_name(path.absolute()): path for path in paths}
    return {name: _digest(named[name]) for name in sorted(named)}


def changed_files(files: Files) -> tuple[str, ...]:
    """Names of those whose contents differ on this machine now, or that are gone."""
    return tuple(name for name, digest in files.items() if _digest(_path(name)) != digest)


def _name(path: Path) -> str:
    for kind in SHIPPED:
        if path.is_relative_to(data_folder(kind)):
            return f"{kind}/{path.relative_to(data_folder(kind)).as_posix()}"
    here = Path.cwd()
    return f"./{path.relative_to(here).as_posix()}" if path.is_relative_to(here) else str(path)


def _path(name: str) -> Path:
    kind, _, rest = name.partition("/")
    return data_folder(kind) / rest if kind in SHIPPED else Path(name)


def _digest(path: Path) -> str:
    try:
        return file_digest(path)[:DIGITS]
    except OSError:
        return ""
