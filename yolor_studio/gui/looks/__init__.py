"""How the program looks: colours by role, the palette and style sheet made from them, type and icons."""

from yolor_studio.gui.looks.application import Theme, apply, dress
from yolor_studio.gui.looks.fonts import (
    BODY,
    CAPTION,
    HEADING,
    LIST,
    MEDIUM,
    PAGE,
    REGULAR,
    SECONDARY,
    SEMIBOLD,
    START,
    TITLE,
    font,
    set_font,
)
from yolor_studio.gui.looks.icons import icon, paint_icon, pixmap, set_icon
from yolor_studio.gui.looks.theme import colour, duration, is_dark, value

__all__ = [
    "BODY",
    "CAPTION",
    "HEADING",
    "LIST",
    "MEDIUM",
    "PAGE",
    "REGULAR",
    "SECONDARY",
    "SEMIBOLD",
    "START",
    "TITLE",
    "Theme",
    "apply",
    "colour",
    "dress",
    "duration",
    "font",
    "icon",
    "is_dark",
    "paint_icon",
    "pixmap",
    "set_font",
    "set_icon",
    "value",
]
