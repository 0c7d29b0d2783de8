"""The printed 2D codes: DataMatrix symbols (ISO/IEC 16022, ECC 200) of the serial numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from cellpick.geometry import Floats

Array = NDArray[np.float32]
QUIET_MODULES = 1
"""Width of the quiet zone: the least that ISO/IEC 16022 asks for."""


def datamatrix(text: str) -> NDArray[np.bool_]:
    """(n, n) modules with the quiet zone, true is ink; the first row is the top one."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    image = zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False)
    ink = np.array(image) < 128
    side = max(ink.shape) + 2 * QUIET_MODULES
    out = np.zeros((side, side), dtype=np.bool_)
    top, left = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    out[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return out


class CodeAtlas:
    """The codes of all cells, ready for exact box-filtered lookups."""

    def __init__(self, texts: Sequence[str]) -> None:
        codes = [datamatrix(text)[::-1] for text in texts]
        self._modules = np.array([len(code) for code in codes], dtype=np.float32)
        side = max((len(code) for code in codes), default=1)
        self._sums = np.zeros((len(codes), side + 1, side + 1), dtype=np.float32)
        for sums, code in zip(self._sums, codes, strict=True):
            n = len(code)
            sums[1 : n + 1, 1 : n + 1] = code.cumsum(axis=0).cumsum(axis=1)

    def ink(self, cells: NDArray[np.int32], uv: Array, width: Array) -> Array:
        """Share of ink (n,) in squares of the codes of `cells` (n,).

        `uv` (n, 2) are the squares' centres and `width` (n,) their sides, where 0 to 1 spans the
        code with its quiet zone, v upwards. Exact, by a table of sums (Crow 1984, "Summed-area
        tables for texture mapping").
        """
        n = self._modules[cells]
        reach = width[:, None] / np.float32(2)
        low = np.clip(uv - reach, 0, 1) * n[:, None]
        high = np.clip(uv + reach, 0, 1) * n[:, None]
        corner = self._sum_to
        ink = (
            corner(cells, high[:, 0], high[:, 1])
            - corner(cells, low[:, 0], high[:, 1])
            - corner(cells, high[:, 0], low[:, 1])
            + corner(cells, low[:, 0], low[:, 1])
        )
        result: Array = ink / np.maximum(width * n, 1e-9) ** 2
        return result

    def _sum_to(self, cells: NDArray[np.int32], x: Array, y: Array) -> Array:
        last = self._sums.shape[1] - 2
        i, j = np.minimum(x.astype(np.int32), last), np.minimum(y.astype(np.int32), last)
        fx, fy = x - i, y - j
        s = self._sums
        row0 = s[cells, j, i] * (1 - fx) + s[cells, j, i + 1] * fx
        row1 = s[cells, j + 1, i] * (1 - fx) + s[cells, j + 1, i + 1] * fx
        result: Array = row0 * (1 - fy) + row1 * fy
        return result


def square_side(size_m: Floats) -> float:
    """Side of the square that a code feature of `size_m` (2,) holds."""
    return float(min(size_m))
