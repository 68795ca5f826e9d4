"""Which weights of a run are kept, and when it has gone on long enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

_NOTHING = 0.01
"""An AP below this is chance: a network that has begun to learn loses it again for a while."""


class Selection:
    """Keeps the weights with the best AP, and counts how often in a row they were not bettered."""

    def __init__(self, *, patience: int, calm_until: int = 0) -> None:
        """`patience`: measurements without a better one after which the run should end, counted after the step
        `calm_until`."""
        self._patience, self._calm_until = patience, calm_until
        self._failed = 0
        self.ap: float | None = None
        self.ap50: float | None = None
        self.step = 0
        """After which the best weights stood; 0 is the start."""
        self.learned: tuple[float, float] | None = None
        """The best (AP, AP50) after the start, which need not be better than it."""
        self.measured = -1
        """The last step after which was measured."""
        self.weights: dict[str, Tensor] = {}

    def offer(self, step: int, weights: Mapping[str, Tensor], *, ap: float, ap50: float) -> bool:
        """Take note of a measurement; returns whether it is the best so far, whose weights are copied.

        As long as next to nothing is found the latest weights count as the best, and patience does not wear out.
        """
        self.measured = step
        if step and (self.learned is None or ap > self.learned[0]):
            self.learned = ap, ap50
        if self.ap is not None and ap <= self.ap and self.ap >= _NOTHING:
            self._failed += step > self._calm_until
            return False
        self._failed, self.ap, self.ap50, self.step = 0, ap, ap50, step
        self.weights = {name: value.detach().clone() for name, value in weights.items()}
        return True

    @property
    def exhausted(self) -> bool:
        """Whether patience has worn out."""
        return self._failed >= self._patience

    def state(self) -> dict[str, Any]:
        """Everything but the weights, as JSON values."""
        return {
            "failed": self._failed,
            "ap": self.ap,
            "ap50": self.ap50,
            "step": self.step,
            "measured": self.measured,
            "learned": self.learned,
        }

    def restore(self, state: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
        """Go on from `state()` with the best weights of then."""
        self._failed, self.ap, self.ap50 = state["failed"], state["ap"], state["ap50"]
        self.step, self.measured = state["step"], state["measured"]
        self.learned = tuple(state["learned"]) if state["learned"] else None
        self.weights = dict(weights)
