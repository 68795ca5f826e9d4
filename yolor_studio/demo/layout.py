"""Where things lie in a picture: the horizon, the bands of ground, and how long a metre is at each height."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

__all__ = ["Layout", "lay_out"]


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
        rows = {name: getattr(self, name) * factor for name in ("horizon", "base", "far_kerb", "near_kerb", "front")}
        return replace(self, width=round(self.width * factor), height=round(self.height * factor), **rows)

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


def lay_out(rng: np.random.Generator, width: int, height: int, *, zoom: float = 1.0, shift: float = 0.0) -> Layout:
    """A random street; `zoom` enlarges it and `shift` (of the picture's height) moves it up."""
    full = height * zoom
    horizon = rng.uniform(0.3, 0.38)
    base = horizon + rng.uniform(0.18, 0.22)
    far_kerb = base + rng.uniform(0.05, 0.065)
    near_kerb = far_kerb + rng.uniform(0.23, 0.28)
    front = near_kerb + rng.uniform(0.13, 0.17)

    def row(share: float) -> float:
        return float((share - shift) * full)

    return Layout(
        width, height, row(horizon), float(rng.uniform(3.4, 4.4)), row(base), row(far_kerb), row(near_kerb), row(front),
        lanes=2 if rng.random() < 0.75 else 3,
    )  # fmt: skip
