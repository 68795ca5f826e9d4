"""Which digit stands for which category."""

from __future__ import annotations

from collections.abc import Sequence

from yolor_studio.core.entities import Category

__all__ = ["DIGITS", "effective_hotkeys"]

DIGITS = "123456789"


def effective_hotkeys(categories: Sequence[Category]) -> dict[int, str]:
    """Category id -> its key: the keys that a person gave, or, while nobody has given any, the digits in order."""
    given = {category.id: category.hotkey for category in categories if category.hotkey}
    return given or {category.id: digit for category, digit in zip(categories, DIGITS, strict=False)}
