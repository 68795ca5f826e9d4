"""A training's curves in a line of text."""

from __future__ import annotations

from collections.abc import Sequence

from yolor_studio.jobs.events import CurvePoint

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_BARS = "_.-=+*#@"
_MEASURED = "AP50"


def sparkline(values: Sequence[float], *, from_zero: bool = False, width: int = 20, plain: bool = False) -> str:
    """The values, at most `width` of them, as bars of eight heights from the least to the greatest, or from 0 to the
    greatest, that being 0.1 or more; `plain` in ASCII."""
    step = max(len(values) / width, 1.0)
    shown = [values[min(round((number + 1) * step), len(values)) - 1] for number in range(min(width, len(values)))]
    if not shown:
        return ""
    low, high = (0.0, max(*shown, 0.1)) if from_zero else (min(shown), max(shown))
    bars = _PLAIN_BARS if plain else _BARS
    return "".join(bars[round((value - low) / (high - low) * 7) if high > low else 0] for value in shown)


class CurveText:
    """What the points so far come to."""

    def __init__(self, *, plain: bool = False) -> None:
        """`plain`: for a terminal that has no block characters."""
        self._plain = plain
        self._losses: list[float] = []
        self._measured: list[float] = []
        self._best: float | None = None

    def take(self, point: CurvePoint) -> None:
        """One more point."""
        if _MEASURED in point.values:
            self._measured.append(point.values[_MEASURED])
            if point.best:
                self._best = point.values[_MEASURED]
        elif "loss" in point.values:
            self._losses.append(point.values["loss"])

    def text(self) -> str:
        """ "loss ▇▅▂▁ 3.1  AP50 ▁▃▆█ 0.412, best 0.430"; empty before the first point."""
        parts = []
        if self._losses:
            parts.append(f"loss {sparkline(self._losses, plain=self._plain)} {self._losses[-1]:.2f}")
        if self._measured:
            bars = sparkline(self._measured, from_zero=True, plain=self._plain)
            best = "" if self._best in (None, self._measured[-1]) else f", best {self._best:.3f}"
            parts.append(f"AP50 {bars} {self._measured[-1]:.3f}{best}")
        return "  ".join(parts)


def measured_line(point: CurvePoint) -> str:
    """A sentence about a measurement, for a pipe; empty for other points."""
    if _MEASURED not in point.values:
        return ""
    best = ", the best so far" if point.best else ""
    return f"step {point.step:,}: AP50 {point.values['AP50']:.3f}, AP {point.values['AP']:.3f}{best}"
