"""Our own controls, driven by mouse and keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, SignalInstance
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from yolor_studio.gui import looks
from yolor_studio.gui.widgets import (
    ElidedLabel,
    EmptyState,
    HistogramSlider,
    JobButton,
    KeyButton,
    KeyCap,
    Segmented,
    Splitter,
    Toast,
    Toggle,
)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    looks.apply(qapp, looks.Theme.DARK)


def shown(qtbot: QtBot, widget: Any, width: int = 300, height: int | None = None) -> Any:
    qtbot.addWidget(widget)
    widget.resize(width, height or widget.sizeHint().height())
    widget.show()
    return widget


def heard(signal: SignalInstance) -> list[object]:
    told: list[object] = []

    def hear(*values: object) -> None:
        told.append(values[0] if values else None)

    signal.connect(hear)
    return told


def test_the_handle_stands_exactly_over_its_score(qtbot: QtBot) -> None:
    slider = shown(qtbot, HistogramSlider("Score at least"))
    slider.set_counts(np.arange(38))
    told = heard(slider.score_changed)
    for score in (0.05, 0.35, 0.5, 1.0):
        x = round(slider.x_of(score))
        qtbot.mouseClick(slider, LEFT, pos=QPoint(x, slider.height() - 8))
        assert slider.score() == pytest.approx(score, abs=0.005)
    assert told == [0.35, 0.5, 1.0] or told[-1] == 1.0
    assert slider.x_of(0.05) == pytest.approx(6.5)
    assert slider.x_of(1.0) == pytest.approx(300 - 6.5)


def test_bars_under_the_limit_are_grey(qtbot: QtBot) -> None:
    slider = shown(qtbot, HistogramSlider("Score at least"))
    slider.set_counts(np.full(38, 10))
    slider.set_score(0.5)
    image = slider.grab().toImage()
    low = image.pixelColor(round(slider.x_of(0.3)) + 2, 30)
    high = image.pixelColor(round(slider.x_of(0.7)) + 2, 30)
    assert low.name().upper() == looks.value("line2")
    assert high.blue() > high.red() + 40


def test_the_histogram_slider_answers_the_keyboard_and_tells_its_value(qtbot: QtBot) -> None:
    slider = shown(qtbot, HistogramSlider("Score at least"))
    slider.set_score(0.35)
    told = heard(slider.score_changed)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_End):
        qtbot.keyClick(slider, key)
    assert told == [0.36, 0.41, 0.05, 1.0]
    interface = QAccessible.queryAccessibleInterface(slider)
    assert interface.text(QAccessible.Text.Name) == "Score at least"
    assert interface.valueInterface().currentValue() == 100
    slider.set_counts([])
    assert not slider.grab().isNull()


def test_segments_are_exclusive_and_have_arrow_keys(qtbot: QtBot) -> None:
    segmented = Segmented("Split")
    buttons = [segmented.add(key, text) for key, text in (("clip", "By clip"), ("block", "Blocks"), (None, "None"))]
    shown(qtbot, segmented)
    told = heard(segmented.chosen)
    assert segmented.choice() == "clip"
    qtbot.mouseClick(buttons[1], LEFT)
    qtbot.keyClick(segmented, Qt.Key.Key_Right)
    qtbot.keyClick(segmented, Qt.Key.Key_Right)
    assert told == ["block", None, "clip"]
    segmented.choose("block")
    assert segmented.choice() == "block"
    assert len(told) == 3
    assert sum(button.isChecked() for button in buttons) == 1


def test_a_toggle_turns_by_click_and_space(qtbot: QtBot) -> None:
    toggle = shown(qtbot, Toggle("Blur"), width=28)
    qtbot.mouseClick(toggle, LEFT)
    assert toggle.isChecked()
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert not toggle.isChecked()
    toggle.setEnabled(False)
    assert not toggle.grab().isNull()


def test_a_key_button_has_room_for_its_key(qtbot: QtBot) -> None:
    button = shown(qtbot, KeyButton("Accept visible", "Space"))
    plain = button.sizeHint().width()
    assert not button.grab().isNull()
    button.set_key("")
    assert button.sizeHint().width() < plain
    cap = shown(qtbot, KeyCap("F"))
    assert cap.sizeHint().height() == 16
    assert cap.sizeHint().width() >= 16
    cap.set_text("Space")
    assert cap.accessibleName() == "Space"
    assert cap.sizeHint().width() > 24


def test_a_toast_goes_by_itself_unless_it_is_an_error(qtbot: QtBot) -> None:
    host = shown(qtbot, QWidget(), 800, 400)
    toast = Toast(host)
    done = []
    toast.say("12 predictions accepted", action="Undo", on_action=lambda: done.append(1))
    assert toast.text() == "12 predictions accepted"
    assert toast._timer.interval() == 10_000
    assert toast.geometry().bottom() == host.height() - 16 - 1
    assert abs(toast.geometry().center().x() - host.width() / 2) <= 1
    qtbot.mouseClick(toast.findChild(QPushButton), LEFT)
    assert done == [1]
    qtbot.waitUntil(lambda: not toast.isVisible())
    toast.say("Nothing to undo", "info")
    assert toast._timer.interval() == 6000
    toast.say("The disk is full. Your boxes are kept. Make room and go on.", "err")
    assert not toast._timer.isActive()
    host.resize(600, 300)
    assert toast.geometry().bottom() == 300 - 16 - 1
    qtbot.mouseClick(toast.findChild(QToolButton), LEFT)
    qtbot.waitUntil(lambda: not toast.isVisible())
    assert toast.text() == ""


def test_a_long_toast_wraps_inside_its_host(qtbot: QtBot) -> None:
    host = shown(qtbot, QWidget(), 500, 300)
    toast = Toast(host)
    toast.say("traffic.mp4 has changed since it was labelled. Your boxes are kept. " * 3, "warn")
    assert toast.width() <= 500 - 32
    assert toast.height() > 60
    assert host.rect().contains(toast.geometry())


def test_the_job_button_turns_into_the_job_in_place(qtbot: QtBot) -> None:
    job = JobButton("Pre-label", "magic-wand")
    menu = QMenu(job)
    menu.addAction("This frame")
    job.set_menu(menu)
    frame = QWidget()
    QHBoxLayout(frame).addWidget(job)
    shown(qtbot, frame, 500, 60)
    told = {name: heard(getattr(job, name)) for name in ("started", "pause_requested", "resume_requested")}
    ends = {name: heard(getattr(job, name)) for name in ("cancel_requested", "action_requested", "dismissed")}
    qtbot.mouseClick(job._main, LEFT)
    assert len(told["started"]) == 1
    job.show_running("Pre-labelling", done=312, total=480, detail="312 of 480 · 41 frames/s · 4 s left")
    assert job.state() == "running"
    qtbot.mouseClick(job._strip.primary, LEFT)
    job.show_paused("Paused", done=312, total=480, detail="312 of 480")
    qtbot.mouseClick(job._strip.primary, LEFT)
    qtbot.mouseClick(job._strip.closing, LEFT)
    assert len(told["pause_requested"]) == len(told["resume_requested"]) == len(ends["cancel_requested"]) == 1
    job.show_stopped("Stopped at 312", share=0.65, detail="GPU memory is full · kept", action="Go on with CPU")
    qtbot.mouseClick(job._strip.action, LEFT)
    assert len(ends["action_requested"]) == 1
    job.show_done("480 frames done", detail="1,904 boxes in 12 s")
    qtbot.mouseClick(job._strip.closing, LEFT)
    assert len(ends["dismissed"]) == 1
    assert job.state() == "idle"


def test_the_jobs_bar_is_as_long_as_its_share(qtbot: QtBot) -> None:
    job = shown(qtbot, JobButton("Pre-label", "magic-wand"))
    job.show_running("Pre-labelling", done=1, total=2)
    job.resize(job.sizeHint())
    image = job.grab().toImage()
    y = job.height() - 1
    assert image.pixelColor(job.width() // 4, y).name().upper() == looks.value("accent")
    assert image.pixelColor(3 * job.width() // 4, y).name().upper() == looks.value("line2")
    job.show_running("Pre-labelling", done=0, total=None)
    job.set_small(True)
    assert job.sizeHint().width() < 250


def test_an_elided_label_shortens_and_keeps_the_whole(qtbot: QtBot) -> None:
    label = shown(qtbot, ElidedLabel("a very long name of a media file.mp4"), width=80)
    assert label.text().endswith("…")
    assert label.toolTip() == label.whole_text() == "a very long name of a media file.mp4"
    label.resize(600, 20)
    assert label.text() == label.whole_text()
    assert label.toolTip() == ""
    label.set_text("b")
    assert label.text() == "b"


def test_an_empty_state_offers_its_action(qtbot: QtBot) -> None:
    empty = shown(qtbot, EmptyState("magic-wand", "No predictions yet", reason="Let YOLOR draw.", action="Pre-label"))
    told = heard(empty.acted)
    qtbot.mouseClick(empty.findChild(QPushButton), LEFT)
    assert len(told) == 1
    empty.set_texts("Nothing here")
    assert not empty.findChild(QPushButton).isVisible()
    shown(qtbot, EmptyState("bounding-box", "Nothing in this frame", keys=(("W", "draw"), ("F", "reviewed"))))


def test_a_splitter_draws_one_pixel_and_grips_seven(qtbot: QtBot) -> None:
    splitter = Splitter(Qt.Orientation.Horizontal)
    for _ in range(2):
        splitter.addWidget(QWidget())
    shown(qtbot, splitter, 400, 200)
    assert splitter.handle(1).width() == 7
    assert splitter.widget(0).width() + splitter.widget(1).width() == 399


@pytest.mark.parametrize("theme", [looks.Theme.DARK, looks.Theme.LIGHT])
def test_painted_widgets_follow_the_theme(qapp: QApplication, qtbot: QtBot, theme: looks.Theme) -> None:
    slider = shown(qtbot, HistogramSlider("Score at least"))
    slider.set_counts(np.full(38, 10))
    slider.set_score(0.5)
    looks.apply(qapp, theme)
    grey = slider.grab().toImage().pixelColor(round(slider.x_of(0.3)) + 2, 30).name().upper()
    assert grey == looks.value("line2")
