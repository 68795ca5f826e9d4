"""A still image as a source of one frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import MediaKind
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.source import ClosingSource, no_such_frame, rising
from yolor_studio.media.still import decode_still, read_header


class ImageSource(ClosingSource):
    """One image file; frame 0 is the picture."""

    def __init__(self, path: Path) -> None:
        """Read the header of `path`; raises MediaError."""
        self._path = path
        self._header = read_header(path)
        self.info = MediaInfo(
            kind=MediaKind.IMAGE,
            path=path,
            codec=self._header.codec,
            width=self._header.width,
            height=self._header.height,
            frames=1,
            constant_rate=True,
            fps=None,
            rotation=self._header.orientation.degrees,
            notes=self._header.notes,
        )

    def read(self, index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        """The picture as RGB [H, W, 3] or BGRA [H, W, 4]; `info` then has the notes that decoding brought.

        Raises MediaError for another frame than 0, and when the pixels do not decode."""
        if index != 0:
            raise no_such_frame(self.info, index, 1)
        rgb, notes = decode_still(self._path, self._header)
        self.info = replace(self.info, notes=(*self._header.notes, *notes))
        return to_bgra(rgb) if bgra else rgb

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(0, RGB) for index 0."""
        for index in rising(indices):
            yield index, self.read(index)

    def timestamp(self, index: int) -> float | None:
        """None: an image has no time."""
        return None

    def pts(self, index: int) -> int | None:
        """None: an image has no time."""
        return None


def to_bgra(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB [H, W, 3] -> BGRA [H, W, 4] with alpha 255."""
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), np.uint8)
