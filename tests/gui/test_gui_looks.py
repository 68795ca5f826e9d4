"""Colours, contrast, style sheet, icons, fonts and the focus ring."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListView, QPushButton, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from yolor_studio.core import palette as data_palette
from yolor_studio.core.resources import shipped
from yolor_studio.gui import looks
from yolor_studio.gui.looks import sheet
from yolor_studio.gui.looks.focus import FocusRing
from yolor_studio.gui.looks.tokens import DARK, LIGHT, contrast

# The offscreen platform warns that it has no window manager to tell sizes to.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

THEMES = {"dark": DARK, "light": LIGHT}
GROUNDS = ("well", "bg", "chrome", "raised", "hover", "popup", "tint")
TEXTS = ("tx", "tx2", "tx3", "accent", "ok", "warn", "err")


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    looks.apply(qapp, looks.Theme.DARK)


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable_on_every_ground(theme: str, text: str, ground: str) -> None:
    assert contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.45  # 4.5 to the one decimal it is stated with


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable_on_grounds_of_its_own(theme: str) -> None:
    table = THEMES[theme]
    for ground in ("fill", "fill-hover", "fill-press", "errfill"):
        assert contrast(table["on-fill"], table[ground]) >= 4.45, ground
    for role in ("ok", "warn", "err"):
        assert contrast(table[role], table[role + "tint"]) >= 4.45, role
        assert contrast(table["tx"], table[role + "tint"]) >= 11.45, role
    for role in ("tx", "tx2", "tx3"):
        assert contrast(table[role], table["field"]) >= 4.45, role


@pytest.mark.parametrize("theme", THEMES)
def test_marks_stand_out(theme: str) -> None:
    table = THEMES[theme]
    for role in ("review", "doubt", "tx3"):
        assert contrast(table[role], table["bg"]) >= 3, role


@pytest.mark.parametrize("index", range(len(data_palette.COLOURS)))
def test_tags_are_readable_and_stand_out_from_the_dark_well(index: int) -> None:
    colour = data_palette.colour_of(index)
    assert contrast(data_palette.ink_on(index), colour) >= 4.5
    assert contrast(colour, DARK["well"]) >= 3.95


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_is_complete_and_its_icons_exist(theme: str) -> None:
    text = sheet.build(THEMES[theme], theme=theme)
    assert "@" not in text
    for path in re.findall(r'url\("([^"]+)"\)', text):
        assert shipped("resources", "icons", path.rsplit("/", 1)[1]).is_file(), path


def test_switching_the_theme_changes_everything_at_once(qapp: QApplication) -> None:
    assert looks.is_dark()
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == DARK["bg"]
    icon = looks.icon("check")
    before = icon.pixmap(QSize(16, 16)).toImage()
    looks.apply(qapp, looks.Theme.LIGHT)
    assert not looks.is_dark()
    assert looks.value("bg") == LIGHT["bg"]
    assert looks.colour("accent").name().upper() == LIGHT["accent"]
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == LIGHT["bg"]
    assert icon.pixmap(QSize(16, 16)).toImage() != before
    assert looks.icon("check").pixmap(QSize(16, 16)).toImage() != before


def test_the_system_theme_is_followed(qapp: QApplication) -> None:
    looks.apply(qapp, looks.Theme.SYSTEM)
    dark = qapp.styleHints().colorScheme() != Qt.ColorScheme.Light
    assert looks.is_dark() == dark


def test_a_colour_that_was_handed_out_can_be_changed_safely() -> None:
    looks.colour("accent").setAlphaF(0.1)
    assert looks.colour("accent").alphaF() == 1.0
    assert looks.colour("accent", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)


def test_unknown_roles_and_icons_are_refused() -> None:
    with pytest.raises(KeyError):
        looks.colour("nothing")
    with pytest.raises(KeyError):
        looks.icon("no-such-icon")


def test_icons_are_coloured_by_state() -> None:
    icon = looks.icon("scissors")
    size = QSize(16, 16)
    pictures = [
        icon.pixmap(size, QIcon.Mode.Normal, QIcon.State.Off).toImage(),
        icon.pixmap(size, QIcon.Mode.Normal, QIcon.State.On).toImage(),
        icon.pixmap(size, QIcon.Mode.Disabled, QIcon.State.Off).toImage(),
        icon.pixmap(size, QIcon.Mode.Active, QIcon.State.Off).toImage(),
    ]
    assert all(a != b for i, a in enumerate(pictures) for b in pictures[i + 1 :])
    copy = QIcon(icon)
    assert copy.pixmap(size, QIcon.Mode.Normal, QIcon.State.Off).toImage() == pictures[0]


def test_icons_are_sharp_on_dense_screens() -> None:
    pixmap = looks.pixmap("check", "tx", 16, ratio=2.0)
    assert pixmap.width() == 32
    assert pixmap.devicePixelRatio() == 2.0
    assert looks.icon("check").pixmap(QSize(16, 16), 2.0).width() == 32


def test_fonts_have_pixel_sizes_and_tabular_figures() -> None:
    assert looks.font(13).pixelSize() == 13
    half = looks.font(12.5)
    assert 12 < half.pointSizeF() * looks_dpi() / 72 < 13
    from PySide6.QtGui import QFontMetricsF

    metrics = QFontMetricsF(looks.font(13, tabular=True))
    assert metrics.horizontalAdvance("111") == pytest.approx(metrics.horizontalAdvance("000"))


def looks_dpi() -> float:
    screen = QApplication.primaryScreen()
    return screen.logicalDotsPerInchY()


def test_dressing_reaches_the_style_sheet(qtbot: QtBot) -> None:
    button = QPushButton("Reject")
    qtbot.addWidget(button)
    looks.dress(button, size="panel")
    assert button.sizeHint().height() == 24
    looks.dress(button, size="dialog")
    assert button.sizeHint().height() == 32
    spin = QSpinBox()
    qtbot.addWidget(spin)
    looks.dress(spin, size="panel")
    assert spin.lineEdit().textMargins().left() > 0


def test_a_widgets_own_font_survives_dressing_showing_and_a_change_of_theme(qapp: QApplication, qtbot: QtBot) -> None:
    first, last = QLabel("Files stay where they are."), QLabel("The project only refers to them.")
    looks.dress(first, role="tx2")
    looks.set_font(first, looks.SECONDARY)
    looks.set_font(last, looks.SECONDARY)
    looks.dress(last, role="tx2")
    window = QWidget()
    column = QVBoxLayout(window)
    column.addWidget(first)
    column.addWidget(last)
    qtbot.addWidget(window)
    window.show()
    assert [label.font().pixelSize() for label in (first, last)] == [12, 12]
    looks.set_font(first, looks.START, looks.SEMIBOLD)
    looks.dress(first, role="err")
    looks.apply(qapp, looks.Theme.LIGHT)
    assert [label.font().pixelSize() for label in (first, last)] == [22, 12]


def test_bars_are_28_pixels_high(qtbot: QtBot) -> None:
    for widget in (QPushButton("Export"), QLineEdit("Highway 12")):
        qtbot.addWidget(widget)
        assert widget.sizeHint().height() == 28


def test_the_focus_ring_follows_the_keyboard(qtbot: QtBot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    field, button, other = QLineEdit(), QPushButton("Export"), QPushButton("Import")
    for widget in (field, button, other):
        column.addWidget(widget)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    field.setFocus()
    ring = window.findChild(FocusRing)
    assert ring.around() is field
    assert ring.geometry() == field.geometry().adjusted(-3, -3, 3, 3)
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert ring.around() is button
    button.hide()
    assert ring.around() is not button
    qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    assert ring.around() is not other or window.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)


def test_the_app_icon_is_ours_and_readable() -> None:
    icon = QIcon(str(shipped("resources", "icons", "yolor-studio.svg")))
    assert icon.pixmap(64, 64).toImage().pixelColor(8, 32).name().upper() == "#5160E6"


def test_six_pixels_lie_between_icon_and_text(qtbot: QtBot) -> None:
    button = QPushButton("HHHH")
    qtbot.addWidget(button)
    looks.set_icon(button, "square", role="tx")
    button.adjustSize()
    ink = _columns_with_ink(button)
    gaps = [right - left - 1 for left, right in pairwise(ink)]
    # The square's glyph stops 2 pixels, the letter starts 1 pixel inside its own room.
    assert max(gaps) == 6 + 2 + 1
    assert abs(ink[0] - (button.width() - 1 - ink[-1])) <= 1


def test_an_icon_alone_stays_square(qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    looks.set_icon(button, "square", 14)
    assert button.iconSize() == QSize(14, 14)


def _columns_with_ink(button: QPushButton) -> list[int]:
    image = button.grab().toImage()
    inner = range(6, image.width() - 6)
    ground = image.pixelColor(7, 7).lightness()
    return [
        x
        for x in inner
        if any(abs(image.pixelColor(x, y).lightness() - ground) > 40 for y in range(6, image.height() - 6))
    ]


def test_a_list_that_the_keyboard_reached_has_the_ring_inside_the_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    field, view = QLineEdit(), QListView()
    layout.addWidget(field)
    layout.addWidget(view)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    ring = window.findChild(FocusRing)
    assert ring is not None
    assert ring.around() is view
    assert window.rect().contains(ring.geometry())
