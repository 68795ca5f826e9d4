"""Where the picture lies in the canvas: fitting, zooming and panning, without Qt."""

from __future__ import annotations

from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import ViewTransform, fit_view, keep_in_sight

FIT_MARGIN = (18.0, 22.0)
"""Logical pixels left free beside and above a fitted picture: tags stand there."""
ZOOM_STEP = 1.25
LARGEST_ZOOM, SMALLEST_SIDE = 64.0, 32.0
"""The most screen pixels per picture pixel; the least logical pixels of the picture's longer side."""
KEPT_IN_SIGHT = 48.0
"""Logical pixels of the picture that always stay in view."""


class Viewport:
    """The view transform and the rules it obeys. Sizes are (width, height)."""

    def __init__(self) -> None:
        self.transform = ViewTransform()
        self.fitted = True
        """Whether the whole picture is to stay in view when the canvas is resized."""
        self.picture = (1.0, 1.0)
        self.view = (1.0, 1.0)
        self.ratio = 1.0
        """Device pixels per logical pixel."""

    @property
    def zoom(self) -> float:
        """Screen pixels per picture pixel; 1.0 is 100 %."""
        return self.transform.scale * self.ratio

    def fit(self) -> None:
        """Show the whole picture, and keep it so."""
        self.fitted = True
        self._settle(fit_view(*self.picture, self.view, margin=FIT_MARGIN))

    def zoom_by(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Zoom; the picture's point under `at` (logical pixels, the middle by default) stays there."""
        x, y = at or (self.view[0] / 2, self.view[1] / 2)
        least = SMALLEST_SIDE / max(*self.picture, 1.0)
        scale = min(max(self.transform.scale * factor, least), LARGEST_ZOOM / self.ratio)
        self.fitted = False
        self._settle(self.transform.zoomed(scale, x, y))

    def move(self, dx: float, dy: float) -> None:
        """Push the picture by logical pixels."""
        self.fitted = False
        self._settle(self.transform.moved(dx, dy))

    def show(self, box: Box) -> None:
        """Move just so far that a box is seen; the zoom stays."""
        shown = self.transform.box_to_view(box)
        dx, dy = _into(shown.x, shown.right, self.view[0]), _into(shown.y, shown.bottom, self.view[1])
        if dx or dy:
            self.move(dx, dy)

    def resize(self, view: tuple[float, float]) -> None:
        """The canvas has another size: a fitted picture stays fitted, any other keeps its middle."""
        grown = (view[0] - self.view[0], view[1] - self.view[1])
        self.view = view
        if self.fitted:
            self.fit()
        else:
            self._settle(self.transform.moved(grown[0] / 2, grown[1] / 2))

    def restore(self, transform: ViewTransform, *, fitted: bool) -> None:
        """Go back to an earlier view."""
        self.fitted = fitted
        if fitted:
            self.fit()
        else:
            self._settle(transform)

    def _settle(self, transform: ViewTransform) -> None:
        self.transform = keep_in_sight(transform, self.picture, view=self.view, least=KEPT_IN_SIGHT)


def _into(low: float, high: float, size: float) -> float:
    """How far a span must move to lie in 0..size; one that is longer is centred."""
    if high - low > size:
        return (size - high - low) / 2
    return -low if low < 0 else min(size - high, 0.0)
