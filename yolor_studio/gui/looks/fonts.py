"""Type: Inter where the system has it, else the system's own font; sizes are logical pixels."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QWidget

CAPTION, SECONDARY, LIST, BODY, HEADING, PAGE, TITLE, START = 11.0, 12.0, 12.5, 13.0, 12.5, 14.0, 15.0, 22.0
"""Sizes in logical pixels by use; figures are 20 to 28."""

REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600
_TABULAR = QFont.Tag("tnum")


@lru_cache(maxsize=1)
def family() -> str:
    """The family in use."""
    if QFontDatabase.hasFamily("Inter"):
        return "Inter"
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def font(size: float, weight: int = REGULAR, *, tabular: bool = False) -> QFont:
    """A font of `size` logical pixels (halves are honoured); `tabular` gives figures of one width, for numbers that
    change or stand in columns."""
    return QFont(_made(size, weight, tabular))


@lru_cache(maxsize=64)  # delegates ask for several in every row that they paint
def _made(size: float, weight: int, tabular: bool) -> QFont:
    out = QFont(family())
    if size == int(size):
        out.setPixelSize(int(size))
    else:  # a pixel size is whole, a point size is not
        out.setPointSizeF(size * 72 / QGuiApplication.primaryScreen().logicalDotsPerInchY())
    out.setWeight(QFont.Weight(weight))
    out.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # hinted, Inter comes out a weight too heavy
    if tabular:
        out.setFeature(_TABULAR, 1)
    return out


def set_font(widget: QWidget, size: float, weight: int = REGULAR, *, tabular: bool = False) -> None:
    """Give a widget a font by `font`, at any time.

    Under an application's style sheet Qt brings back the font that a widget had when it was first polished; it keeps
    later ones only of widgets with a style sheet of their own, be it empty.
    """
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished) and not widget.styleSheet():
        widget.setStyleSheet("* {}")
    widget.setFont(font(size, weight, tabular=tabular))
