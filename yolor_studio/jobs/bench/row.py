"""One line of the benchmark's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, the floor it was measured beside, and what it should be."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    floor_of: str = ""
    """What the floor is: bare decoding, bare session.run and so on."""
    budget: str = ""


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile of durations, in milliseconds."""
    return float(np.percentile(np.asarray(seconds), 95)) * 1000


def median(seconds: Sequence[float]) -> float:
    """The median of durations, in milliseconds."""
    return float(np.median(np.asarray(seconds))) * 1000
