"""The training loop: cosine with warm-up, EMA, reduced precision where it pays, a guard against NaN, exact resume."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
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
from yolor_studio.train.batches import Batch, Batches, Stage
from yolor_studio.train.compiling import compile_if_it_works
from yolor_studio.train.device import choose_precision, is_out_of_memory
from yolor_studio.train.ema import Ema
from yolor_studio.train.multitask import objective_for
from yolor_studio.train.objective import Objective
from yolor_studio.train.recipe import Optimizer, Recipe
from yolor_studio.train.shards import MeanGradients, Part, Shards
from yolor_studio.yolor.network import Network

__all__ = ["Recipe", "StepReport", "Trainer"]

_BAD_STEPS_TO_FP32 = 3
_BAD_STEPS_TO_STOP = 20
_MORE = "more."


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did; `box`, `objectness` and `classes` are the parts of the loss before their gains."""

    step: int
    """Steps done, this one included."""
    size: int
    loss: float
    box: float
    objectness: float
    classes: float
    positives: int
    rate: float
    skipped: bool
    """The loss or a gradient was not finite, so nothing was learned."""
    waited: float
    """Seconds spent waiting for the batch."""
    notices: tuple[str, ...] = ()
    """Sentences for a person: something had to be done in another way from here on."""


class Trainer:
    """One run of a network over batches. Parameters that do not require gradients stay as they are, and so do the
    statistics of batch norms whose own parameters do not."""

    def __init__(
        self,
        network: Network,
        batches: Batches,
        recipe: Recipe,
        *,
        device: str = "cpu",
        workers: int = 1,
        objective: Objective | None = None,
        at_once: int | None = None,
        compiled: bool = False,
    ) -> None:
        """`workers`: parts of each batch that are learned from side by side, see `train.shards`; `objective`: None is
        all tasks that the network has; `at_once`: the most pictures that a worker learns from at once; `compiled`: try
        torch.compile."""
        self._device = torch.device(device)
        # The stub lacks this overload.
        network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.network = network.to(self._device)
        self.recipe = recipe
        self.step = 0
        self._batches = batches
        self._objective = objective or objective_for(
            network.plan, recipe, device=self._device, pictures=batches.pictures
        )
        self._precision = choose_precision(self._device)
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self._precision is torch.float16)
        self._bad_steps = 0
        self._rounds = math.ceil(batches.pictures / (workers * at_once)) if at_once else 1
        self._named = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self._optimizer = _optimizer(self._named, recipe)
        self.ema = Ema(self.network, decay=recipe.ema, tau=recipe.ema_tau)
        self._shards = Shards(self.network, workers)
        self._compile = compiled
        self._notices: list[str] = []

    def run(self, steps: int | None = None) -> Iterator[StepReport]:
        """Learn until the last stage ends, or for `steps` more steps; ModelError when it does not come right."""
        self._set_modes()
        if self._compile:
            self._compile = False
            pictures = self._batches.pictures // self._rounds
            size = self.recipe.stages[0].size
            self._tell(compile_if_it_works(self.network, size=size, pictures=pictures, precision=self._precision))
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
        recipe = self.recipe
        rate = recipe.rate(self.step)
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.rate(self.step, bias=group["bias"])
            if recipe.optimizer is Optimizer.SGD:
                group["momentum"] = recipe.momentum_at(self.step)
        parts = self._parts(batch)
        finite = all(part.gradients is not None for part in parts)
        good = finite and self._descend()
        self._shards.merge_statistics()
        self._watch(good, finite)
        self.step += 1
        notices, self._notices = tuple(self._notices), []
        return StepReport(
            step=self.step,
            size=batch.pixels.shape[1],
            loss=fmean(part.total for part in parts),
            box=fmean(part.box for part in parts),
            objectness=fmean(part.objectness for part in parts),
            classes=fmean(part.classes for part in parts),
            positives=sum(part.positives for part in parts),
            rate=rate,
            skipped=not good,
            waited=waited,
            notices=notices,
        )

    def _parts(self, batch: Batch) -> list[Part]:
        """What each part of the batch gave, the gradients' mean being in the parameters; when memory does not suffice,
        the batch is cut into more parts that follow one another."""
        while True:
            mean = MeanGradients(list(self._named.values()))
            parts: list[Part] = []
            try:
                for part in self._shards.run(self._gradients, batch, rounds=self._rounds):
                    if part.gradients is not None:
                        mean.add(part.gradients)
                    parts.append(part)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._smaller_parts(len(batch.pixels))
                continue
            mean.finish()
            return parts

    def _smaller_parts(self, pictures: int) -> None:
        at_once = max(pictures // (len(self._shards.networks) * self._rounds), 1)
        if at_once == 1:
            raise ModelError(
                f"Memory does not hold one picture of this size, so the training stopped at step {self.step}; "
                "the last checkpoint is kept. Use a smaller model, or --device cpu."
            )
        self._rounds *= 2
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._tell(f"Memory ran out with {at_once} pictures at once; from here on {max(at_once // 2, 1)} at once.")

    def _gradients(self, network: Network, batch: Batch) -> Part:
        pixels = torch.from_numpy(batch.pixels).to(self._device, non_blocking=True)
        images = pixels.permute(0, 3, 1, 2).float().div_(255)
        reduced = self._precision is not None
        # The cache of autocast is shared by all threads, and every weight is used once anyway.
        with torch.autocast(self._device.type, self._precision, enabled=reduced, cache_enabled=False):
            outputs = self._objective.forward(network, images)
        losses = self._objective.losses(outputs, batch)
        if losses is None:
            return Part(math.nan, math.nan, math.nan, math.nan, 0, None)
        scaled = self._scaler.scale(losses.total)
        gradients = torch.autograd.grad(scaled, list(self._named.values()), materialize_grads=True)
        return Part(
            losses.total.item(),
            losses.box.item(),
            losses.objectness.item(),
            losses.classes.item(),
            losses.positives,
            gradients,
        )

    def _descend(self) -> bool:
        """One step of the optimizer and the mean, if all gradients are finite."""
        self._scaler.unscale_(self._optimizer)
        norm = nn.utils.clip_grad_norm_(list(self._named.values()), self.recipe.clip)
        good = bool(torch.isfinite(norm))
        if good:
            self._scaler.step(self._optimizer)
            self.ema.update()
        self._scaler.update()
        return good

    def _watch(self, good: bool, finite: bool) -> None:
        """`finite`: the loss was a number, whatever its gradients were."""
        if finite and not good and self._scaler.is_enabled() and self._scaler.get_scale() >= 1:
            return  # the scale of float16 is still finding its place
        self._bad_steps = 0 if good else self._bad_steps + 1
        if self._bad_steps == _BAD_STEPS_TO_FP32 and self._precision is not None:
            self._precision = None
            self._scaler = torch.amp.GradScaler(self._device.type, enabled=False)
            self._tell("The loss was not a number three times in a row; from here on it is computed in float32.")
        if self._bad_steps >= _BAD_STEPS_TO_STOP:
            raise ModelError(
                f"The loss was not a number for {self._bad_steps} steps in a row, so the training stopped at step "
                f"{self.step}; the last checkpoint is kept. Try a lower learning rate."
            )

    def _tell(self, sentence: str) -> None:
        if sentence:
            self._notices.append(sentence)

    def mean_weights(self) -> dict[str, NDArray[np.float32]]:
        """The EMA's arrays by name: what is evaluated and exported."""
        return as_arrays(self.ema.values)

    def save(self, path: Path, *, more: Mapping[str, Tensor] | None = None, **state: Any) -> None:
        """Write everything that a resumed run needs; `state` (JSON values) and `more` are handed back by `load`."""
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"ema.{name}": tensor for name, tensor in self.ema.values.items()}
        tensors |= {f"{_MORE}{name}": tensor for name, tensor in (more or {}).items()}
        for name, parameter in self._named.items():
            for key, value in self._optimizer.state.get(parameter, {}).items():
                if value is not None:
                    tensors[f"optimizer.{key}.{name}"] = value
        own = {
            "step": self.step,
            "ema": self.ema.updates,
            "precision": str(self._precision),
            "scaler": self._scaler.state_dict(),
            "bad_steps": self._bad_steps,
            "rounds": self._rounds,
            "objective": self._objective.state(),
        }
        checkpoint.save(path, tensors, {"trainer": own, "caller": state})

    def load(self, path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Go on where the checkpoint was written; returns what its caller had put in. ModelError when it belongs to
        another network."""
        tensors, state = checkpoint.load(path)
        try:
            for network in self._shards.networks:
                network.load_state_dict({name: tensors[f"network.{name}"] for name in network.state_dict()})
            for name, value in self.ema.values.items():
                value.copy_(tensors[f"ema.{name}"])
            for key, name, value in _prefixed(tensors, "optimizer."):
                parameter = self._named[name]
                self._optimizer.state[parameter][key] = _like(parameter, value)
            own = state["trainer"]
            self.step, self.ema.updates, self._bad_steps = own["step"], own["ema"], own["bad_steps"]
            self._rounds = own["rounds"]
            self._objective.restore(own.get("objective", {}))
            if own["precision"] != str(self._precision):
                self._precision = {str(torch.bfloat16): torch.bfloat16, str(torch.float16): torch.float16}.get(
                    own["precision"]
                )
                self._scaler = torch.amp.GradScaler(self._device.type, enabled=self._precision is torch.float16)
            self._scaler.load_state_dict(own["scaler"])
        except (KeyError, RuntimeError) as error:
            raise ModelError(f"The checkpoint {path.name} belongs to another network or run ({error}).") from error
        return state["caller"], {name[len(_MORE) :]: t for name, t in tensors.items() if name.startswith(_MORE)}


def as_arrays(values: Mapping[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """Tensors as float32 arrays."""
    return {name: value.cpu().float().contiguous().numpy() for name, value in values.items()}


def _optimizer(named: Mapping[str, nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay on convolution weights alone: not on biases, batch norms and implicit vectors."""
    biases = {name for name in named if name.endswith("conv.bias")}
    decayed = {name for name, parameter in named.items() if parameter.ndim == 4 and parameter.shape[0] > 1}
    sorts = ((decayed, recipe.weight_decay), (named.keys() - decayed - biases, 0.0), (biases, 0.0))
    groups = [
        {"params": [named[name] for name in named if name in names], "weight_decay": decay, "bias": names is biases}
        for names, decay in sorts
    ]
    groups = [group for group in groups if group["params"]]
    if recipe.optimizer is Optimizer.SGD:
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum_at(0), nesterov=True, fused=True)
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=True)


def _prefixed(tensors: Mapping[str, Tensor], prefix: str) -> Iterator[tuple[str, str, Tensor]]:
    """(key, parameter, value) of what an optimizer keeps."""
    for name, value in tensors.items():
        if name.startswith(prefix):
            key, _, parameter = name[len(prefix) :].partition(".")
            yield key, parameter, value


def _like(parameter: Tensor, value: Tensor) -> Tensor:
    return value if value.ndim == 0 else torch.empty_like(parameter).copy_(value)


def _until(stages: Sequence[Stage], last: int) -> list[Stage]:
    """The stages cut to `last` steps in all."""
    cut: list[Stage] = []
    for stage in stages:
        steps = min(stage.steps, last)
        cut.append(Stage(stage.size, steps, stage.mosaic))
        last -= steps
    return cut
