"""The design's colours by role, for the dark and the light theme: one table from which everything else is generated."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TABLE: tuple[tuple[str, str, str], ...] = (
    # role, dark, light
    ("well", "#0F1012", "#DCDEE3"),
    ("bg", "#17181B", "#F9F9FB"),
    ("chrome", "#1D1E22", "#F0F1F4"),
    ("raised", "#26282D", "#FFFFFF"),
    ("field", "#121316", "#FFFFFF"),
    ("hover", "#2C2F35", "#E8EAEE"),
    ("press", "#373A42", "#DADDE4"),
    ("popup", "#222429", "#FFFFFF"),
    ("line", "#2A2C31", "#DFE1E7"),
    ("line2", "#41454D", "#BCC1CB"),
    ("tx", "#E9EAED", "#1A1C20"),
    ("tx2", "#AEB2BA", "#4C525D"),
    ("tx3", "#9297A1", "#5B616D"),
    ("dis", "#5C616B", "#A3A8B2"),
    ("accent", "#8D98FF", "#3F4CCB"),
    ("fill", "#5160E6", "#4A57DB"),
    ("fill-hover", "#5B69EA", "#3D4AC9"),
    ("fill-press", "#4351CC", "#3340B0"),
    ("on-fill", "#FFFFFF", "#FFFFFF"),
    ("tint", "#272C4F", "#E2E5FB"),
    ("ok", "#4CC38A", "#146B45"),
    ("oktint", "#163227", "#DBF1E6"),
    ("warn", "#F0B13F", "#7F5300"),
    ("warntint", "#382B14", "#FAEED2"),
    ("err", "#F4837D", "#B92B28"),
    ("errtint", "#3D2021", "#FAE2E0"),
    ("errfill", "#C93A36", "#C5312D"),
    ("review", "#3DA876", "#25855A"),
    ("doubt", "#E8A93A", "#A86E00"),
    ("split-train", "#6E7BF2", "#6E7BF2"),
    ("split-val", "#2FB79C", "#2FB79C"),
    ("split-test", "#D9A441", "#D9A441"),
)

DARK: Mapping[str, str] = MappingProxyType({role: dark for role, dark, _ in _TABLE})
"""Role -> #RRGGBB in the dark theme."""
LIGHT: Mapping[str, str] = MappingProxyType({role: light for role, _, light in _TABLE})
"""Role -> #RRGGBB in the light theme."""


def contrast(a: str, b: str) -> float:
    """The WCAG 2 contrast ratio (1 to 21) of two #RRGGBB colours."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, by WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
