"""The style sheet, generated from the table of colours."""

from __future__ import annotations

from collections.abc import Mapping


def build(table: Mapping[str, str]) -> str:
    """The application's style sheet in the colours of `table`."""
    out = _SHEET
    for role in sorted(table, key=len, reverse=True):
        out = out.replace(f"@{role}@", table[role])
    return out


_SHEET = """
QWidget { color: @tx@; }
QMainWindow, QDialog { background: @bg@; }
"""
