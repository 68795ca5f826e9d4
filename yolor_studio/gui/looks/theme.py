"""The theme in use: asked by everything that paints itself.

There is one application and so one theme. Widgets that paint with `colour()` repaint by themselves, because a change of
theme sets the palette, which sends PaletteChange to every widget.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QStyle

from yolor_studio.gui.looks import tokens

_current: Mapping[str, str] = tokens.DARK
_colours: dict[str, QColor] = {}


def use(*, dark: bool) -> Mapping[str, str]:
    """Make a theme the one in use and return its table; `application.apply` dresses the program in it."""
    global _current
    _current = tokens.DARK if dark else tokens.LIGHT
    _colours.clear()
    return _current


def is_dark() -> bool:
    """Whether the dark theme is in use."""
    return _current is tokens.DARK


def value(role: str) -> str:
    """The colour of a role in the theme in use, as #RRGGBB. Raises KeyError for a role that is not in the table."""
    return _current[role]


def colour(role: str, alpha: float = 1.0) -> QColor:
    """The colour of a role in the theme in use. Raises KeyError for a role that is not in the table."""
    if role not in _colours:
        _colours[role] = QColor(_current[role])
    out = QColor(_colours[role])
    if alpha != 1.0:
        out.setAlphaF(alpha)
    return out


def duration(milliseconds: int) -> int:
    """How long a transition takes here: 0 where the system asks for reduced motion."""
    moves = QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0
    return milliseconds if moves else 0
