"""Displayed frames kept in memory, bounded by bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray


class FrameCache:
    """Pictures by (media, frame), the least recently used dropped first. Any thread."""

    def __init__(self, max_bytes: int) -> None:
        """Hold at most `max_bytes` of pixels; a picture larger than that is not kept."""
        self._max_bytes = max_bytes
        self._pictures: OrderedDict[tuple[Hashable, int], NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._pictures)

    def __contains__(self, key: tuple[Hashable, int]) -> bool:
        return key in self._pictures

    def get(self, media: Hashable, index: int) -> NDArray[np.uint8] | None:
        """The picture, which is now the most recently used; None when it is not held."""
        with self._lock:
            picture = self._pictures.get((media, index))
            if picture is not None:
                self._pictures.move_to_end((media, index))
            return picture

    def put(self, media: Hashable, index: int, picture: NDArray[np.uint8]) -> None:
        """Keep the picture [H, W, C]; nobody may write to it from now on."""
        if picture.nbytes > self._max_bytes:
            return
        with self._lock:
            old = self._pictures.pop((media, index), None)
            self._bytes += picture.nbytes - (0 if old is None else old.nbytes)
            self._pictures[media, index] = picture
            while self._bytes > self._max_bytes:
                _, dropped = self._pictures.popitem(last=False)
                self._bytes -= dropped.nbytes

    def drop(self, media: Hashable) -> None:
        """Forget all pictures of a media."""
        with self._lock:
            for key in [key for key in self._pictures if key[0] == media]:
                self._bytes -= self._pictures.pop(key).nbytes
