"""Loads Open3D late, and gives it libusb where the system has none."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
from typing import Any

from cellpick.errors import UnavailableError


def load_open3d() -> Any:
    """The module `open3d`; its first import takes one to two seconds.

    Raises `UnavailableError` when it or a shared library that it links is missing.
    """
    if ctypes.util.find_library("usb-1.0") is None:
        _load_packaged_libusb()
    try:
        return importlib.import_module("open3d")
    except ImportError as error:
        raise UnavailableError(
            f"Open3D cannot be loaded: {error}; `cellpick doctor` names what is missing"
        ) from error


def _load_packaged_libusb() -> None:
    # Open3D links libusb for cameras that are never used here; loading the library of the package
    # `libusb-package` under its soname first saves a system package.
    try:
        path = importlib.import_module("libusb_package").get_library_path()
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError) as error:
        raise UnavailableError(f"libusb cannot be loaded: {error}") from error
