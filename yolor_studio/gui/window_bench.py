"""What the whole window costs: going to the next frame, and moving the pointer while a model runs beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from yolor_studio.core.boxes import Box
from yolor_studio.core.errors import StudioError
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.session import Session
from yolor_studio.jobs.bench.clip import benchmark_clip
from yolor_studio.jobs.bench.row import Row
from yolor_studio.media import open_media

__all__ = ["measure_window"]

WIDTH, HEIGHT, SECONDS = 1920, 1080, 20
BOXES = 50
STEPS = 60
POINTER_SECONDS = 6.0
_TICK = 1 / 60
"""Seconds between two moves of the pointer, as a mouse tells them."""
_REST = 0.15
"""Seconds that a person looks at a frame before going on."""
_PATIENCE = 120.0


def measure_window(window: MainWindow, folder: Path, clips: Path) -> Iterator[Row]:
    """Rows measured in `window`, which is not shown yet, on a 1080p clip of `clips` with 50 boxes on every frame; the
    project is made in `folder`. Raises StudioError when a step gets stuck."""
    clip = benchmark_clip(clips, width=WIDTH, height=HEIGHT, seconds=SECONDS)
    window.resize(1440, 900)
    window.show()
    project = folder / "bench.yolor"
    window.studio.create_project(project)
    window.studio.add_media([clip])
    bench = _Bench(window)
    bench.until(lambda: bench.shown() is not None and all(media.verified for media in bench.session.media))
    _add_boxes(bench.session)
    floor = _decoding(clip)
    what = f"next frame in the window, {WIDTH} x {HEIGHT}, {BOXES} boxes, p95"
    yield Row(what, _p(95, bench.steps(0, rest=0.0)), "ms", floor, "bare decoding, p95", "50 ms")
    yield Row(
        "the same after looking at a frame", _p(95, bench.steps(STEPS, rest=_REST)), "ms", None, "", "16 ms, cached"
    )
    idle = _p(99, bench.pointer(lambda: True))
    window.studio.prelabel(None)
    bench.until(lambda: window.studio.run is not None and window.studio.run.progress.done > 0)
    busy = bench.pointer(lambda: window.studio.running)
    yield Row("pointer during pre-labelling p99", _p(99, busy), "ms", idle, "the same, idle", "33 ms")
    window.close()


class _Bench:
    """Acts on a window as a person does, and takes the time."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._app = QApplication.instance()

    @property
    def session(self) -> Session:
        """The open project."""
        session = self._window.studio.session
        assert session is not None
        return session

    def shown(self) -> tuple[int, int] | None:
        """The place whose picture is on the canvas."""
        return self._window.workspace.link.shown_place

    def pump(self) -> None:
        """Do what is waiting."""
        assert self._app is not None
        self._app.processEvents()

    def until(self, done: Callable[[], object]) -> None:
        """Let the window work until this holds."""
        end = time.monotonic() + _PATIENCE
        while not done():
            if time.monotonic() > end:
                raise StudioError("The window was not ready in two minutes; nothing was measured.")
            self.pump()
            time.sleep(0.001)

    def rest(self, seconds: float) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump()
            time.sleep(0.001)

    def steps(self, start: int, *, rest: float) -> list[float]:
        """Milliseconds from asking for each next frame until it is painted."""
        media = self.session.current
        assert media is not None
        self.session.seek(start)
        self.until(lambda: self.shown() == (media.id, start))
        times = []
        for _ in range(STEPS):
            self.rest(rest)
            begin = time.perf_counter()
            self.session.step(1)
            place = (media.id, self.session.frame)
            while self.shown() != place:
                self.pump()
            self.pump()
            times.append((time.perf_counter() - begin) * 1000)
        return times

    def pointer(self, going: Callable[[], bool]) -> list[float]:
        """Milliseconds that the window was busy at each move of the pointer over the canvas, with all that it did."""
        times = []
        end = time.monotonic() + POINTER_SECONDS
        while going() and time.monotonic() < end:
            begin = time.perf_counter()
            self._move(len(times))
            self.pump()
            spent = time.perf_counter() - begin
            times.append(spent * 1000)
            time.sleep(max(_TICK - spent, 0.0))
        return times

    def _move(self, count: int) -> None:
        canvas = self._window.workspace.canvas
        angle = count / 17
        at = QPointF(
            canvas.width() * (0.5 + 0.4 * math.cos(angle)), canvas.height() * (0.5 + 0.35 * math.sin(1.7 * angle))
        )
        none = Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(canvas, event)


def _add_boxes(session: Session) -> None:
    """Tracks from the first to the last frame, so that every frame has all the boxes."""
    media = session.current
    assert media is not None
    rng = np.random.default_rng(1)
    with session.project.edit("Boxes for the benchmark") as edit:
        category = edit.add_category("thing")
        for x, y in rng.uniform((0, 0), (0.85 * WIDTH, 0.85 * HEIGHT), (BOXES, 2)).tolist():
            box = Box(x, y, WIDTH / 16, HEIGHT / 16)
            thing = edit.add_object(media.id, category, 0, box, interpolate=True)
            edit.set_keyframe(thing, media.frames - 1, Box(x + WIDTH / 32, y + HEIGHT / 32, box.w, box.h))


def _decoding(clip: Path) -> float:
    """The floor of a step: the same frames decoded to what the canvas paints, nothing else."""
    times = []
    with open_media(clip) as source:
        source.read(0, bgra=True)
        for index in range(1, STEPS + 1):
            begin = time.perf_counter()
            source.read(index, bgra=True)
            times.append((time.perf_counter() - begin) * 1000)
    return _p(95, times)


def _p(percent: int, times: list[float]) -> float:
    return round(float(np.percentile(times, percent)), 2)
