"""One training from data to model, in this process: what `train_child` does for `jobs.train`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import FormatError, ProjectError, UsageError
from yolor_studio.core.paths import user_folder
from yolor_studio.detect.library import CURVES_SUFFIX
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Started
from yolor_studio.jobs.model_files import export_network, free_name
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.training_data import Pictures, TrainingData, gather, read_all
from yolor_studio.jobs.training_loop import SEED, TrainingLoop
from yolor_studio.jobs.training_request import CHECKPOINT, TrainOutcome, TrainRequest, damaged, training_folder
from yolor_studio.project.lock import ProjectLock
from yolor_studio.train.presets import preset_for

if TYPE_CHECKING:
    from yolor_studio.train.samples import PictureStore
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.safetensors_io import SavedNetwork

_ABOUT, _LEARNED, _KEPT_APART = "pictures.json", "pictures", "kept-apart"


def run_training(request: TrainRequest, start: Path, cancel: CancelToken) -> Generator[Event, None, TrainOutcome]:
    """Train from the network in `start` (safetensors) and put the result into the model list.

    Started, Notice and ItemFailed for what was left out, CurvePoint and Progress in steps; returns what came of it.
    Cancelling finishes the step, keeps a checkpoint and raises Cancelled. Raises UsageError, FormatError or ModelError.
    """
    assert request.name is not None
    folder = training_folder(request.name)
    with _locked(request.name):
        try:
            return (yield from _run_locked(request, request.name, start, cancel))
        finally:
            if not (folder / CHECKPOINT).exists():  # nothing could go on from what is there
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """One training of a name at a time."""
    folder = training_folder(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = ProjectLock(folder)
    except ProjectError:
        raise UsageError(f"A training named {name} is running; wait for it, or choose another --name.") from None
    try:
        yield
    finally:
        lock.release()


def _run_locked(
    request: TrainRequest, name: str, start: Path, cancel: CancelToken
) -> Generator[Event, None, TrainOutcome]:
    from yolor_studio.train.device import choose_device, start_from
    from yolor_studio.yolor.safetensors_io import load_network

    began = time.monotonic()
    device = choose_device(request.device)
    folder = training_folder(name)
    if not request.resume:
        shutil.rmtree(folder, ignore_errors=True)
    base = load_network(start)
    learned, apart, classes = yield from _pictures(request, folder, base.size, cancel)
    start_from(SEED)
    network, kept = _network(base, classes)
    preset = preset_for(len(learned), epochs=request.epochs)
    freeze = request.freeze or preset.freeze
    _freeze(network, freeze, request, new_classes=len(kept) < len(classes))
    new = _share_of_new_boxes(learned, classes, kept)
    loop = TrainingLoop(request, folder, network, preset, learned, apart, new=new, size=base.size, device=device)
    yield Started(f"Training {name}", loop.trainer.recipe.steps, "steps", loop.about(freeze, device))
    fresh = [name for name in classes if name not in kept]
    if apart and not loop.validation:
        yield Notice("There is no box in the pictures kept apart to measure by, so the last weights are kept.")
    if fresh:
        yield Notice(f"The starting model does not know {_listed(fresh)}; learned from nothing.")
    yield from loop.learn(cancel)

    result = loop.result()
    saved = _saved(result, base, classes, loop.record(base))
    models, free = user_folder("models"), free_name(name)
    if free != name:
        yield Notice(f"A model named {name} has been added meanwhile, so this one is named {free}.")
    onnx, weights = export_network(models, free, saved)
    curves = loop.curves.move_to(models / f"{free}{CURVES_SUFFIX}")
    shutil.rmtree(folder, ignore_errors=True)
    return TrainOutcome(
        name=free,
        model=onnx,
        weights=weights,
        curves=curves,
        classes=classes,
        kept_classes=kept,
        pictures=len(learned),
        kept_apart=len(loop.validation) if loop.validation else 0,
        steps=loop.trainer.step,
        planned_steps=loop.trainer.recipe.steps,
        epochs=preset.epochs,
        recipe=request.recipe,
        new_boxes=new,
        learning_rate=loop.trainer.recipe.lr,
        best_step=loop.selection.step if loop.validation else loop.trainer.step,
        ap=loop.selection.ap,
        ap50=loop.selection.ap50,
        ap_before=loop.before[0],
        ap50_before=loop.before[1],
        ap_learned=loop.selection.learned[0] if loop.selection.learned else None,
        ap50_learned=loop.selection.learned[1] if loop.selection.learned else None,
        loss=loop.loss,
        device=device,
        seconds=time.monotonic() - began,
    )


def _pictures(
    request: TrainRequest, folder: Path, size: int, cancel: CancelToken
) -> Generator[Event, None, tuple[PictureStore, PictureStore | None, tuple[str, ...]]]:
    """Decode all pictures once; a resumed training goes on with those of its beginning, whatever has changed since."""
    about = folder / _ABOUT
    if request.resume and about.exists():
        kept = _kept_pictures(folder)
        yield Notice("Going on with the pictures and boxes as they were when the training began.")
        return kept
    with ExitStack() as opened:
        data = gather(request.data, opened, hold_out=request.hold_out)
        for what, why in data.problems:
            yield ItemFailed(what, why)
        if not data.classes:
            raise FormatError(f"{request.data[0]} has no categories to learn.")
        learned, apart = yield from _stores(data, folder, size, cancel)
    yield Notice(data.division)
    about.write_text(json.dumps({"classes": data.classes, "kept_apart": apart is not None}))
    return learned, apart, data.classes


def _kept_pictures(folder: Path) -> tuple[PictureStore, PictureStore | None, tuple[str, ...]]:
    from yolor_studio.train.samples import PictureStore

    name = _ABOUT
    try:
        known = json.loads((folder / name).read_bytes())
        classes, has_apart = tuple(map(str, known["classes"])), bool(known["kept_apart"])
        name = _LEARNED
        learned = PictureStore(folder / name)
        name = _KEPT_APART
        return learned, PictureStore(folder / name) if has_apart else None, classes
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise damaged(folder, name) from error


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


def _share_of_new_boxes(store: PictureStore, classes: Sequence[str], kept: Sequence[str]) -> float:
    """Of boxes whose class is not among `kept`; without any box there is nothing new."""
    counts = store.class_counts().sum(0).tolist()
    new = sum(count for name, count in zip(classes, counts, strict=True) if name not in kept)
    return new / max(sum(counts), 1)


def _freeze(network: Network, kept: str, request: TrainRequest, *, new_classes: bool) -> None:
    from yolor_studio.train.freeze import Freeze, freeze, only_implicit

    if request.implicit_only:
        only_implicit(network, new_classes=new_classes)
    else:
        freeze(network, Freeze(kept))


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


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
