"""This copy of cellpick: where its data lie, and which revision of code and data it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from cellpick.errors import UnavailableError

SOURCES = (".py", ".j2", ".css")
"""Files of the package that decide what it does."""
DATA = (".yaml", ".urdf", ".stl", ".obj")
"""Files of `models` and `scenes` that an episode may read."""
DIGITS = 12
"""Of the digest, in hexadecimal."""
_PACKAGE = Path(__file__).absolute().parent


def data_folder(kind: str) -> Path:
    """The shipped folder `kind` (`scenes` or `models`): in the wheel, or at the checkout's root."""
    package = _PACKAGE.resolve()
    installed = package / "data" / kind
    return installed if installed.is_dir() else package.parents[1] / kind


@lru_cache(maxsize=1)
def revision() -> str:
    """`VERSION+DIGEST` as this process first found it; see `revision_on_disk`."""
    return revision_on_disk()


def revision_on_disk() -> str:
    """The version, and the start of a SHA-256 over code, models and scenes as they are now.

    The same for a checkout and the wheel that is made from it. Suites are left out: a plan's
    digest has what they run, and their limits may change between two looks at finished episodes.
    Raises `UnavailableError` where there is no source to read, as in a ZIP file.
    """
    total = hashlib.sha256()
    try:
        for name, path in sorted(_files()):
            total.update(f"{name}\n{file_digest(path)}\n".encode())
    except OSError as error:
        raise UnavailableError(f"cannot read {error.filename}: {error.strerror}") from error
    return f"{version('cellpick')}+{total.hexdigest()[:DIGITS]}"


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file as hexadecimal, however its lines end; raises `OSError`."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()


def _files() -> Iterator[tuple[str, str]]:
    """Name and path of each file, under names that do not depend on where cellpick lies."""
    if not (_PACKAGE / "installation.py").is_file():
        raise UnavailableError(
            f"no source of cellpick at {_PACKAGE}, so that results cannot tell what made them; "
            "install it as folders, with its source"
        )
    yield from _below(_PACKAGE, "cellpick", SOURCES)
    for kind in ("models", "scenes"):
        yield from _below(data_folder(kind), kind, DATA)


def _below(root: Path, name: str, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    # a wheel keeps inside the package what stands beside it in a checkout
    apart = str(_PACKAGE / "data")
    for parent, folders, files in os.walk(root, onerror=_fail, followlinks=True):
        folders[:] = [f for f in folders if f[0] != "." and f"{parent}{os.sep}{f}" != apart]
        inner = name + parent[len(str(root)) :].replace(os.sep, "/")
        for file in files:
            if file.endswith(endings) and file[0] != ".":
                yield f"{inner}/{file}", f"{parent}{os.sep}{file}"


def _fail(error: OSError) -> None:
    raise error
