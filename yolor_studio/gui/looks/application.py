"""Dressing the application: style, palette, style sheet, font; and telling the style sheet what a widget is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget

from yolor_studio.core.resources import shipped
from yolor_studio.gui.looks import fonts, sheet, theme
from yolor_studio.gui.looks.focus import FocusFollower


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


def apply(app: QApplication, choice: Theme) -> None:
    """Give the whole application its style, colours, font and icon; call it again to switch while running."""
    hints = app.styleHints()
    if not app.property("has_looks"):
        app.setProperty("has_looks", True)
        app.setStyle("Fusion")
        app.setFont(fonts.font(fonts.BODY))
        app.setWindowIcon(QIcon(str(shipped("resources", "icons", "yolor-studio.svg"))))
        hints.colorSchemeChanged.connect(_follow_system)
        FocusFollower(app)
    app.setProperty("theme_choice", choice.value)
    hints.setColorScheme(_SCHEMES[choice])
    _dress(app, dark=_wants_dark(app, choice))


def _wants_dark(app: QApplication, choice: Theme) -> bool:
    if choice is Theme.SYSTEM:
        return app.styleHints().colorScheme() != Qt.ColorScheme.Light
    return choice is Theme.DARK


def _follow_system(scheme: Qt.ColorScheme) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and app.property("theme_choice") == Theme.SYSTEM.value:
        _dress(app, dark=scheme != Qt.ColorScheme.Light)


def _dress(app: QApplication, *, dark: bool) -> None:
    if app.property("dressed_dark") == dark:
        return
    app.setProperty("dressed_dark", dark)
    table = theme.use(dark=dark)
    app.setPalette(palette(table))
    app.setStyleSheet(sheet.build(table, theme="dark" if dark else "light"))


def dress(
    widget: QWidget,
    *,
    kind: str | None = None,
    size: str | None = None,
    ground: str | None = None,
    role: str | None = None,
    line: str | None = None,
    state: str | None = None,
) -> None:
    """Say how a widget is to look, in the words of `sheet`, at any time; None leaves a word as it is."""
    words = {"kind": kind, "extent": size, "ground": ground, "role": role, "line": line, "state": state}
    for name, word in words.items():
        if word is not None:
            widget.setProperty(name, word)
    if ground is not None or line is not None:
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    if isinstance(widget, QAbstractSpinBox):  # style sheets do not reach the left side of its text
        widget.lineEdit().setTextMargins(7, 0, 0, 0)
    # Before its first showing Qt polishes the widget anyhow; doing it here too makes it forget a font set afterwards.
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)


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
