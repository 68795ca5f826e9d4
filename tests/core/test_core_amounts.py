"""Amounts in words."""

from __future__ import annotations

import pytest

from yolor_studio.core.amounts import size_text


@pytest.mark.parametrize(
    ("size", "text"), [(900, "900 bytes"), (1800, "1.8 kB"), (612_000_000, "612 MB"), (81_000_000_000, "81 GB")]
)
def test_sizes_in_words(size: int, text: str) -> None:
    assert size_text(size) == text
