"""The training loop: AdamW, cosine with warm-up, EMA, bf16 where it pays, a guard against NaN, exact resume."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from yolor_studio.core.errors import ModelError
from yolor_studio.train import checkpoint
from yolor_studio.train.assign import Assignment, Grid
from yolor_studio.train.batches import Batch, Batches, Stage
from yolor_studio.train.ema import Ema
from yolor_studio.train.loss import Targets, detection_loss, flatten_heads
from yolor_studio.train.shards import Gradients, Part, Shards, set_gradients
from yolor_studio.yolor.network import Network

_BAD_STEPS_TO_FP32 = 3
_BAD_STEPS_TO_STOP = 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a run learns."""

    stages: tuple[Stage, ...]
    lr: float = 0.003
    final_lr: float = 0.02
    """The last learning rate as a share of `lr`."""
    warm_up: int = 200
    """Steps of rising learning rate, at most a tenth of the run."""
    weight_decay: float = 0.02
    """On convolution weights alone."""
    clip: float = 10.0
    ema: float = 0.999
    ema_tau: float = 300.0
    assignment: Assignment = Assignment.SIMOTA

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(stage.steps for stage in self.stages)

    def rate(self, step: int) -> float:
        """The learning rate of a step: linear warm-up, then half a cosine down to the final rate."""
        warm_up = min(self.warm_up, self.steps // 10)
        if step < warm_up:
            return self.lr * (step + 1) / warm_up
        done = (step - warm_up) / max(self.steps - warm_up, 1)
        return self.lr * (self.final_lr + (1 - self.final_lr) * (1 + math.cos(math.pi * done)) / 2)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did; the losses are per positive prediction, before their gains."""

    step: int
    """Steps done, this one included."""
    size: int
    box: float
    objectness: float
    classes: float
    positives: int
    rate: float
    skipped: bool
    """The loss or a gradient was not finite, so nothing was learned."""
    waited: float
    """Seconds spent waiting for the batch."""


class Trainer:
    """One run of a network over batches. Parameters that do not require gradients stay as they are, and so do the
    statistics of batch norms whose own parameters do not."""

    def __init__(
        self, network: Network, batches: Batches, recipe: Recipe, *, device: str = "cpu", workers: int = 1
    ) -> None:
        """`workers`: parts of each batch that are learned from side by side; see `train.shards`."""
        self._device = torch.device(device)
        # The stub lacks this overload.
        network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.network = network.to(self._device)
        self.recipe = recipe
        self.step = 0
        self._batches = batches
        self._autocast = has_bf16(self._device)
        self._bad_steps = 0
        self._named = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in self._named.values() if _decays(p)], "weight_decay": recipe.weight_decay},
                {"params": [p for p in self._named.values() if not _decays(p)], "weight_decay": 0.0},
            ],
            lr=recipe.lr,
            fused=True,
        )
        self.ema = Ema(self.network, decay=recipe.ema, tau=recipe.ema_tau)
        self._anchors = torch.tensor(network.plan.anchors, device=self._device)
        self._grids: dict[tuple[tuple[int, int], ...], Grid] = {}
        self._shards = Shards(self.network, workers)

    def run(self, steps: int | None = None) -> Iterator[StepReport]:
        """Learn until the last stage ends, or for `steps` more steps; ModelError when it does not come right."""
        self._set_modes()
        last = self.recipe.steps if steps is None else min(self.step + steps, self.recipe.steps)
        asked = time.perf_counter()
        stream = self._batches.stream(_until(self.recipe.stages, last), self.step)
        for _, batch in stream:
            waited = time.perf_counter() - asked
            yield self._learn(batch, waited)
            asked = time.perf_counter()

    def _set_modes(self) -> None:
        for network in self._shards.networks:
            network.train()
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
                    module.eval()

    def _learn(self, batch: Batch, waited: float) -> StepReport:
        rate = self.recipe.rate(self.step)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        parts = self._shards.run(self._gradients, batch)
        good = self._descend([part.gradients for part in parts])
        self._shards.merge_statistics()
        self._watch(good)
        self.step += 1
        return StepReport(
            step=self.step,
            size=batch.pixels.shape[1],
            box=fmean(part.box for part in parts),
            objectness=fmean(part.objectness for part in parts),
            classes=fmean(part.classes for part in parts),
            positives=sum(part.positives for part in parts),
            rate=rate,
            skipped=not good,
            waited=waited,
        )

    def _gradients(self, network: Network, batch: Batch) -> Part:
        pixels = torch.from_numpy(batch.pixels).to(self._device, non_blocking=True)
        images = pixels.permute(0, 3, 1, 2).float().div_(255)
        # The cache of autocast is shared by all threads, and every weight is used once anyway.
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast, cache_enabled=False):
            heads = network(images)
        raw = flatten_heads(heads, self._anchors.shape[1])
        if not torch.isfinite(raw.detach().sum()):
            return Part(math.nan, math.nan, math.nan, 0, None)
        targets = Targets.of(batch, self._device)
        losses = detection_loss(raw, targets, self._grid(heads), assignment=self.recipe.assignment)
        gradients = torch.autograd.grad(losses.total, list(self._named.values()))
        return Part(losses.box.item(), losses.objectness.item(), losses.classes.item(), losses.positives, gradients)

    def _descend(self, parts: Sequence[Gradients | None]) -> bool:
        """One step of the optimizer and the mean, if all gradients are finite."""
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return False
        parameters = list(self._named.values())
        set_gradients(parameters, known)
        norm = nn.utils.clip_grad_norm_(parameters, self.recipe.clip)
        if not torch.isfinite(norm):
            return False
        self._optimizer.step()
        self.ema.update()
        return True

    def _watch(self, good: bool) -> None:
        self._bad_steps = 0 if good else self._bad_steps + 1
        if self._bad_steps == _BAD_STEPS_TO_FP32:
            self._autocast = False
        if self._bad_steps >= _BAD_STEPS_TO_STOP:
            raise ModelError(
                f"The loss was not a number for {self._bad_steps} steps in a row, so the training stopped at step "
                f"{self.step}; the last checkpoint is kept. Try a lower learning rate."
            )

    def _grid(self, heads: Sequence[Tensor]) -> Grid:
        shapes = tuple((head.shape[2], head.shape[3]) for head in heads)
        if shapes not in self._grids:
            self._grids[shapes] = Grid.of(self._anchors, self.network.plan.strides, shapes)
        return self._grids[shapes]

    def mean_weights(self) -> dict[str, NDArray[np.float32]]:
        """The EMA's arrays by name: what is evaluated and exported."""
        return {name: value.cpu().float().contiguous().numpy() for name, value in self.ema.values.items()}

    def save(self, path: Path, **state: Any) -> None:
        """Write everything that a resumed run needs; `state` (JSON values) is handed back by `load`."""
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"ema.{name}": tensor for name, tensor in self.ema.values.items()}
        for name, parameter in self._named.items():
            for key, value in self._optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{key}.{name}"] = value
        own = {"step": self.step, "ema": self.ema.updates, "autocast": self._autocast, "bad_steps": self._bad_steps}
        checkpoint.save(path, tensors, {"trainer": own, "caller": state})

    def load(self, path: Path) -> dict[str, Any]:
        """Go on where the checkpoint was written; ModelError when it belongs to another network."""
        tensors, state = checkpoint.load(path)
        try:
            for network in self._shards.networks:
                network.load_state_dict({name: tensors[f"network.{name}"] for name in network.state_dict()})
            for name, value in self.ema.values.items():
                value.copy_(tensors[f"ema.{name}"])
            for name, parameter in self._named.items():
                keys = ("step", "exp_avg", "exp_avg_sq")
                saved = {key: tensors.get(f"optimizer.{key}.{name}") for key in keys}
                if saved["step"] is not None:
                    self._optimizer.state[parameter] = {key: _like(parameter, value) for key, value in saved.items()}
        except (KeyError, RuntimeError) as error:
            raise ModelError(f"The checkpoint {path.name} belongs to another network or run ({error}).") from error
        own = state["trainer"]
        self.step, self.ema.updates = own["step"], own["ema"]
        self._autocast, self._bad_steps = own["autocast"], own["bad_steps"]
        return state["caller"]


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 is faster than float32 here: measured 1.8 times with AVX512-BF16, slower without."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def _decays(parameter: Tensor) -> bool:
    return parameter.ndim == 4 and parameter.shape[0] > 1


def _like(parameter: Tensor, value: Tensor | None) -> Tensor:
    assert value is not None
    return value if value.ndim == 0 else torch.empty_like(parameter).copy_(value)


def _until(stages: Sequence[Stage], last: int) -> list[Stage]:
    """The stages cut to `last` steps in all."""
    cut: list[Stage] = []
    for stage in stages:
        steps = min(stage.steps, last)
        cut.append(Stage(stage.size, steps, stage.mosaic))
        last -= steps
    return cut
