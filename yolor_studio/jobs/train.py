"""Fine-tuning as a job: COCO folders in, a model of the user's own in the model list out."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, FormatError, ModelError, UsageError
from yolor_studio.core.paths import user_folder
from yolor_studio.core.resources import shipped
from yolor_studio.detect.library import checked_name, models_folder
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Result, Started
from yolor_studio.jobs.rate import RateMeter

if TYPE_CHECKING:
    from yolor_studio.train.coco import CocoSplit
    from yolor_studio.train.samples import PictureStore
    from yolor_studio.train.trainer import Recipe, StepReport, Trainer
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.safetensors_io import SavedNetwork

FREEZE = ("none", "backbone", "neck")
BATCH = 16
_RATE = 0.001
_PICTURES_SEEN = 20_000
_EPOCHS = (10, 200)
_MOSAIC_SHARE = 0.8
_SAVE_EVERY_S = 120.0
_SEED = 1


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What `yolor-studio train` was asked."""

    data: tuple[Path, ...]
    """COCO folders or annotation files; see `train.coco.training_splits`."""
    model: str | None = None
    """What to start from: a model's name or a .safetensors file; None is the bundled one."""
    name: str | None = None
    """What to call the result; None names it after the first data."""
    epochs: int | None = None
    """How often each picture is drawn on average; None chooses by their number."""
    freeze: str = "none"
    """One of FREEZE: what stays as it is."""
    implicit_only: bool = False
    """Let only the implicit vectors learn, and for new classes their prediction convolutions."""
    device: str = "auto"
    """"auto", "cpu" or "cuda"."""
    resume: bool = False
    """Go on with the interrupted run of this name."""


@dataclass(frozen=True, slots=True)
class TrainOutcome:
    """What a run made."""

    name: str
    model: Path
    """The ONNX file in the model list."""
    weights: Path
    """The safetensors file beside it, from which training can go on."""
    classes: tuple[str, ...]
    kept_classes: tuple[str, ...]
    """Those that the starting model knew by name."""
    pictures: int
    steps: int
    loss: float
    """Mean of the last hundred steps."""
    device: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self) | {"model": str(self.model), "weights": str(self.weights)}

    def lines(self) -> list[str]:
        """For people; the last line is the model's path."""
        known = f"{len(self.kept_classes)} of them known before"
        effort = f"{self.steps:,} steps over {self.pictures:,} pictures in {self.seconds / 60:.1f} minutes"
        return [
            f"Trained   {self.name} on {self.device}: {effort}, loss {self.loss:.3f}",
            f"Classes   {', '.join(self.classes)} ({known})",
            str(self.model),
        ]


def train(request: TrainRequest, cancel: CancelToken) -> Iterator[Event]:
    """Fine-tune a model on the pictures of COCO folders and put it into the model list.

    Started, Notice and ItemFailed for what was left out, Progress in steps, last Result(TrainOutcome). Cancelling keeps
    a checkpoint that `resume` goes on from. Raises UsageError, FormatError or ModelError.
    """
    _check(request)
    from yolor_studio.train.batches import Batches
    from yolor_studio.train.device import choose_device, start_from
    from yolor_studio.train.samples import balanced_weights
    from yolor_studio.train.trainer import Trainer

    started = time.monotonic()
    device = choose_device(request.device)
    name = request.name or _name_of(request.data[0])
    run = user_folder("training", name)
    if request.resume and not (run / "checkpoint.safetensors").exists():
        raise UsageError(f"There is no interrupted run named {name} to resume; start it without --resume.")
    if not request.resume and (run / "checkpoint.safetensors").exists():
        raise UsageError(f"A training named {name} was stopped and is kept: add --resume, or choose another --name.")
    if not request.resume:
        shutil.rmtree(run, ignore_errors=True)
    base = _starting_point(request.model)
    splits = [split for data in request.data for split in _splits(data)]
    classes = tuple(dict.fromkeys(name for split in splits for name in split.names))
    if not classes:
        raise FormatError(f"{request.data[0]} has no categories to learn.")
    store = yield from _store(run / "pictures", splits, classes, size=base.size, cancel=cancel)

    start_from(_SEED)
    network, kept = _network(base, classes)
    _freeze(network, request, new_classes=len(kept) < len(classes))
    recipe = _recipe(len(store), base.size, request.epochs)
    batches = Batches(store, balanced_weights(store), batch=BATCH, seed=_SEED)
    trainer = Trainer(network, batches, recipe, device=device)
    fresh = [name for name in classes if name not in kept]
    yield Started(f"Training {name}", recipe.steps, "steps", f"{len(store):,} pictures on {device}")
    if fresh:
        yield Notice(f"The starting model does not know {_listed(fresh)}; they are learned from nothing.")
    loss = yield from _learn(trainer, run / "checkpoint.safetensors", request, classes=classes, cancel=cancel)
    onnx, weights = export_network(user_folder("models"), name, _result(trainer, base, classes))
    shutil.rmtree(run, ignore_errors=True)
    yield Result(
        TrainOutcome(
            name,
            onnx,
            weights,
            classes,
            kept,
            len(store),
            trainer.step,
            loss,
            device,
            time.monotonic() - started,
        )
    )


