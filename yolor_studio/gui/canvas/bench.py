"""What the canvas costs, measured beside a floor: a bare widget that paints the picture alone."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from yolor_studio.core.palette import COLOURS
from yolor_studio.gui import looks
from yolor_studio.gui.canvas.canvas import Canvas
from yolor_studio.gui.canvas.model import BoxArrays

SIZE = (3840, 2160)
"""The picture and the widget, in pixels."""
COUNTS = (1000, 5000, 10_000)
_MOVES, _PAINTS = 60, 7


def measure(counts: Sequence[int] = COUNTS) -> list[dict[str, Any]]:
    """One row per number of boxes on a 4K canvas: GUI-thread milliseconds of the whole event with its painting.

    Keys: boxes; floor_ms (a widget that paints the 4K picture and nothing else, whole), frame_ms (the next frame: a new
    picture and new boxes), and hover_ms, drag_ms (pointer moves) with their `_p95`, and paints_per_move.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([])
    looks.apply(app, looks.Theme.DARK)
    pixels = np.random.default_rng(1).integers(0, 255, (SIZE[1], SIZE[0], 4), np.uint8)
    floor = _median(_floor(app, pixels))
    return [_measure_one(app, pixels, count) | {"floor_ms": floor} for count in counts]


class _Bare(QWidget):
    """The floor: one widget, one drawImage."""

    def __init__(self, image: QImage) -> None:
        super().__init__()
        self._image = image
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.end()


class _Counting(Canvas):
    """A canvas that counts its paint events."""

    paints = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paints += 1
        super().paintEvent(event)


def _floor(app: QApplication, pixels: np.ndarray) -> list[float]:
    image = QImage(pixels.data, *SIZE, pixels.strides[0], QImage.Format.Format_RGB32)
    bare = _Bare(image)
    _show(app, bare)
    times = [_time(app, bare.update) for _ in range(_PAINTS)]
    bare.close()
    return times


def _measure_one(app: QApplication, pixels: np.ndarray, count: int) -> dict[str, Any]:
    canvas = _Counting()
    _show(app, canvas)
    boxes = _boxes(count)
    canvas.set_picture(pixels, key=0)
    canvas.set_boxes(boxes)
    canvas.zoom_100()
    app.processEvents()
    frames = [_time(app, lambda seed=seed: _next_frame(canvas, pixels, count, seed)) for seed in range(1, _PAINTS)]
    canvas.set_boxes(boxes)
    app.processEvents()
    canvas.paints = 0
    hover = [_time(app, lambda at=at: _move(canvas, at, pressed=False)) for at in _path(_MOVES)]
    per_move = canvas.paints / _MOVES
    drag = _drag(app, canvas)
    canvas.close()
    return {
        "boxes": count,
        "frame_ms": _median(frames),
        "hover_ms": _median(hover),
        "hover_ms_p95": _p95(hover),
        "drag_ms": _median(drag),
        "drag_ms_p95": _p95(drag),
        "paints_per_move": round(per_move, 2),
    }


def _show(app: QApplication, widget: QWidget) -> None:
    widget.setFixedSize(*(math.ceil(side / widget.devicePixelRatioF()) for side in SIZE))
    widget.show()
    app.processEvents()


def _boxes(count: int, seed: int = 0) -> BoxArrays:
    """Boxes of 20 to 120 pixels, everywhere."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, (SIZE[0] - 120, SIZE[1] - 120), (count, 2))
    return BoxArrays(
        np.arange(1, count + 1),
        np.hstack((corner, corner + rng.uniform(20, 120, (count, 2)))),
        rng.integers(0, len(COLOURS), count).astype(np.int32),
        np.zeros(count, np.uint8),
        tuple(f"car {i}" for i in range(count)),
    )


def _next_frame(canvas: Canvas, pixels: np.ndarray, count: int, seed: int) -> None:
    canvas.set_picture(pixels, key=seed)
    canvas.set_boxes(_boxes(count, seed))


def _drag(app: QApplication, canvas: Canvas) -> list[float]:
    start = QPointF(canvas.width() / 2, canvas.height() / 2)
    refs = _refs_near(canvas, start)
    canvas.select(refs[:1])
    box = canvas.box(refs[0])
    assert box is not None
    x, y = canvas.view_transform().to_view(box.x + box.w / 2, box.y + box.h / 2)
    _send(canvas, QEvent.Type.MouseMove, QPointF(x, y), Qt.MouseButton.NoButton)
    _send(canvas, QEvent.Type.MouseButtonPress, QPointF(x, y), Qt.MouseButton.LeftButton)
    app.processEvents()
    moves = [QPointF(x + 2 * i, y + i) for i in range(1, _MOVES + 1)]
    times = [_time(app, lambda at=at: _move(canvas, at, pressed=True)) for at in moves]
    _send(canvas, QEvent.Type.MouseButtonRelease, moves[-1], Qt.MouseButton.NoButton)
    app.processEvents()
    return times


def _refs_near(canvas: Canvas, at: QPointF) -> list[Any]:
    """Some box near the middle, found as a person would: by the Tab key there."""
    _send(canvas, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton)
    canvas.cycle()
    return list(canvas.selection())


def _path(steps: int) -> list[QPointF]:
    return [QPointF(200 + i * 3400 / steps, 200 + i * 1700 / steps) for i in range(steps)]


def _move(canvas: Canvas, at: QPointF, *, pressed: bool) -> None:
    _send(canvas, QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton)


def _send(canvas: Canvas, kind: QEvent.Type, at: QPointF, held: Qt.MouseButton) -> None:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    modifiers = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, modifiers)
    QApplication.sendEvent(canvas, event)


def _time(app: QApplication, act: Callable[[], object]) -> float:
    """Milliseconds of an act with all painting that it causes."""
    start = time.perf_counter()
    act()
    app.processEvents()
    return (time.perf_counter() - start) * 1000


def _median(times: list[float]) -> float:
    return round(float(np.median(times)), 2)


def _p95(times: list[float]) -> float:
    return round(float(np.percentile(times, 95)), 2)
