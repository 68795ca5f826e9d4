"""The one interface behind which images, sequences and videos look alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.media.info import MediaInfo

Picture = NDArray[np.uint8]
"""[H, W, 3] RGB or [H, W, 4] BGRA, C-contiguous, in the displayed orientation."""


class Source(Protocol):
    """One opened media. Not thread safe: one thread at a time. A context manager that closes on leaving."""

    @property
    def info(self) -> MediaInfo:
        """What is known about the media by now."""
        ...

    def read(self, index: int, *, bgra: bool = False) -> Picture:
        """Frame `index` as RGB [H, W, 3], or as BGRA [H, W, 4] with alpha 255; the array is the caller's.

        Raises MediaError when there is no such frame or it cannot be read."""
        ...

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, Picture]]:
        """(index, RGB) for rising `indices`; decodes forward where that is cheaper than seeking.

        Raises MediaError as `read` does, ValueError when the indices do not rise."""
        ...

    def timestamp(self, index: int) -> float | None:
        """Seconds from the first frame to frame `index`; None where unknown or meaningless."""
        ...

    def pts(self, index: int) -> int | None:
        """Frame `index`'s presentation time in the stream's own units; None where unknown or meaningless."""
        ...

    def close(self) -> None:
        """Let go of files and decoders; the source cannot be used any more."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ClosingSource:
    """What all sources share: closing as a context manager, and the sentence for a frame that is not there."""

    info: MediaInfo

    def close(self) -> None:
        """Let go of files and decoders."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def no_such_frame(info: MediaInfo, index: int, frames: int) -> MediaError:
    """The error that says which frames there are."""
    if frames == 1:
        return MediaError(f"{info.path.name} has one frame, number 0; there is no frame {index}.")
    return MediaError(f"{info.path.name} has {frames} frames, 0 to {frames - 1}; there is no frame {index}.")


def rising(indices: Iterable[int]) -> Iterator[int]:
    """The indices, checked to rise strictly; raises ValueError where they do not."""
    last: int | None = None
    for index in indices:
        if last is not None and index <= last:
            raise ValueError(f"Frame indices must rise: {index} follows {last}")
        last = index
        yield index