def export_network(folder: Path, name: str, network: SavedNetwork, *, half: bool = False) -> tuple[Path, Path]:
    """Write NAME.onnx (with `half`, its weights stored as float16) and NAME.safetensors, and return both paths."""
    from yolor_studio.yolor.files import write_atomically
    from yolor_studio.yolor.onnx_graph import build_onnx
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.safetensors_io import save_network

    weights, onnx = folder / f"{name}.safetensors", folder / f"{name}.onnx"
    save_network(weights, network)
    model = build_onnx(
        build_plan(network.description),
        network.weights,
        names=network.names,
        licence=network.licence,
        source_hash=hashlib.sha256(weights.read_bytes()).hexdigest(),
        size=network.size,
        half_storage=half,
    )
    write_atomically(onnx, model.SerializeToString())
    return onnx, weights


def _check(request: TrainRequest) -> None:
    if find_spec("torch") is None:
        raise ModelError("Training needs PyTorch, which is not installed: pip install 'yolor-studio[train]'.")
    if not request.data:
        raise UsageError("Name at least one COCO folder to train on.")
    if request.freeze not in FREEZE:
        raise UsageError(f"--freeze {request.freeze} is unknown; choose {', '.join(FREEZE)}.")
    if request.epochs is not None and request.epochs < 1:
        raise UsageError(f"--epochs must be 1 or more, not {request.epochs}.")
    if request.name is not None and checked_name(request.name).casefold() in _taken_names():
        raise UsageError(f"There is a model named {request.name} already; choose another with --name.")


def _taken_names() -> set[str]:
    folders = (shipped("models"), models_folder())
    return {path.stem.casefold() for folder in folders for path in folder.glob("*.onnx")}


def _name_of(data: Path) -> str:
    """The dataset's name, numbered when a model has it already."""
    stem, taken = data.resolve().stem or "trained", _taken_names()
    return next(
        name
        for name in itertools.chain([stem], (f"{stem}-{n}" for n in itertools.count(2)))
        if name.casefold() not in taken
    )


def _starting_point(model: str | None) -> SavedNetwork:
    """The safetensors file of a model: ONNX files have their batch norms folded and cannot be trained further."""
    from yolor_studio.yolor.safetensors_io import load_network

    name = model or "yolor-n"
    path = Path(name).expanduser()
    if path.suffix != ".safetensors":
        places = (shipped("models", f"{name}.safetensors"), user_folder("models", f"{name}.safetensors"))
        path = next((place for place in places if place.is_file()), path)
    if path.suffix != ".safetensors" or not path.is_file():
        raise ModelError(
            f"{name} cannot be trained further: there is no {Path(name).stem}.safetensors of it. "
            "Start from the bundled yolor-n, a model trained here, or a .safetensors file."
        )
    return load_network(path)


def _splits(data: Path) -> list[CocoSplit]:
    from yolor_studio.train.coco import training_splits

    if not data.exists():
        raise UsageError(f"There is no {data}.")
    return training_splits(data)


