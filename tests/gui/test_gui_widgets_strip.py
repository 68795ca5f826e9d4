"""The frame strip: columns, painting, seeking, spans."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from yolor_studio.gui import looks
from yolor_studio.gui.widgets import NOT_VISITED, FrameStrip, Review
from yolor_studio.gui.widgets.strip_columns import (
    Window,
    column_ranges,
    most_boxes,
    runs,
    tick_step,
    worst_states,
)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
LEFT = Qt.MouseButton.LeftButton


@given(
    count=st.integers(1, 5000), width=st.integers(1, 900), share=st.floats(0.01, 1), at=st.floats(0, 1),
    seed=st.integers(0, 9),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_columns_are_the_worst_and_the_most_of_their_frames(
    count: int, width: int, share: float, at: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    states, boxes = rng.integers(0, 4, count).astype(np.uint8), rng.integers(-1, 50, count).astype(np.int32)
    span = max(count * share, 1.0)
    window = Window(at * (count - span), span, width)
    first, last = column_ranges(window, count)
    assert (first >= 0).all()
    assert (last <= count).all()
    assert (first < last).all()
    worst, most = worst_states(states, first, last), most_boxes(boxes, first, last)
    for column in rng.integers(0, width, 20):
        part = slice(first[column], last[column])
        assert worst[column] == states[part].min()
        assert most[column] == boxes[part].max()


def test_every_frame_is_in_some_column_when_all_are_in_view() -> None:
    first, last = column_ranges(Window(0.0, 1000.0, 300), 1000)
    assert first[0] == 0
    assert last[-1] == 1000
    assert (first[1:] == last[:-1]).all()


@pytest.mark.parametrize(
    ("span", "width", "step"), [(480, 1200, 50), (100_000, 1200, 10_000), (20, 1200, 2), (10, 1200, 1)]
)
def test_labels_stand_80_pixels_apart_or_more(span: float, width: int, step: int) -> None:
    window = Window(0.0, float(span), width)
    assert tick_step(window, 80) == step
    assert step * window.scale >= 80


def test_runs_join_equal_neighbours() -> None:
    assert runs(np.array([3, 3, 0, 2, 2])) == [(0, 2, 3), (2, 3, 0), (3, 5, 2)]
    assert runs(np.array([])) == []


def test_zooming_keeps_the_frame_under_the_pointer_and_stops_at_the_ends() -> None:
    window = Window(0.0, 480.0, 960)
    close = window.zoomed(0.25, 480, 480)
    assert close.span == 120
    assert close.start + 480 / close.scale == pytest.approx(240)
    assert close.zoomed(100, 0, 480) == window
    assert close.zoomed(1e-6, 0, 480).span == 20
    assert close.moved(1e6, 480).start == 360


@pytest.fixture
def strip(qapp: QApplication, qtbot: QtBot) -> FrameStrip:
    looks.apply(qapp, looks.Theme.DARK)
    strip = FrameStrip()
    qtbot.addWidget(strip)
    strip.set_name_width(200)
    strip.resize(1176, 54)  # 480 frames of 2 pixels
    strip.set_frames(480)
    strip.show()
    return strip


def listen(strip: FrameStrip) -> tuple[list[object], list[object]]:
    seeks: list[object] = []
    spans: list[object] = []
    strip.seek_requested.connect(seeks.append)
    strip.span_marked.connect(spans.append)
    return seeks, spans


def test_a_click_and_a_drag_seek(qtbot: QtBot, strip: FrameStrip) -> None:
    seeks, spans = listen(strip)
    qtbot.mousePress(strip, LEFT, pos=QPoint(round(strip.x_of(100)) + 1, 10))
    qtbot.mouseMove(strip, QPoint(round(strip.x_of(120)) + 1, 10))
    qtbot.mouseMove(strip, QPoint(5000, 10))
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(5000, 10))
    assert seeks == [100, 120, 479]
    assert spans == []
    assert strip.frame() == 479


def test_a_drag_on_the_review_row_marks_a_span_and_a_click_there_seeks(qtbot: QtBot, strip: FrameStrip) -> None:
    seeks, spans = listen(strip)
    qtbot.mousePress(strip, LEFT, pos=QPoint(round(strip.x_of(200)) + 1, 26))
    qtbot.mouseMove(strip, QPoint(round(strip.x_of(150)) + 1, 26))
    assert not strip.grab().isNull()
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(round(strip.x_of(150)) + 1, 26))
    assert spans == [(150, 200)]
    assert seeks == []
    qtbot.mouseClick(strip, LEFT, pos=QPoint(round(strip.x_of(42)) + 1, 26))
    assert seeks == [42]


def test_the_name_column_does_not_seek(qtbot: QtBot, strip: FrameStrip) -> None:
    seeks, _ = listen(strip)
    qtbot.mouseClick(strip, LEFT, pos=QPoint(50, 10))
    assert seeks == []


def test_keys_seek_and_stop_at_the_ends(qtbot: QtBot, strip: FrameStrip) -> None:
    seeks, _ = listen(strip)
    key = Qt.Key
    for pressed in (key.Key_Right, key.Key_PageDown, key.Key_Left, key.Key_End, key.Key_Right, key.Key_Home):
        qtbot.keyClick(strip, pressed)
    assert seeks == [1, 11, 10, 479, 0]


def test_setting_the_frame_does_not_ask_to_seek(strip: FrameStrip) -> None:
    seeks, _ = listen(strip)
    strip.set_frame(300)
    assert strip.frame() == 300
    assert seeks == []


def test_states_and_counts_are_painted(strip: FrameStrip) -> None:
    states, counts = np.zeros(480, np.uint8), np.zeros(480, np.int32)
    states[100:200], states[250] = Review.REVIEWED, Review.REVIEWED
    counts[50] = 10
    counts[400:] = NOT_VISITED
    strip.set_states(states)
    strip.set_counts(counts)
    image = strip.grab().toImage()

    def colour(frame: float, y: int) -> str:
        return image.pixelColor(round(strip.x_of(frame)), y).name().upper()

    assert colour(150, 27) == looks.value("review")
    assert colour(250.4, 27) == looks.value("review")
    assert colour(230, 27) == looks.value("raised")
    assert colour(50.4, 40) != colour(60, 40) == looks.value("bg")
    hatched = {image.pixelColor(x, 45).name() for x in range(round(strip.x_of(410)), round(strip.x_of(440)))}
    assert len(hatched) > 1


def test_arrays_of_another_length_are_refused(strip: FrameStrip) -> None:
    with pytest.raises(ValueError, match="480 frames"):
        strip.set_states(np.zeros(3))


def test_ctrl_wheel_zooms_and_the_wheel_pans(strip: FrameStrip) -> None:
    for _ in range(5):
        _wheel(strip, Qt.KeyboardModifier.ControlModifier, 120)
    near = strip.x_of(101) - strip.x_of(100)
    assert near == pytest.approx(2 / 0.8**5, rel=0.01)
    before = strip.x_of(100)
    _wheel(strip, Qt.KeyboardModifier.NoModifier, -120)
    assert strip.x_of(100) < before
    strip.set_frame(479)
    assert 200 <= strip.x_of(479) <= 1176


def _wheel(strip: FrameStrip, modifiers: Qt.KeyboardModifier, delta: int) -> None:
    where = QPointF(600, 10)
    event = QWheelEvent(
        where,
        strip.mapToGlobal(where),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(strip, event)


def test_a_hundred_thousand_frames_are_painted_from_columns(strip: FrameStrip) -> None:
    strip.set_frames(100_000)
    strip.set_counts(np.arange(100_000) % 60)
    strip.grab()
    start = time.perf_counter()
    for frame in range(0, 100_000, 2000):
        strip.set_frame(frame)
        strip.grab()
    assert (time.perf_counter() - start) / 50 < 0.1  # a tenth of what painting every frame would take


def test_without_frames_nothing_is_asked(qtbot: QtBot, strip: FrameStrip) -> None:
    strip.set_frames(0)
    seeks, _ = listen(strip)
    qtbot.mouseClick(strip, LEFT, pos=QPoint(600, 10))
    assert seeks == []
    assert not strip.grab().isNull()
