"""The still picture behind everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.layout import Layout

__all__ = ["paint_backdrop"]


def paint_backdrop(rng: np.random.Generator, layout: Layout, *, margin: int) -> NDArray[np.uint8]:
    """RGB [height + 2 * margin, width + 2 * margin, 3]."""
    h, w = layout.height + 2 * margin, layout.width + 2 * margin
    out = np.zeros((h, w, 3), np.uint8)
    rows = np.arange(h)[:, None, None] - margin
    t = np.clip(rows / max(layout.base, 1), 0, 1)
    out[:] = (np.array([120, 170, 220]) * (1 - t) + np.array([230, 235, 235]) * t).astype(np.uint8)
    for low, high, c in (
        (layout.base, layout.far_kerb, (170, 166, 160)),
        (layout.far_kerb, layout.near_kerb, (86, 88, 94)),
        (layout.near_kerb, 1e5, (176, 172, 166)),
    ):
        out[(rows[:, 0, 0] >= low) & (rows[:, 0, 0] < high)] = c
    return out
