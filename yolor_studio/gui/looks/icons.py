"""Icons: Phosphor's glyphs as qtawesome ships them, coloured at the moment of painting.

The glyphs are read from qtawesome's folder instead of through its `icon()`: importing it and loading all its twelve
fonts costs 0.3 s of a start of one second, and its icons keep the colour that they were made with, so that a change of
theme would need every one made anew.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractButton, QToolButton

from yolor_studio.gui.looks import theme

_MORE_GAP = 4
"""What Qt lacks of the 6 pixels between icon and text: it leaves 2."""


@cache  # for good: the garbage collector may take an engine in Python before its QIcon, and crash
def icon(name: str, role: str = "tx2", *, on: str = "accent") -> QIcon:
    """The Phosphor icon `name` ("check", "caret-left") in a role's colour; `on` colours it when checked, `dis` when
    disabled. It follows a change of theme by itself. Raises KeyError for a name that Phosphor 1.3 does not have."""
    if name not in _glyphs():
        raise KeyError(f"Phosphor has no icon {name!r}.")
    return QIcon(_GlyphEngine(name, role, on))


def set_icon(button: QAbstractButton, name: str, size: int = 16, *, role: str = "tx2", on: str = "accent") -> None:
    """Give a button an icon of `size` pixels, with 6 pixels between it and the text of a button that has one.

    No style sheet sets that gap; so the icon is made wider than high, and its glyph stands at the left of it.
    """
    if isinstance(button, QToolButton):
        beside = button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    else:
        beside = bool(button.text())
    button.setIcon(icon(name, role, on=on))
    button.setIconSize(QSize(size + _MORE_GAP * beside, size))


def pixmap(name: str, role: str, size: int, *, ratio: float = 1.0) -> QPixmap:
    """The icon as a pixmap of `size` logical pixels at a device pixel ratio, in the theme in use."""
    side = round(size * ratio)
    return _glyph_pixmap(name, theme.value(role), side, side, ratio)


def paint_icon(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draw an icon into a square of the painter's coordinates, for delegates and painted widgets."""
    painter.save()
    font = QFont(_family())
    font.setPixelSize(max(round(min(rect.width(), rect.height())), 1))
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, _glyphs()[name])
    painter.restore()


class _GlyphEngine(QIconEngine):
    """Paints a glyph in the colour that its role has now."""

    def __init__(self, name: str, role: str, on: str) -> None:
        super().__init__()
        self._name, self._role, self._on = name, role, on

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._name, self._role, self._on)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        paint_icon(painter, _leading_square(QRectF(rect)), self._name, QColor(self._colour(mode, state)))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """A pixmap of a logical size at a device pixel ratio, as Qt asks from 6.8 on."""
        width, height = round(size.width() * scale), round(size.height() * scale)
        return _glyph_pixmap(self._name, self._colour(mode, state), width, height, scale)

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        if mode == QIcon.Mode.Disabled:
            return theme.value("dis")
        if state == QIcon.State.On:
            return theme.value(self._on)
        lit = mode == QIcon.Mode.Active and self._role == "tx2"  # under the pointer
        return theme.value("tx" if lit else self._role)


@lru_cache(maxsize=512)
def _glyph_pixmap(name: str, colour: str, width: int, height: int, ratio: float) -> QPixmap:
    """The glyph at the left of `width` x `height` device pixels."""
    out = QPixmap(width, height)
    out.fill(Qt.GlobalColor.transparent)
    painter = QPainter(out)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    paint_icon(painter, _leading_square(QRectF(QPoint(), QSize(width, height))), name, QColor(colour))
    painter.end()
    out.setDevicePixelRatio(ratio)
    return out


def _leading_square(rect: QRectF) -> QRectF:
    """Where the glyph goes: at the left of what is wider than high, in the middle of what is higher than wide."""
    side = min(rect.width(), rect.height())
    return QRectF(rect.left(), rect.center().y() - side / 2, side, side)


def _fonts_folder() -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise RuntimeError("The icons are missing: qtawesome is not installed.")
    return Path(spec.origin).parent / "fonts"


@lru_cache(maxsize=1)
def _glyphs() -> dict[str, str]:
    """Name -> the character in the icon font."""
    (chart,) = _fonts_folder().glob("phosphor-charmap-*.json")
    return {name: chr(int(code, 16)) for name, code in json.loads(chart.read_text("utf-8")).items()}


@lru_cache(maxsize=1)
def _family() -> str:
    """The icon font's family, loaded once."""
    (file,) = _fonts_folder().glob("phosphor-*.ttf")
    number = QFontDatabase.addApplicationFontFromData(file.read_bytes())
    return QFontDatabase.applicationFontFamilies(number)[0]
