"""The table of published networks as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolor_studio.yolor.zoo import Entry

_HEADINGS = ("name", "size", "layers", "parameters", "implicit", "GFLOPs", "boxes")
_LEGEND = (
    "size: input side in pixels; GFLOPs and boxes are for a square picture of that size.",
    "layers: sections of the description; modules in YOLOR's paper line and YOLOv5.",
    "implicit: learned values of implicit knowledge, counted among the parameters.",
    "GFLOPs: two operations per multiplication in convolutions, nothing else counted.",
)


def table_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """The networks under their families, in aligned columns, with a legend."""
    rows = [_cells(entry) for entry in entries]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    yield _line(("", *_HEADINGS[1:]), widths)
    for family, members in groupby(zip(entries, rows, strict=True), key=lambda member: member[0].family):
        yield str(family)
        for _, cells in members:
            yield _line(cells, widths)
    yield ""
    yield from _LEGEND


def _cells(entry: Entry) -> tuple[str, ...]:
    implicit = f"{entry.implicit:,}" if entry.implicit else "-"
    counts = (entry.name, str(entry.size), str(entry.layers), f"{entry.parameters:,}", implicit)
    return (*counts, f"{entry.gflops:,.2f}", f"{entry.boxes:,}")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = cells
    right = "  ".join(f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True))
    return f"  {name:<{widths[0]}}  {right}"
