"""Names of the files of a stored look. docs/formats.md describes them."""

from __future__ import annotations

import re

SCHEMA = "cellpick.look/3"
"""Name and version of the format; another one is refused."""

INDEX = "look.json"
"""Everything but the pixels; its presence marks a whole store."""


def image_name(index: int, camera: str) -> str:
    """File name of a capture's image; the index keeps names apart, whatever a camera is called."""
    return f"{index}_{_plain(camera)}.png"


def depth_name(index: int, camera: str) -> str:
    """File name of a capture's depth."""
    return f"{index}_{_plain(camera)}.depth.npy"


def _plain(camera: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", camera)
