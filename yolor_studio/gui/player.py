"""Playing at real speed: a timer that seeks to where the clock says the media should be."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

from yolor_studio.core.entities import MediaKind
from yolor_studio.gui.session import Session

__all__ = ["SPEEDS", "Player"]

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
SEQUENCE_RATE = 10.0
"""Frames a second at which a sequence plays: it has no rate of its own."""


class Player(QObject):
    """Plays the media in view; late pictures are left out, so that the speed is right."""

    state_changed = Signal()
    """Playing or the speed has changed."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._speed = 1.0
        self._started_at = 0.0
        self._started_frame = 0
        self._expected: tuple[int | None, int] = (None, 0)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        session.place_changed.connect(self._on_place)

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._timer.isActive()

    @property
    def speed(self) -> float:
        """How many times real speed."""
        return self._speed

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self._play()

    def pause(self) -> None:
        """Stay on this frame."""
        if self.playing:
            self._timer.stop()
            self.state_changed.emit()

    def set_speed(self, speed: float) -> None:
        """Play at `speed` times real speed from here on."""
        self._speed = speed
        self._restart_clock()
        self.state_changed.emit()

    def _rate(self) -> float:
        media = self._session.current
        return (media.fps if media is not None and media.fps else SEQUENCE_RATE) * self._speed

    def _play(self) -> None:
        media = self._session.current
        if media is None or media.kind is MediaKind.IMAGE or media.frames < 2:
            return
        if self._session.frame >= media.frames - 1:
            self._session.seek(0)
        self._restart_clock()
        self._timer.start(max(int(1000 / self._rate()), 10))
        self.state_changed.emit()

    def _restart_clock(self) -> None:
        self._started_at, self._started_frame = time.monotonic(), self._session.frame
        if self.playing:
            self._timer.setInterval(max(int(1000 / self._rate()), 10))

    def _tick(self) -> None:
        media = self._session.current
        if media is None:
            self.pause()
            return
        target = self._started_frame + int((time.monotonic() - self._started_at) * self._rate())
        target = min(target, media.frames - 1)
        self._expected = (media.id, target)
        self._session.go(media.id, target)
        if target >= media.frames - 1:
            self.pause()

    def _on_place(self) -> None:
        media = self._session.current
        place = (media.id if media is not None else None, self._session.frame)
        if not self.playing or place == self._expected:
            return
        if place[0] != self._expected[0]:
            self.pause()
        else:
            self._restart_clock()
