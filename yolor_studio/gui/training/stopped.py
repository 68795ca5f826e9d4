"""Trainings that were stopped and can go on, with what they had been asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from PySide6.QtWidgets import QPushButton

from yolor_studio.core.paths import user_folder
from yolor_studio.gui import looks
from yolor_studio.jobs.curves import read_curves
from yolor_studio.jobs.training_request import CHECKPOINT, TrainRequest, training_folder

__all__ = ["Stopped", "asked_twice", "remember", "stopped_trainings"]

_REQUEST = "window.json"


@dataclass(frozen=True, slots=True)
class Stopped:
    """A training with a checkpoint."""

    request: TrainRequest
    """Ready to be run: it resumes."""
    steps: int
    """About how many it had done."""


def remember(request: TrainRequest) -> None:
    """Keep what a training under way was asked, so that it can go on with the same; losing it loses only that."""
    if request.name is not None:
        folder = training_folder(request.name)
        if folder.is_dir():
            (folder / _REQUEST).write_text(json.dumps(request.as_json()), "utf-8")


def asked_twice(button: QPushButton) -> bool:
    """Whether a button that drops a training for good is pressed for the second time; after the first it asks."""
    if button.property("kind") == "danger":
        return True
    looks.dress(button, kind="danger", size=str(button.property("extent") or ""))
    button.setText(button.tr("Drop for good"))
    return False


def stopped_trainings() -> list[Stopped]:
    """Those of the window, the newest first."""
    found = []
    for folder in user_folder("training").glob("*"):
        try:
            request = TrainRequest.from_json(json.loads((folder / _REQUEST).read_text("utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            continue
        if (folder / CHECKPOINT).exists() and request.name == folder.name:
            points = read_curves(folder / "curves.jsonl")
            steps = points[-1].step if points else 0
            found.append(((folder / CHECKPOINT).stat().st_mtime, Stopped(replace(request, resume=True), steps)))
    return [stopped for _, stopped in sorted(found, key=lambda pair: -pair[0])]
