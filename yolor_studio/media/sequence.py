"""A folder of numbered images that behaves like a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.media.fitting import centred, fitted_size
from yolor_studio.media.image import to_bgra
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.source import ClosingSource, no_such_frame, rising
from yolor_studio.media.still import decode_still, read_header


class SequenceSource(ClosingSource):
    """Images of one folder in the order of `files`; frame k is files[k], fitted to the first one's size."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        """Read the first image's header; raises MediaError when it cannot be read."""
        if not files:
            raise MediaError(f"{folder.name or folder} holds no numbered series of images.")
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
            notes=header.notes,
        )

    def examine(self, cancel: CancelToken | None = None) -> None:
        """Read the header of every file, so that `info` tells of other sizes and of files that cannot be read."""
        sizes: Counter[tuple[int, int]] = Counter()
        unreadable: list[str] = []
        for name in self._files:
            if cancel is not None:
                cancel.check()
            try:
                header = read_header(self._folder / name)
            except MediaError as error:
                unreadable.append(str(error))
            else:
                sizes[header.width, header.height] += 1
        notes = [*self.info.notes, *_other_sizes(sizes, (self.info.width, self.info.height))]
        if unreadable:
            notes.append(f"{len(unreadable)} of {len(self._files)} pictures cannot be read; the first: {unreadable[0]}")
        self.info = replace(self.info, notes=tuple(notes))

    def read(self, index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        """Frame `index` as RGB [H, W, 3] or BGRA [H, W, 4]; raises MediaError."""
        if not 0 <= index < len(self._files):
            raise no_such_frame(self.info, index, len(self._files))
        path = self._folder / self._files[index]
        rgb = self._fitted(decode_still(path, read_header(path))[0])
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
        frame, size = (self.info.width, self.info.height), (rgb.shape[1], rgb.shape[0])
        if size == frame:
            return rgb
        import cv2

        small = fitted_size(size, frame)
        how = cv2.INTER_AREA if small[0] < size[0] else cv2.INTER_LINEAR
        return centred(np.asarray(cv2.resize(rgb, small, interpolation=how), np.uint8), frame)


def _other_sizes(sizes: Counter[tuple[int, int]], first: tuple[int, int]) -> Iterator[str]:
    others = sum(sizes.values()) - sizes[first]
    if others:
        example = next(size for size in sizes if size != first)
        yield (
            f"{others} of {sum(sizes.values())} pictures have another size than the first (such as"
            f" {example[0]} × {example[1]}); they are scaled to fit {first[0]} × {first[1]}."
        )
