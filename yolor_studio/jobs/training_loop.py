"""The loop of one training: learning, measuring, curves, checkpoints, and the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, UsageError
from yolor_studio.jobs.curves import Curves
from yolor_studio.jobs.events import CurvePoint, Event, Notice
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.training_request import CHECKPOINT, TrainRequest, damaged
from yolor_studio.jobs.validation import Validation
from yolor_studio.train.presets import AT_ONCE, CHECKS, PATIENT_UNTIL, Preset, gentleness, recipe_of

if TYPE_CHECKING:
    from yolor_studio.train.recipe import Recipe
    from yolor_studio.train.samples import PictureStore
    from yolor_studio.train.selection import Selection
    from yolor_studio.train.trainer import StepReport, Trainer
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.safetensors_io import SavedNetwork

SEED = 1
_SAVE_EVERY_S = 120.0
_SAVE_SHARE = 0.05
"""Of the time at most, where a checkpoint is large and the disk slow."""
_POINTS = 400
"""Points of the loss curve at most."""
_CHECK_SHARE = 0.1
"""Of the run's work may go into measuring."""
_FORWARD_COST = 0.3
"""Of a picture that is measured, beside one that is learned from."""
_COMPILE_FROM = 2_000
"""Steps from which on compiling, which takes a minute or two, pays."""
_LOSSES = ("loss", "box", "objectness", "classes")


