"""Amounts as people read them."""

from __future__ import annotations


def size_text(size: float) -> str:
    """Bytes in units of a thousand: "612 MB", "1.8 kB"."""
    value = float(size)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.0f} GB" if value >= 10 else f"{value:.1f} GB"
