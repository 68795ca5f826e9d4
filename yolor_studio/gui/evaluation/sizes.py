"""The input sizes that a model can be measured at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry

__all__ = ["is_fixed", "sizes_of"]

_USUAL = (96, 128, 160, 192, 224, 256, 320, 384, 416, 512, 640, 768, 896, 1024, 1280, 1536, 1920)
_FARTHEST = 2
"""How many times smaller or larger than its own a size may be to be worth trying."""


def is_fixed(entry: ModelEntry) -> bool:
    """Whether the model sees every picture at one size."""
    return entry.stride in (1, entry.size)


def sizes_of(entry: ModelEntry) -> list[int]:
    """Longest input sides in pixels, rising: the model's own, and usual ones around it that it can take."""
    if is_fixed(entry):
        return [entry.size]
    least, most = entry.size / _FARTHEST, entry.size * _FARTHEST
    usual = {size for size in _USUAL if size % entry.stride == 0 and least <= size <= most}
    return sorted(usual | {entry.size})
