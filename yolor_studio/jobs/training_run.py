"""One training from data to model, in this process: what `train_child` does for `jobs.train`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, FormatError, UsageError
from yolor_studio.core.paths import user_folder
from yolor_studio.jobs.curves import Curves
from yolor_studio.jobs.events import CurvePoint, Event, ItemFailed, Notice, Started
from yolor_studio.jobs.model_files import export_network
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.training_data import Pictures, TrainingData, gather, read_all
from yolor_studio.jobs.training_request import CHECKPOINT, TrainOutcome, TrainRequest, training_folder
from yolor_studio.jobs.validation import Validation
from yolor_studio.train.presets import AT_ONCE, CHECKS, PATIENT_UNTIL, Preset, preset_for, recipe_of

if TYPE_CHECKING:
    from yolor_studio.train.recipe import Recipe
    from yolor_studio.train.samples import PictureStore
    from yolor_studio.train.selection import Selection
    from yolor_studio.train.trainer import StepReport, Trainer
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.safetensors_io import SavedNetwork

_LEARNED, _KEPT_APART = "pictures", "kept-apart"
_SAVE_EVERY_S = 120.0
_POINTS = 400
"""Points of the loss curve at most."""
_CHECK_SHARE = 0.1
"""Of the run's work may go into measuring."""
_FORWARD_COST = 0.3
"""Of a picture that is measured, beside one that is learned from."""
_COMPILE_FROM = 2_000
"""Steps from which on compiling, which takes a minute or two, pays."""
_SEED = 1
_LOSSES = ("loss", "box", "objectness", "classes")


def run_training(request: TrainRequest, start: Path, cancel: CancelToken) -> Generator[Event, None, TrainOutcome]:
    """Train from the network in `start` (safetensors) and put the result into the model list.

    Started, Notice and ItemFailed for what was left out, CurvePoint and Progress in steps; returns what came of it.
    Cancelling finishes the step, keeps a checkpoint and raises Cancelled. Raises UsageError, FormatError or ModelError.
    """
    from yolor_studio.train.device import choose_device, start_from
    from yolor_studio.yolor.safetensors_io import load_network

    began = time.monotonic()
    device = choose_device(request.device)
    assert request.name is not None
    folder = training_folder(request.name)
    base = load_network(start)
    learned, apart, classes = yield from _pictures(request, folder, base.size, cancel)
    start_from(_SEED)
    network, kept = _network(base, classes)
    preset = preset_for(len(learned), epochs=request.epochs)
    freeze = request.freeze or preset.freeze
    _freeze(network, freeze, request, new_classes=len(kept) < len(classes))
    run = _Run(request, folder, network, preset, learned, apart, size=base.size, device=device)
    yield Started(f"Training {request.name}", run.trainer.recipe.steps, "steps", run.about(freeze, device))
    fresh = [name for name in classes if name not in kept]
    if apart and not run.validation:
        yield Notice("There is no box in the pictures kept apart to measure by, so the last weights are kept.")
    if fresh:
        yield Notice(f"The starting model does not know {_listed(fresh)}; learned from nothing.")
    yield from run.learn(cancel)

    result = run.result()
    saved = _saved(result, base, classes, run.record(base))
    models = user_folder("models")
    onnx, weights = export_network(models, request.name, saved)
    curves = run.curves.move_to(models / f"{request.name}.curves.jsonl")
    shutil.rmtree(folder, ignore_errors=True)
    return TrainOutcome(
        name=request.name,
        model=onnx,
        weights=weights,
        curves=curves,
        classes=classes,
        kept_classes=kept,
        pictures=len(learned),
        kept_apart=len(run.validation) if run.validation else 0,
        steps=run.trainer.step,
        planned_steps=run.trainer.recipe.steps,
        epochs=preset.epochs,
        recipe=request.recipe,
        best_step=run.selection.step if run.validation else run.trainer.step,
        ap=run.selection.ap,
        ap50=run.selection.ap50,
        ap_before=run.before[0],
        ap50_before=run.before[1],
        loss=run.loss,
        device=device,
        seconds=time.monotonic() - began,
    )


def _pictures(
    request: TrainRequest, folder: Path, size: int, cancel: CancelToken
) -> Generator[Event, None, tuple[PictureStore, PictureStore | None, tuple[str, ...]]]:
    """Decode all pictures once; a resumed training goes on with those of its beginning, whatever has changed since."""
    from yolor_studio.train.samples import PictureStore

    about = folder / "pictures.json"
    if request.resume and about.exists():
        known = json.loads(about.read_bytes())
        apart = PictureStore(folder / _KEPT_APART) if known["kept_apart"] else None
        yield Notice("Going on with the pictures and boxes as they were when the training began.")
        return PictureStore(folder / _LEARNED), apart, tuple(known["classes"])
    with ExitStack() as opened:
        data = gather(request.data, opened, hold_out=request.hold_out)
        if not data.classes:
            raise FormatError(f"{request.data[0]} has no categories to learn.")
        learned, apart = yield from _stores(data, folder, size, cancel)
    yield Notice(data.division)
    about.write_text(json.dumps({"classes": data.classes, "kept_apart": apart is not None}))
    return learned, apart, data.classes


