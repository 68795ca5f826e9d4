"""Several tasks' losses in one, each weighted by how uncertain its task is (Kendall et al. 2018, as in JDE)."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

_RATE, _STEEPEST = 0.02, 5.0


class Balance:
    """Learns s per task so that the sum of (e^-s L + s) / 2 falls, beside the network: the derivative by s is known,
    so no optimizer is needed. The values change once per batch, whatever parts it is learned in; threads may share it.
    """

    def __init__(self, tasks: Sequence[str], *, pictures: int) -> None:
        """`pictures`: in a whole batch."""
        self.values = dict.fromkeys(tasks, 0.0)
        """s per task."""
        self.latest = dict.fromkeys(tasks, math.nan)
        """Every task's mean loss over the last whole batch."""
        self._pictures = pictures
        self._seen, self._spoilt = 0, False
        self._sums = dict.fromkeys(tasks, 0.0)
        self._lock = threading.Lock()

    def total(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum, scaled so that the first task's loss counts as it would alone: its learning rate holds."""
        first = next(iter(self.values.values()))
        return torch.stack([loss * math.exp(first - self.values[task]) for task, loss in losses.items()]).sum()

    def note(self, losses: Mapping[str, float] | None, pictures: int) -> None:
        """A part of a batch had these losses; the last part lets the values learn, unless those of one part were not
        finite (None): nothing is learned from such a batch."""
        with self._lock:
            self._seen += pictures
            if losses is None:
                self._spoilt = True
            else:
                for task, loss in losses.items():
                    self._sums[task] += loss * pictures
            if self._seen >= self._pictures:
                self._learn()

    def _learn(self) -> None:
        if not self._spoilt:
            self.latest = {task: total / self._seen for task, total in self._sums.items()}
            for task, loss in self.latest.items():
                slope = (1 - math.exp(-self.values[task]) * loss) / 2
                self.values[task] -= _RATE * max(slope, -_STEEPEST)
        self._seen, self._spoilt, self._sums = 0, False, dict.fromkeys(self.values, 0.0)
