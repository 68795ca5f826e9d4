"""The theme in use: applied to the application, asked by everything that paints itself.

There is one application and so one theme; widgets that paint with `colour()` repaint by themselves, because applying a
theme sets the palette, which sends PaletteChange to every widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QWidget

from yolor_studio.gui.looks import fonts, sheet, tokens


class Theme(StrEnum):
    """What a person chose; SYSTEM follows the desktop, live."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_SCHEMES = {
    Theme.SYSTEM: Qt.ColorScheme.Unknown,
    Theme.LIGHT: Qt.ColorScheme.Light,
    Theme.DARK: Qt.ColorScheme.Dark,
}
_current: Mapping[str, str] = tokens.DARK
_colours: dict[str, QColor] = {}


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application its style, colours and font; call it again to switch while running."""
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    hints = app.styleHints()
    hints.setColorScheme(_SCHEMES[theme])
    if not app.property("follows_scheme"):
        app.setProperty("follows_scheme", True)
        hints.colorSchemeChanged.connect(_on_scheme)
    app.setFont(fonts.font(fonts.BODY))
    _dress(app, dark=theme is not Theme.LIGHT if theme is not Theme.SYSTEM else _system_is_dark(app))


def is_dark() -> bool:
    """Whether the dark theme is in use."""
    return _current is tokens.DARK


def value(role: str) -> str:
    """The colour of a role in the theme in use, as #RRGGBB. Raises KeyError for a role that is not in the table."""
    return _current[role]


def colour(role: str, alpha: float = 1.0) -> QColor:
    """The colour of a role in the theme in use. Raises KeyError for a role that is not in the table."""
    if alpha == 1.0:
        if role not in _colours:
            _colours[role] = QColor(_current[role])
        return _colours[role]
    out = QColor(_current[role])
    out.setAlphaF(alpha)
    return out


def duration(milliseconds: int) -> int:
    """How long a transition takes here: 0 where the system asks for reduced motion."""
    style = QApplication.style()
    moves = style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0
    return milliseconds if moves else 0


def dress(widget: QWidget, **properties: str | bool) -> None:
    """Set the properties by which the style sheet knows a widget (`kind="primary"`, `size="bar"`, ...), live."""
    for name, content in properties.items():
        widget.setProperty(name, content)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _system_is_dark(app: QApplication) -> bool:
    return app.styleHints().colorScheme() != Qt.ColorScheme.Light


def _on_scheme(scheme: Qt.ColorScheme) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        _dress(app, dark=scheme != Qt.ColorScheme.Light)


def _dress(app: QApplication, *, dark: bool) -> None:
    global _current
    table = tokens.DARK if dark else tokens.LIGHT
    if _current is table and app.property("dressed"):
        return
    _current = table
    _colours.clear()
    app.setProperty("dressed", True)
    app.setPalette(palette(table))
    app.setStyleSheet(sheet.build(table))


def palette(table: Mapping[str, str]) -> QPalette:
    """The palette roles of a theme."""
    out = QPalette()
    role = QPalette.ColorRole
    for target, token in (
        (role.Window, "bg"),
        (role.Base, "field"),
        (role.AlternateBase, "chrome"),
        (role.Button, "raised"),
        (role.Text, "tx"),
        (role.WindowText, "tx"),
        (role.ButtonText, "tx"),
        (role.BrightText, "on-fill"),
        (role.PlaceholderText, "tx3"),
        (role.Highlight, "fill"),
        (role.HighlightedText, "on-fill"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.ToolTipBase, "popup"),
        (role.ToolTipText, "tx"),
        (role.Light, "raised"),
        (role.Midlight, "hover"),
        (role.Mid, "line2"),
        (role.Dark, "line2"),
        (role.Shadow, "well"),
        (role.Accent, "fill"),
    ):
        out.setColor(target, QColor(table[token]))
    for target in (role.Text, role.WindowText, role.ButtonText):
        out.setColor(QPalette.ColorGroup.Disabled, target, QColor(table["dis"]))
    return out