class TrainingLoop:
    """The loop of one training, and all that a resumed one needs of it."""

    def __init__(
        self,
        request: TrainRequest,
        folder: Path,
        network: Network,
        preset: Preset,
        learned: PictureStore,
        apart: PictureStore | None,
        *,
        new: float,
        size: int,
        device: str,
    ) -> None:
        """`learned`, `apart`: the pictures to learn from and to measure by; `new`: the share of the boxes whose class
        the network does not know yet; `size`: the longest side of a picture in pixels."""
        from yolor_studio.train.batches import Batches
        from yolor_studio.train.device import share_cores, spare_cores
        from yolor_studio.train.recipe import Assignment
        from yolor_studio.train.samples import balanced_weights
        from yolor_studio.train.selection import Selection
        from yolor_studio.train.trainer import Trainer

        self._request, self._checkpoint = request, folder / CHECKPOINT
        self.preset = preset
        assignment = Assignment(request.assignment) if request.assignment else None
        recipe = recipe_of(
            preset,
            pictures=len(learned),
            size=size,
            parameters=network.plan.parameters,
            new=new,
            kind=request.recipe,
            assignment=assignment,
        )
        batches = Batches(
            learned, balanced_weights(learned), batch=preset.batch, seed=SEED, threads=spare_cores(device)
        )
        self.trainer: Trainer = Trainer(
            network,
            batches,
            recipe,
            device=device,
            workers=share_cores(device, preset.batch),
            at_once=AT_ONCE,
            compiled=device == "cuda" and recipe.steps >= _COMPILE_FROM,
        )
        measure = Validation(apart, self.trainer.network, size=size) if apart else None
        self.validation = measure if measure and measure.boxes else None
        calm_until = round(recipe.steps * PATIENT_UNTIL)
        self.selection: Selection = Selection(patience=preset.patience, calm_until=calm_until)
        self.curves = Curves(folder / "curves.jsonl")
        self.before: tuple[float | None, float | None] = (None, None)
        self.loss = 0.0
        self._pictures, self._new = len(learned), new
        self._since: list[list[float]] = []
        self._check_every = _check_every(recipe, preset.batch, len(apart) if apart else 0)
        self._point_every = max(recipe.steps // _POINTS, 1)

    def about(self, freeze: str, device: str) -> str:
        """What is going to be done, for a person."""
        recipe, preset = self.trainer.recipe, self.preset
        epochs = "1 epoch" if preset.epochs == 1 else f"{preset.epochs:,} epochs"
        parts = [
            f"{epochs} of {self._pictures:,} picture{'' if self._pictures == 1 else 's'} on {device}",
            f"{self._request.recipe} recipe, {recipe.assignment.value}",
            f"{preset.batch} pictures of {recipe.stages[0].size} px a step",
        ]
        parts.append(_pace(self._new, recipe.lr))
        if self._request.implicit_only:
            parts.append("implicit knowledge and new classes alone")
        elif freeze != "none":
            parts.append(f"{freeze} frozen")
        return "; ".join(parts)

    def learn(self, cancel: CancelToken) -> Iterator[Event]:
        """To the end, or until patience wears out."""
        identity = json.loads(json.dumps(asdict(self._request) | {"resume": False, "device": ""}, default=str))
        if self._request.resume:
            self._resume(identity)
            yield from self.curves.points
        else:
            self._save(identity)
        steps = self.trainer.recipe.steps
        meter = RateMeter(steps)
        save_at = time.monotonic() + _SAVE_EVERY_S
        try:
            yield from self._check_if_due(cancel)
            for report in () if self.selection.exhausted else self.trainer.run():
                yield from map(Notice, report.notices)
                yield from self._curve(report)
                yield meter.progress(report.step, f"loss {self.loss:.2f}" if self.loss else "")
                yield from self._check_if_due(cancel)
                if (now := time.monotonic()) >= save_at:
                    self._save(identity)
                    took = time.monotonic() - now
                    save_at = now + took + max(_SAVE_EVERY_S, took / _SAVE_SHARE)
                if self.selection.exhausted:
                    break
                cancel.check()
        except Cancelled:
            self._save(identity)
            raise Cancelled(
                f"Stopped after {self.trainer.step:,} of {steps:,} steps; "
                "the same command with --resume goes on from there."
            ) from None
        yield from self._about_the_end()

    def _curve(self, report: StepReport) -> Iterator[Event]:
        """A point of the curves, the mean over some steps."""
        if not report.skipped:
            self._since.append([getattr(report, name) for name in _LOSSES])
        if (report.step % self._point_every and report.step != self.trainer.recipe.steps) or not self._since:
            return
        values = dict(zip(_LOSSES, map(fmean, zip(*self._since, strict=True)), strict=True))
        self._since, self.loss = [], values["loss"]
        yield self.curves.add(CurvePoint(report.step, values | {"rate": report.rate}))

    def _check_if_due(self, cancel: CancelToken) -> Iterator[Event]:
        step, steps = self.trainer.step, self.trainer.recipe.steps
        due = step % self._check_every == 0 or step == steps
        if self.validation is None or not due or step == self.selection.measured:
            return
        ap, ap50 = self.validation.measure(self.trainer.ema.values, cancel)
        best = self.selection.offer(step, self.trainer.ema.values, ap=ap, ap50=ap50)
        if step == 0:
            self.before = (ap, ap50)
        yield self.curves.add(CurvePoint(step, {"AP": ap, "AP50": ap50}, best))

    def _about_the_end(self) -> Iterator[Event]:
        step, steps, chosen = self.trainer.step, self.trainer.recipe.steps, self.selection
        if self.validation is None:
            return
        early = f"Stopped early after {step:,} of {steps:,} steps, no better AP in {self.preset.patience} measurements"
        (ap, ap50), learned = self.before, chosen.learned
        if learned and ap is not None and learned[0] <= ap:
            if step < steps:
                yield Notice(f"{early}.")
            figures = f"AP50 {ap50:.3f} (AP {ap:.3f}) before, {learned[1]:.3f} ({learned[0]:.3f}) at best since"
            whose = f"step {chosen.step:,}" if chosen.step else "the start"
            yield Notice(
                f"The model did not get better on the pictures kept apart: {figures}. It has the weights of {whose}."
            )
        elif chosen.step < step:
            kept = f"the weights of step {chosen.step:,} were the best and are kept, AP {chosen.ap:.3f}."
            yield Notice(f"{early}: {kept}" if step < steps else kept[0].upper() + kept[1:])

    def result(self) -> dict[str, Any]:
        """The arrays of the best weights, or of the last ones where nothing was kept apart."""
        from yolor_studio.train.trainer import as_arrays

        return as_arrays(self.selection.weights or self.trainer.ema.values)

    def record(self, base: SavedNetwork) -> dict[str, Any]:
        """How it was trained, in short, for the model's notes."""
        recipe, chosen = self.trainer.recipe, self.selection
        figures = {"AP": _rounded(chosen.ap), "AP50": _rounded(chosen.ap50), "AP before": _rounded(self.before[0])}
        return {
            "recipe": self._request.recipe,
            "assignment": recipe.assignment.value,
            "epochs": self.preset.epochs,
            "steps": self.trainer.step,
            "best step": chosen.step if self.validation else self.trainer.step,
            "size": recipe.stages[0].size,
            "learning rate": recipe.lr,
            "share of new boxes": round(self._new, 4),
            **{name: value for name, value in figures.items() if value is not None},
            "measured on": len(self.validation) if self.validation else 0,
            "started from": self._request.model or "yolor-n",
            "licence of the start": base.licence,
        }

    def _save(self, identity: dict[str, Any]) -> None:
        self.trainer.save(
            self._checkpoint,
            more=self.selection.weights,
            run=identity,
            selection=self.selection.state(),
            before=self.before,
            loss=self.loss,
            since=self._since,
        )

    def _resume(self, identity: dict[str, Any]) -> None:
        from yolor_studio.train.checkpoint import Unreadable

        try:
            state, best = self.trainer.load(self._checkpoint)
            if state.get("run") != identity:
                raise UsageError("The interrupted run had other options; resume it with the same ones.")
            self.selection.restore(state["selection"], best)
            self.before, self.loss, self._since = tuple(state["before"]), state["loss"], state["since"]
        except (Unreadable, KeyError, TypeError, AttributeError) as error:
            raise damaged(self._checkpoint.parent, self._checkpoint.name) from error
        self.curves.cut_after(self.trainer.step)


def _check_every(recipe: Recipe, batch: int, apart: int) -> int:
    """Steps between two measurements: CHECKS in all, fewer where they would cost too much of the run."""
    dear = _FORWARD_COST * apart / (batch * _CHECK_SHARE)
    return max(round(recipe.steps / CHECKS), round(dear), 1)


def _pace(new: float, rate: float) -> str:
    """How gently it learns, and why: see `train.presets.gentleness`."""
    if new <= 0:
        return f"the model knows the classes of all boxes, so it learns gently (learning rate {rate:.2g})"
    unknown = "the class of any box" if new >= 1 else f"the classes of {new:.0%} of the boxes"
    pace = "at the whole rate" if gentleness(new) >= 1 else "less gently"
    return f"the model does not know {unknown}, so it learns {pace} (learning rate {rate:.2g})"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
