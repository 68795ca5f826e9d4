"""What YOLOR's main line calls the arrays of its checkpoints."""

from __future__ import annotations

from collections.abc import Iterable

PREFIX = "module_list."
_WORDS = {"conv": "Conv2d", "bn": "BatchNorm2d"}
"""Our parts of a layer -> theirs."""


def main_line_keys(names: Iterable[str]) -> dict[str, str]:
    """Our arrays' names -> the main line's: "layers.7.conv.weight" -> "module_list.7.Conv2d.weight"."""
    keys: dict[str, str] = {}
    for name in names:
        _, index, *parts = name.split(".")
        keys[name] = PREFIX + ".".join([index, *(_WORDS.get(part, part) for part in parts)])
    return keys
