"""Many rectangles for QPainter without making a Python object for each of them every time."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from shiboken6 import wrapInstance

_GROW = 4096


class RectBuffer:
    """QRect objects that live in a numpy array: written by numpy, drawn by `QPainter.drawRects`.

    A QRect is four int32: left, top, right and bottom, the last two included. Making 40,000 of them takes longer than
    drawing them; these are made once and then only get other numbers.
    """

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.int32]] = []  # never moved: the QRects point into them
        self._rects: list[QRect] = []

    def fill(self, rects: NDArray[np.integer]) -> list[QRect]:
        """[N, 4] x1, y1, x2, y2 (right and bottom excluded) as QRects, valid until the next call."""
        count = len(rects)
        while len(self._rects) < count:
            self._add_block()
        for i in range(0, count, _GROW):
            part = rects[i : i + _GROW]
            block = self._blocks[i // _GROW]
            block[: len(part), :2] = part[:, :2]
            block[: len(part), 2:] = part[:, 2:] - 1
        return self._rects[:count]

    def _add_block(self) -> None:
        block = np.zeros((_GROW, 4), np.int32)
        address, step = block.ctypes.data, block.strides[0]
        self._blocks.append(block)
        self._rects += [cast(QRect, wrapInstance(address + i * step, QRect)) for i in range(_GROW)]
