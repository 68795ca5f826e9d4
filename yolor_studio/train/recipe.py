"""How a run learns: which optimizer, which loss, how fast. Two recipes are made of these in `train.presets`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from yolor_studio.train.batches import Stage


class Assignment(StrEnum):
    """How boxes are given to predictions; see `train.assign`."""

    SIMOTA = "simota"
    RATIO = "ratio"
    TASK_ALIGNED = "task-aligned"


class Optimizer(StrEnum):
    """What turns gradients into steps."""

    ADAMW = "adamw"
    SGD = "sgd"
    """With Nesterov's momentum."""


class LossForm(StrEnum):
    """How the parts of the loss are scaled; see `train.loss`."""

    PER_POSITIVE = "per positive"
    OFFICIAL = "official"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a run learns."""

    stages: tuple[Stage, ...]
    lr: float = 0.003
    final_lr: float = 0.02
    """The last learning rate as a share of `lr`."""
    warm_up: int = 200
    """Steps of rising learning rate, at most a tenth of the run."""
    bias_warm_up: float = 0.0
    """The learning rate from which biases come down to `lr` during the warm-up; 0 lets them rise with the others."""
    weight_decay: float = 0.02
    """On convolution weights alone."""
    clip: float = 10.0
    ema: float = 0.999
    ema_tau: float = 300.0
    assignment: Assignment = Assignment.SIMOTA
    optimizer: Optimizer = Optimizer.ADAMW
    momentum: tuple[float, float] = (0.8, 0.937)
    """Of SGD: at the first step, and from the end of the warm-up on."""
    loss: LossForm = LossForm.PER_POSITIVE

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(stage.steps for stage in self.stages)

    def rate(self, step: int, *, bias: bool = False) -> float:
        """The learning rate of a step: linear warm-up, then half a cosine down to the final rate."""
        if step < self._warm_up:
            start = self.bias_warm_up if bias else 0.0
            return start + (self.lr - start) * (step + 1) / self._warm_up
        done = (step - self._warm_up) / max(self.steps - self._warm_up, 1)
        return self.lr * (self.final_lr + (1 - self.final_lr) * (1 + math.cos(math.pi * done)) / 2)

    def momentum_at(self, step: int) -> float:
        """The momentum of a step."""
        first, last = self.momentum
        return first + (last - first) * min((step + 1) / max(self._warm_up, 1), 1.0)

    @property
    def _warm_up(self) -> int:
        return min(self.warm_up, self.steps // 10)
