"""The data palette: category colours that stay apart for colour-blind eyes, the same in both themes."""

from __future__ import annotations

COLOURS: tuple[str, ...] = (
    "#4998FE",  # azure
    "#E7A13C",  # amber
    "#24D4B4",  # teal
    "#C83B86",  # magenta
    "#C2E233",  # lime
    "#ECA5FC",  # orchid
    "#EF6663",  # coral
    "#915BCA",  # violet
    "#A3F5FA",  # ice
    "#768B09",  # olive
    "#B487B1",  # mauve
    "#FBE2A7",  # sand
)
DARK_INK, LIGHT_INK = "#0B0C0E", "#FFFFFF"
_LIGHT_INK_ON = frozenset({3, 7})  # magenta and violet


def colour_of(index: int) -> str:
    """The colour (#RRGGBB) of palette entry `index`, which may exceed the palette: colours then repeat."""
    return COLOURS[index % len(COLOURS)]


def ink_on(index: int) -> str:
    """The text colour (#RRGGBB) that is readable on palette entry `index`."""
    return LIGHT_INK if index % len(COLOURS) in _LIGHT_INK_ON else DARK_INK


def is_striped(index: int) -> bool:
    """Whether the tag is striped because its colour is in use a second time."""
    return index >= len(COLOURS)