def _stores(
    data: TrainingData, folder: Path, size: int, cancel: CancelToken
) -> Generator[Event, None, tuple[PictureStore, PictureStore | None]]:
    from yolor_studio.train.samples import write_store

    total = sum(part.count for part in (*data.learned, *data.kept_apart))
    yield Started("Reading pictures", total, "pictures")
    failed: list[tuple[str, str]] = []
    meter = RateMeter(total)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    def stored(name: str, parts: Sequence[Pictures]) -> Iterator[Any]:
        return read_all(parts, data.classes, failed=failed, cancel=cancel, tell=count)

    made: list[PictureStore | None] = []
    for name, parts in ((_LEARNED, data.learned), (_KEPT_APART, data.kept_apart)):
        try:
            made.append(write_store(folder / name, stored(name, parts), side=size))
        except ValueError as error:
            if name == _LEARNED:
                raise FormatError(
                    f"None of the {total:,} pictures can be read, so there is nothing to learn from."
                ) from error
            made.append(None)
        yield meter.progress(done)
    for what, why in failed:
        yield ItemFailed(what, why)
    learned, apart = made
    assert learned is not None
    return learned, apart


def _network(base: SavedNetwork, classes: tuple[str, ...]) -> tuple[Network, tuple[str, ...]]:
    from yolor_studio.train.objective import check_trainable
    from yolor_studio.train.surgery import transplant
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.rebuild import with_classes

    check_trainable(build_plan(base.description))
    network = Network(build_plan(with_classes(base.description, len(classes))), bn_eps=base.weights.bn_eps)
    return network, transplant(network, base.weights.arrays, old=base.names, new=classes)


def _freeze(network: Network, kept: str, request: TrainRequest, *, new_classes: bool) -> None:
    from yolor_studio.train.freeze import Freeze, freeze, only_implicit

    if request.implicit_only:
        only_implicit(network, new_classes=new_classes)
    else:
        freeze(network, Freeze(kept))


class _Run:
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
        size: int,
        device: str,
    ) -> None:
        from yolor_studio.train.batches import Batches
        from yolor_studio.train.device import share_cores
        from yolor_studio.train.recipe import Assignment
        from yolor_studio.train.samples import balanced_weights
        from yolor_studio.train.selection import Selection
        from yolor_studio.train.trainer import Trainer

        self._request, self._checkpoint = request, folder / CHECKPOINT
        self.preset = preset
        assignment = Assignment(request.assignment) if request.assignment else None
        recipe = recipe_of(preset, pictures=len(learned), size=size, kind=request.recipe, assignment=assignment)
        batches = Batches(learned, balanced_weights(learned), batch=preset.batch, seed=_SEED)
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
        self._pictures = len(learned)
        self._since: list[list[float]] = []
        self._check_every = _check_every(recipe, preset.batch, len(apart) if apart else 0)
        self._point_every = max(recipe.steps // _POINTS, 1)

    def about(self, freeze: str, device: str) -> str:
        """What is going to be done, for a person."""
        recipe, preset = self.trainer.recipe, self.preset
        epochs = "1 epoch" if preset.epochs == 1 else f"{preset.epochs:,} epochs"
        parts = [
            f"{epochs} of {self._pictures:,} pictures on {device}",
            f"{self._request.recipe} recipe, {recipe.assignment.value}",
            f"{preset.batch} pictures of {recipe.stages[0].size} px a step",
        ]
        if self._request.implicit_only:
            parts.append("implicit knowledge and new classes alone")
        elif freeze != "none":
            parts.append(f"{freeze} frozen")
        return "; ".join(parts)

    def learn(self, cancel: CancelToken) -> Iterator[Event]:
        """To the end, or until patience wears out."""
        identity = json.loads(json.dumps(asdict(self._request) | {"resume": False}, default=str))
        if self._request.resume:
            self._resume(identity)
            yield from self.curves.points
        else:
            self._save(identity)
        steps = self.trainer.recipe.steps
        meter = RateMeter(steps)
        saved = time.monotonic()
        try:
            yield from self._check_if_due(cancel)
            for report in () if self.selection.exhausted else self.trainer.run():
                yield from map(Notice, report.notices)
                yield from self._curve(report)
                yield meter.progress(report.step, f"{report.size} px, loss {self.loss:.3f}")
                yield from self._check_if_due(cancel)
                if time.monotonic() - saved > _SAVE_EVERY_S:
                    self._save(identity)
                    saved = time.monotonic()
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
        if self.validation is None or chosen.step == step:
            return
        kept = f"the weights of step {chosen.step:,} were the best and are kept, AP {chosen.ap:.3f}."
        if step < steps:
            bad = f"no better AP in {self.preset.patience} measurements"
            yield Notice(f"Stopped early after {step:,} of {steps:,} steps, {bad}: {kept}")
        else:
            yield Notice(kept[0].upper() + kept[1:])

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
        state, best = self.trainer.load(self._checkpoint)
        if state.get("run") != identity:
            raise UsageError("The interrupted run had other options; resume it with the same ones.")
        self.selection.restore(state["selection"], best)
        self.before, self.loss, self._since = tuple(state["before"]), state["loss"], state["since"]
        self.curves.cut_after(self.trainer.step)


def _check_every(recipe: Recipe, batch: int, apart: int) -> int:
    """Steps between two measurements: CHECKS in all, fewer where they would cost too much of the run."""
    dear = _FORWARD_COST * apart / (batch * _CHECK_SHARE)
    return max(round(recipe.steps / CHECKS), round(dear), 1)


def _saved(
    arrays: dict[str, Any], base: SavedNetwork, classes: tuple[str, ...], record: dict[str, Any]
) -> SavedNetwork:
    from yolor_studio.yolor.rebuild import with_classes
    from yolor_studio.yolor.safetensors_io import SavedNetwork
    from yolor_studio.yolor.weights import Weights

    return SavedNetwork(
        with_classes(base.description, len(classes)),
        Weights(arrays, base.weights.bn_eps),
        classes,
        base.size,
        base.licence,
        notes={"training": json.dumps(record)},
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
