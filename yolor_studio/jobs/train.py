"""Fine-tuning as a job: datasets and projects in, a model of the user's own in the model list out.

The training itself runs in a child process (`train_child`): torch and onnxruntime never share one, and whatever ends it
early leaves the window alone and a checkpoint behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import ChildDied, stream_child
from yolor_studio.core.errors import ModelError, ProjectError, UsageError
from yolor_studio.core.paths import user_folder
from yolor_studio.core.resources import shipped
from yolor_studio.detect.library import DEFAULT_MODEL, checked_name
from yolor_studio.jobs.event_lines import from_line
from yolor_studio.jobs.events import Event, Job, Result
from yolor_studio.jobs.model_files import free_name, is_taken
from yolor_studio.jobs.training_request import CHECKPOINT, FREEZE, TrainOutcome, TrainRequest, training_folder
from yolor_studio.project.lock import ProjectLock
from yolor_studio.train.presets import ASSIGNMENTS, RECIPES

__all__ = ["TrainOutcome", "TrainRequest", "can_resume", "discard_stopped", "train", "why_not"]

_CHILD = "yolor_studio.jobs.train_child"
_DEVICES = ("auto", "cpu", "cuda")


def why_not() -> str | None:
    """Why nothing can be trained here, in a sentence that says what to do; None when it can."""
    if find_spec("torch") is None:
        return "Training needs PyTorch, which is not installed: pip install 'yolor-studio[train]'."
    return None


def can_resume(name: str) -> bool:
    """Whether a training of this name was stopped and can go on."""
    return (training_folder(name) / CHECKPOINT).exists()


def discard_stopped(request: TrainRequest) -> str:
    """Drop the stopped training that this request would go on with, for good; returns its name. Raises UsageError where
    there is none or it is running, ModelError where the disk refuses."""
    if request.name is None and not request.data:
        raise UsageError("Name the stopped training to drop with --name.")
    name = _name(request)
    if not can_resume(name):
        kept = sorted(path.parent.name for path in user_folder("training").glob(f"*/{CHECKPOINT}"))
        others = f"; kept are {', '.join(kept)}" if kept else ""
        raise UsageError(f"No stopped training is named {name}{others}. Nothing was dropped.")
    folder = training_folder(name)
    try:
        lock = ProjectLock(folder)
    except ProjectError:
        raise UsageError(f"The training {name} is running; stop it first.") from None
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ModelError(f"{folder} could not be deleted: {error.strerror}.") from error
    finally:
        lock.release()
    return name


def train(request: TrainRequest, cancel: CancelToken) -> Job:
    """Fine-tune a model on the pictures of COCO folders and projects and put it into the model list.

    Started, Notice and ItemFailed for what was left out, CurvePoint, Progress in steps, last Result(TrainOutcome).
    Cancelling finishes the step and keeps a checkpoint that `resume` goes on from. Raises UsageError, FormatError,
    ModelError or Cancelled.
    """
    request = _checked(request)
    assert request.name is not None
    start = _starting_point(request.model)
    cancel.check()
    events = stream_child(_CHILD, {"request": request.as_json(), "start": str(start)}, cancel=cancel)
    with closing(events):
        outcome = yield from _passed_on(events, request.name)
    yield Result(TrainOutcome.from_json(outcome))


def _passed_on(lines: Generator[Any, None, Any], name: str) -> Generator[Event, None, Any]:
    while True:
        try:
            line = next(lines)
        except StopIteration as stop:
            return stop.value
        except ChildDied as error:
            kept = (
                "The last checkpoint is kept: the same command with --resume goes on from there."
                if can_resume(name)
                else "Nothing of it was kept."
            )
            raise ModelError(f"The training ended early: {error.reason}. {kept}") from error
        yield from_line(line)


def _checked(request: TrainRequest) -> TrainRequest:
    """The request with absolute paths and a name; UsageError or ModelError when something of it makes no sense."""
    if (reason := why_not()) is not None:
        raise ModelError(reason)
    if not request.data:
        raise UsageError("Name at least one COCO folder or project to train on.")
    for path in request.data:
        if not path.exists():
            raise UsageError(f"There is no {path}.")
    _check_choice("--freeze", request.freeze, FREEZE)
    _check_choice("--recipe", request.recipe, RECIPES)
    _check_choice("--assign", request.assignment, ASSIGNMENTS)
    _check_choice("--device", request.device, _DEVICES)
    if request.epochs is not None and request.epochs < 1:
        raise UsageError(f"--epochs must be 1 or more, not {request.epochs}.")
    if request.hold_out is not None and not 0 <= request.hold_out < 1:
        raise UsageError(f"--val must be a share from 0 to below 1, not {request.hold_out:g}.")
    if request.name is not None and is_taken(checked_name(request.name)):
        raise UsageError(f"There is a model named {request.name} already; choose another with --name.")
    name = _name(request)
    if request.resume and not can_resume(name):
        raise UsageError(f"There is no interrupted run named {name} to resume; start it without --resume.")
    if not request.resume and can_resume(name):
        raise UsageError(
            f"A training named {name} was stopped and is kept: add --resume to go on, --discard to "
            "drop it, or choose another --name."
        )
    return replace(request, data=tuple(path.resolve() for path in request.data), name=name)


def _name(request: TrainRequest) -> str:
    if request.name is not None:
        return checked_name(request.name)
    return free_name(request.data[0].resolve().stem or "trained")


def _check_choice(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise UsageError(f"{option} {value} is unknown; choose {', '.join(known)}.")


def _starting_point(model: str | None) -> Path:
    """The safetensors file of a model, or beside it: ONNX files have their batch norms folded and cannot be trained
    further."""
    name = model or DEFAULT_MODEL
    given = Path(name).expanduser()
    places = [shipped("models", f"{name}.safetensors"), user_folder("models", f"{name}.safetensors")]
    if given.suffix in (".safetensors", ".onnx"):
        places.insert(0, given.with_suffix(".safetensors"))
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ModelError(
            f"{name} cannot be trained further: there is no {given.stem}.safetensors of it. "
            f"Start from the bundled {DEFAULT_MODEL}, a model trained here, or a .safetensors file."
        )
    return found.resolve()
