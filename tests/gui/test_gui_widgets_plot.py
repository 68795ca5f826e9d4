"""The plot: round ticks, curves where they belong in both themes, a limit that keys and the mouse move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from yolor_studio.app import make_application
from yolor_studio.core.palette import COLOURS
from yolor_studio.gui import looks
from yolor_studio.gui.looks.tokens import LIGHT, contrast
from yolor_studio.gui.widgets.plot import Marker, Plot, Series, line_colour, ticks


@pytest.fixture
def plot(qtbot: QtBot) -> Plot:
    make_application()
    plot = Plot("F1 over the limit", x_label="limit", y_label="F1")
    qtbot.addWidget(plot)
    plot.resize(452, 264)
    plot.show()
    return plot


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((0, 1, 3), [0, 0.5, 1]),
        ((0, 100, 5), [0, 20, 40, 60, 80, 100]),
        ((0, 4.3, 4), [0, 2, 4]),
        ((5, 5, 3), [5]),
    ],
)
def test_ticks_are_round(span: tuple[float, float, int], expected: list[float]) -> None:
    assert ticks(span[0], span[1], most=span[2]) == expected


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 12))
def test_ticks_are_few_and_inside(low: float, span: float, most: int) -> None:
    values = ticks(low, low + span, most=most)
    slack = 1e-6 * max(abs(low), span)
    assert len(values) <= most + 1
    assert all(low - slack <= value <= low + span + slack for value in values)


def test_a_curve_is_drawn_where_its_values_lie(plot: Plot) -> None:
    plot.set_series([Series("F1", np.array([0.0, 1.0]), np.array([0.5, 0.5]), "#FF0000", 3)])
    plot.set_marker(Marker(0.5, 0.5, "score 0.50"))
    image = plot.grab().toImage()
    area = plot._area()
    at = image.pixelColor(int(area.left() + area.width() * 0.25), int(area.center().y()))
    assert (at.red() > 200, at.green() < 90) == (True, True)
    elsewhere = image.pixelColor(int(area.left() + area.width() * 0.25), int(area.top() + 20))
    assert elsewhere.red() < 200 or elsewhere.green() > 90


def test_gaps_and_single_points_are_no_accident(plot: Plot) -> None:
    plot.set_series(
        [
            Series("a", np.arange(4.0), np.array([0.1, np.nan, 0.3, np.nan]), "accent"),
            Series("b", np.zeros(1), np.ones(1), "review"),
            Series("c", np.zeros(2), np.full(2, np.nan), "review"),
        ],
        x_range=(0, 3),
        y_range=None,
    )
    plot.grab()
    plot.set_series([], empty="Nothing yet")
    plot.grab()


def test_the_limit_is_moved_by_mouse_and_keys_and_stays_inside(qtbot: QtBot, plot: Plot) -> None:
    plot.set_series([Series("F1", np.linspace(0, 1, 11), np.linspace(0, 1, 11), "accent")])
    assert plot.focusPolicy() == Qt.FocusPolicy.NoFocus
    plot.set_limit(0.5)
    assert plot.accessibleDescription() == "limit 0.50"
    with qtbot.waitSignal(plot.picked) as picked:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(2, 100))
    assert picked.args == [0.0]
    with qtbot.waitSignal(plot.picked) as picked:
        qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert picked.args == [pytest.approx(0.51)]
    plot.set_limit(1.0)
    with qtbot.waitSignal(plot.picked) as picked:
        qtbot.keyClick(plot, Qt.Key.Key_Up)
    assert picked.args == [1.0]


def test_data_colours_are_seen_as_lines_on_the_light_theme(qtbot: QtBot) -> None:
    app = make_application()
    assert isinstance(app, QApplication)
    looks.apply(app, looks.Theme.LIGHT)
    try:
        assert all(contrast(line_colour(colour).name(), LIGHT["raised"]) >= 2.2 for colour in COLOURS)
    finally:
        looks.apply(app, looks.Theme.SYSTEM)
