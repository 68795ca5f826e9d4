"""Small pictures of media, read on a thread when a list first paints them; the newest request comes first."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from yolor_studio.core.entities import Media
from yolor_studio.core.errors import StudioError
from yolor_studio.gui.bridge import Bridge
from yolor_studio.project import Project

__all__ = ["Thumbnails", "image_of"]

MAX_SIDE = 192
MAX_WAITING = 64


def image_of(rgb: NDArray[np.uint8]) -> QImage:
    """A QImage with pixels of its own from RGB [H, W, 3]."""
    height, width = rgb.shape[:2]
    return QImage(rgb.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).copy()


class Thumbnails(QObject):
    """Pictures of the media of one project; `ready` tells the id of a media whose picture has come."""

    ready = Signal(object)

    def __init__(self, project: Project, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._sink = bridge.sink(self._take)
        self._pixmaps: dict[int, QPixmap | None] = {}
        self._wake = threading.Condition()
        self._waiting: list[tuple[Media, Path]] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def pixmap(self, media: Media) -> QPixmap | None:
        """The picture of a media, None while it is not there (it then comes with `ready`) or cannot be read."""
        if media.id not in self._pixmaps:
            self._pixmaps[media.id] = None
            self._ask(media)
        return self._pixmaps[media.id]

    def known(self, media_id: int) -> QPixmap | None:
        """The picture if it is there."""
        return self._pixmaps.get(media_id)

    def forget(self, media_id: int) -> None:
        """Read this media's picture anew when it is painted next: its file is another one."""
        self._pixmaps.pop(media_id, None)

    def close(self) -> None:
        """End the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(5)

    def _ask(self, media: Media) -> None:
        path = self._project.media_path(media)
        with self._wake:
            self._waiting.append((media, path))
            # Whoever scrolls fast leaves rows behind: they are asked for again when they are painted again.
            while len(self._waiting) > MAX_WAITING:
                self._pixmaps.pop(self._waiting.pop(0)[0].id, None)
            self._wake.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                media, path = self._waiting.pop()
            self._sink((media.id, _read(media, path)))

    def _take(self, answer: tuple[int, QImage | None]) -> None:
        media_id, image = answer
        if image is not None and not self._closed:
            self._pixmaps[media_id] = QPixmap.fromImage(image)
            self.ready.emit(media_id)


def _read(media: Media, path: Path) -> QImage | None:
    from yolor_studio.media import open_media, thumbnail

    try:
        with open_media(path, files=media.files) as source:
            return image_of(thumbnail(source.read(0), MAX_SIDE))
    except (StudioError, OSError):
        return None
