"""Clips whose frames carry their number as a pattern of large black and white cells."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.media.encode import encode_mp4

BITS, CELL = 8, 16


def numbered(count: int) -> Iterator[NDArray[np.uint8]]:
    """`count` pictures [32, 128, 3]; the upper row of cells is the number in binary, the lower one its complement."""
    for number in range(count):
        bits = np.array([number >> bit & 1 for bit in range(BITS)], np.uint8)
        cells = np.stack([bits, 1 - bits]) * 255
        yield np.repeat(np.kron(cells, np.ones((CELL, CELL), np.uint8))[:, :, None], 3, axis=2)


def number_of(picture: NDArray[np.uint8]) -> int:
    """The number that a decoded picture carries; -1 where it is not clear."""
    cells = picture[..., :3].mean(axis=2).reshape(2, CELL, BITS, CELL).mean(axis=(1, 3))
    upper, lower = cells > 170, cells < 85
    if not (upper | lower).all() or not (upper[0] == lower[1]).all():
        return -1
    return int(sum(1 << bit for bit in range(BITS) if upper[0, bit]))


def make_clip(
    path: Path,
    count: int,
    *,
    gop: int = 12,
    bframes: int = 2,
    fps: Fraction | float = 25,
    times: list[int] | None = None,
    rotation: int = 0,
) -> Path:
    """A clip of numbered frames."""
    encode_mp4(path, numbered(count), fps=fps, gop=gop, bframes=bframes, times=times, crf=10, rotation=rotation)
    return path
