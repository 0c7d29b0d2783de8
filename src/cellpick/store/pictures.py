"""Images and depth as files: PNG and .npy, both lossless, both checked when they are read."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cellpick.errors import InputError, UnavailableError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode_image(image: NDArray[np.uint8]) -> bytes:
    """PNG file of an RGB image (h, w, 3)."""
    return cv2.imencode(".png", _swap_red_and_blue(image))[1].tobytes()


def encode_depth(depth: NDArray[np.float32]) -> bytes:
    """`.npy` file of a depth image (h, w) in metres."""
    buffer = io.BytesIO()
    np.save(buffer, depth, allow_pickle=False)
    return buffer.getvalue()


def read_image(path: Path, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """RGB image (h, w, 3) of a PNG file; raises `InputError` unless it is whole and fits."""
    accepted = f"an 8-bit RGB PNG of {width_px} x {height_px} pixels"
    data = _bytes_of(path, accepted)
    if not _is_whole_png(data):
        raise InputError(
            "not a whole PNG image (truncated or corrupt)",
            source=str(path),
            got=f"{len(data)} bytes",
            accepted=accepted,
        )
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError("cannot be decoded", source=str(path), accepted=accepted)
    _check(image, (height_px, width_px, 3), np.uint8, path, accepted)
    return _swap_red_and_blue(image)


def read_depth(path: Path, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Depth (h, w) of a `.npy` file; raises `InputError` unless it is whole and fits."""
    accepted = f"a float32 array of shape ({height_px}, {width_px})"
    buffer = io.BytesIO(_bytes_of(path, accepted))
    try:
        depth = np.load(buffer, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(
            f"not a whole .npy array ({error})", source=str(path), accepted=accepted
        ) from error
    if not isinstance(depth, np.ndarray) or buffer.read(1):
        raise InputError("not a single .npy array", source=str(path), accepted=accepted)
    _check(depth, (height_px, width_px), np.float32, path, accepted)
    return depth


def _check(array: Any, shape: tuple[int, ...], dtype: type, path: Path, accepted: str) -> None:
    if array.shape != shape or array.dtype != dtype:
        got = f"{array.dtype} of shape {array.shape}"
        raise InputError("wrong size or type", source=str(path), got=got, accepted=accepted)


def _swap_red_and_blue(image: NDArray[Any]) -> NDArray[np.uint8]:
    """RGB (h, w, 3) to OpenCV's BGR, and back: the one place that knows of BGR."""
    return np.ascontiguousarray(image[..., ::-1])


def _bytes_of(path: Path, accepted: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("the file is missing", source=str(path), accepted=accepted) from error
    except OSError as error:
        raise UnavailableError(f"{path}: cannot be read: {error.strerror}") from error


def _is_whole_png(data: bytes) -> bool:
    """Whether all chunks up to IEND are there with right checksums (PNG specification, 5.3).

    OpenCV fills what is missing of a truncated image and says nothing that a program could hear.
    """
    if not data.startswith(PNG_SIGNATURE):
        return False
    position = len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        if zlib.crc32(data[position + 4 : end]).to_bytes(4, "big") != data[end : end + 4]:
            return False
        position = end + 4
        if kind == b"IEND":
            return position == len(data)
    return False
