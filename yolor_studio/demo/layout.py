"""Where things lie in a picture: the horizon, the bands of ground, and how long a metre is at each height."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

__all__ = ["Layout", "lay_out"]

_ROWS = ("horizon", "base", "far_kerb", "near_kerb", "front")


@dataclass(frozen=True)
class Layout:
    """Picture rows in pixels, from the horizon to the viewer; the picture itself may show only a part of them."""

    width: int
    height: int
    horizon: float
    eye: float
    """The viewer's height over the ground in metres; with the horizon it gives the scale of every row."""
    base: float
    """Where the buildings or the meadow's fence stand."""
    far_kerb: float
    near_kerb: float
    front: float
    """The near edge of the near pavement."""
    lanes: int

    def scale(self, y: float) -> float:
        """Pixels a metre for something that stands on row `y`."""
        return max((y - self.horizon) / self.eye, 0.5)

    def enlarged(self, factor: float) -> Layout:
        """The same street with every pixel length multiplied."""
        rows = {name: getattr(self, name) * factor for name in _ROWS}
        return replace(self, width=round(self.width * factor), height=round(self.height * factor), **rows)

    def raised(self, rows: float) -> Layout:
        """The same street with everything so many rows further up in the picture."""
        return replace(self, **{name: getattr(self, name) - rows for name in _ROWS})

    def lane_rows(self) -> list[float]:
        """The rows on which the wheels of each lane's vehicles stand, far to near."""
        edges = [self._edge(index / self.lanes) for index in range(self.lanes + 1)]
        return [low + (high - low) * 0.62 for low, high in pairwise(edges)]

    def _edge(self, share: float) -> float:
        """The row that divides the road's real width by `share`: rows go with one over the distance."""
        far, near = 1 / (self.far_kerb - self.horizon), 1 / (self.near_kerb - self.horizon)
        return self.horizon + 1 / (far + (near - far) * share)

    def lane_edges(self) -> list[float]:
        """The rows between the lanes, far to near, without the kerbs."""
        return [self._edge(index / self.lanes) for index in range(1, self.lanes)]


def lay_out(rng: np.random.Generator, width: int, height: int) -> Layout:
    """A random street that fills a picture of this size."""
    horizon = rng.uniform(0.3, 0.38)
    base = horizon + rng.uniform(0.18, 0.22)
    far_kerb = base + rng.uniform(0.05, 0.065)
    near_kerb = far_kerb + rng.uniform(0.23, 0.28)
    front = near_kerb + rng.uniform(0.13, 0.17)
    rows = [float(share * height) for share in (base, far_kerb, near_kerb, front)]
    lanes = 2 if rng.random() < 0.75 else 3
    return Layout(width, height, float(horizon * height), float(rng.uniform(3.4, 4.4)), *rows, lanes=lanes)