def _store(
    folder: Path, splits: list[CocoSplit], classes: tuple[str, ...], *, size: int, cancel: CancelToken
) -> Generator[Event, None, PictureStore]:
    """Decode all pictures once. A resumed run decodes again: the files may have changed, and it takes seconds."""
    from yolor_studio.train.coco import read_pictures
    from yolor_studio.train.samples import write_store

    total = sum(len(split.content["images"]) for split in splits)
    yield Started("Reading pictures", total, "pictures")
    failed: list[tuple[str, str]] = []

    def pictures() -> Iterator[Any]:
        for split in splits:
            for picture in read_pictures(split, classes, failed=failed):
                cancel.check()
                yield picture

    try:
        store = write_store(folder, pictures(), side=size)
    except ValueError as error:
        raise FormatError(f"None of the {total:,} pictures can be read, so there is nothing to learn from.") from error
    for what, why in failed:
        yield ItemFailed(what, why)
    return store


def _network(base: SavedNetwork, classes: tuple[str, ...]) -> tuple[Network, tuple[str, ...]]:
    from yolor_studio.train.surgery import transplant
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.rebuild import with_classes

    network = Network(build_plan(with_classes(base.description, len(classes))), bn_eps=base.weights.bn_eps)
    return network, transplant(network, base.weights.arrays, old=base.names, new=classes)


def _freeze(network: Network, request: TrainRequest, *, new_classes: bool) -> None:
    from yolor_studio.train.freeze import Freeze, freeze, only_implicit

    if request.implicit_only:
        only_implicit(network, new_classes=new_classes)
    else:
        freeze(network, Freeze(request.freeze))


def _recipe(pictures: int, size: int, epochs: int | None) -> Recipe:
    """Mosaic for four fifths of the run, single pictures at the end. The mean of the weights remembers a twentieth of
    the run: a longer memory was measured to lag behind what the network has learned."""
    from yolor_studio.train.batches import Stage
    from yolor_studio.train.trainer import Recipe

    if epochs is None:
        epochs = min(max(_PICTURES_SEEN // pictures, _EPOCHS[0]), _EPOCHS[1])
    steps = max(round(epochs * pictures / BATCH), 10)
    mosaic = round(steps * _MOSAIC_SHARE)
    return Recipe(
        (Stage(size, mosaic), Stage(size, steps - mosaic, mosaic=False)),
        lr=_RATE,
        warm_up=100,
        ema=max(1 - 20 / steps, 0.5),
        ema_tau=max(steps / 100, 1.0),
    )


def _learn(
    trainer: Trainer, checkpoint: Path, request: TrainRequest, *, classes: tuple[str, ...], cancel: CancelToken
) -> Generator[Event, None, float]:
    """Run to the end with a checkpoint every two minutes; returns the loss of the last hundred steps."""
    run = json.loads(json.dumps(asdict(request) | {"resume": False, "classes": classes}, default=str))
    if request.resume and trainer.load(checkpoint).get("run") != run:
        raise UsageError("The interrupted run had other options or classes; resume it with the same ones.")
    meter = RateMeter(trainer.recipe.steps)
    recent: list[float] = []
    saved = time.monotonic()
    for report in trainer.run():
        recent = [*recent[-99:], _loss(report)]
        yield meter.progress(report.step, f"{report.size} px, loss {sum(recent) / len(recent):.3f}")
        if cancel.cancelled or time.monotonic() - saved > _SAVE_EVERY_S:
            trainer.save(checkpoint, run=run)
            saved = time.monotonic()
        if cancel.cancelled:
            raise Cancelled(
                f"Stopped after {report.step:,} of {trainer.recipe.steps:,} steps; "
                "the same command with --resume goes on from there."
            )
    return sum(recent) / max(len(recent), 1)


def _loss(report: StepReport) -> float:
    from yolor_studio.train.loss import weighted

    return weighted(report.box, report.objectness, report.classes)


def _result(trainer: Trainer, base: SavedNetwork, classes: tuple[str, ...]) -> SavedNetwork:
    from yolor_studio.yolor.rebuild import with_classes
    from yolor_studio.yolor.safetensors_io import SavedNetwork
    from yolor_studio.yolor.weights import Weights

    return SavedNetwork(
        with_classes(base.description, len(classes)),
        Weights(trainer.mean_weights(), base.weights.bn_eps),
        classes,
        base.size,
        base.licence,
        notes={"trained": f"fine-tuned for {trainer.step} steps"},
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
