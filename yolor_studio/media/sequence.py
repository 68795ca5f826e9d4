"""A folder of numbered images that behaves like a video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.media.image import decode_still, read_header, to_bgra
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.source import ClosingSource, no_such_frame, rising


class SequenceSource(ClosingSource):
    """Images of one folder in the order of `files`; frame k is files[k], fitted to the first one's size."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        """Read the first image's header; raises MediaError when it cannot be read."""
        if not files:
            raise MediaError(f"{folder.name} holds no numbered series of images.")
        for name in files:
            if Path(name).name != name:
                raise MediaError(f"A sequence's file must lie in its folder, {name} does not.")
        self._folder, self._files = folder, tuple(files)
        header = read_header(folder / self._files[0])
        self.info = MediaInfo(
            kind=MediaKind.SEQUENCE,
            path=folder,
            codec=header.codec,
            width=header.width,
            height=header.height,
            frames=len(self._files),
            constant_rate=True,
            fps=None,
            rotation=0,
        )

    def read(self, index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        """Frame `index` as RGB [H, W, 3] or BGRA [H, W, 4]; raises MediaError."""
        if not 0 <= index < len(self._files):
            raise no_such_frame(self.info, index, len(self._files))
        path = self._folder / self._files[index]
        rgb = self._fitted(decode_still(path, read_header(path)))
        return to_bgra(rgb) if bgra else rgb

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(index, RGB) for rising indices."""
        for index in rising(indices):
            yield index, self.read(index)

    def timestamp(self, index: int) -> float | None:
        """None: a sequence's images carry no time."""
        return None

    def pts(self, index: int) -> int | None:
        """The frame's own number."""
        return index

    def _fitted(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture scaled to fit the first one's size, centred on black."""
        height, width = rgb.shape[:2]
        if (width, height) == (self.info.width, self.info.height):
            return rgb
        import cv2

        scale = min(self.info.width / width, self.info.height / height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        whole = np.zeros((self.info.height, self.info.width, 3), np.uint8)
        top, left = (self.info.height - size[1]) // 2, (self.info.width - size[0]) // 2
        whole[top : top + size[1], left : left + size[0]] = small
        return whole
