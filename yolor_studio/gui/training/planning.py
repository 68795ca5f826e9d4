"""What a training will learn and what it will cost, counted before it begins; knows no widget."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.paths import user_folder
from yolor_studio.detect.library import ModelEntry, list_models
from yolor_studio.formats.plan import ExportRequest, plan_export
from yolor_studio.project import Project
from yolor_studio.train.presets import Preset, hold_out_share, preset_for

__all__ = ["ClassShare", "TrainingPlan", "free_name", "plan_training", "seconds_guessed", "trainable_models"]

FEW_BOXES = 10
"""A category with fewer boxes is told of: it will hardly be learned."""
_CPU_PICTURES_A_SECOND, _CUDA_PICTURES_A_SECOND = 14.0, 300.0
"""At 416 px, of one core and of one card: guesses that only say whether it is minutes or hours."""
_REFERENCE_SIDE = 416


@dataclass(frozen=True, slots=True)
class ClassShare:
    """One category of the data."""

    name: str
    boxes: int
    known: bool
    """Whether the starting model has a class of this name."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What would be learned."""

    learned: int
    """Frames to learn from."""
    kept_apart: int
    """Frames to measure by."""
    left_out: int
    """Frames between the two, too much like both."""
    boxes: int
    classes: tuple[ClassShare, ...]
    preset: Preset

    @property
    def frames(self) -> int:
        """Every reviewed frame."""
        return self.learned + self.kept_apart + self.left_out

    @property
    def steps(self) -> int:
        """Of the whole run, unless it ends early."""
        return max(round(self.preset.epochs * self.learned / self.preset.batch), 1)

    @property
    def few(self) -> tuple[ClassShare, ...]:
        """Categories that have boxes, but hardly any."""
        return tuple(one for one in self.classes if 0 < one.boxes < FEW_BOXES)


def plan_training(
    project: Project, known: Sequence[str], *, epochs: int | None = None, hold_out: float | None = None
) -> TrainingPlan | None:
    """Count a project's reviewed frames as a training from a model with the classes `known` would take them; None where
    there is none. Safe on any thread."""
    plan = plan_export(project, ExportRequest())
    if not plan.frames:
        return None
    share = hold_out_share(plan.frames) if hold_out is None else hold_out
    apart = 0
    if share > 0:
        request = ExportRequest(split={"train": 1 - share, "val": share}, seed=0)
        plan = plan_export(project, request, snapshot=plan.snapshot)
        apart = plan.splits[1].frames
    counts = {category.id: 0 for category in plan.categories}
    for split in plan.splits:
        for category, boxes in split.per_category.items():
            counts[category] += boxes
    return TrainingPlan(
        learned=plan.frames - apart,
        kept_apart=apart,
        left_out=plan.left_out,
        boxes=sum(counts.values()),
        classes=tuple(
            ClassShare(category.name, counts[category.id], category.name in known) for category in plan.categories
        ),
        preset=preset_for(max(plan.frames - apart, 1), epochs=epochs),
    )


def seconds_guessed(plan: TrainingPlan, *, size: int, device: str) -> float:
    """About how long it takes; only the first minute tells."""
    rate = _CUDA_PICTURES_A_SECOND if device == "cuda" else _CPU_PICTURES_A_SECOND * min(os.cpu_count() or 1, 4)
    pictures = plan.steps * plan.preset.batch
    return pictures * (size / _REFERENCE_SIDE) ** 2 / rate


def trainable_models() -> list[ModelEntry]:
    """The models that can be trained further: those whose unfolded network lies beside them."""
    return [entry for entry in list_models() if entry.path.with_suffix(".safetensors").is_file()]


def free_name(model: str, project: Path, taken: Iterable[str]) -> str:
    """What to call the result: "yolor-n-street", numbered when there is one."""
    used = {name.casefold() for name in taken}
    used |= {path.name.casefold() for path in user_folder("training").glob("*")}
    before = re.sub(r"-\d+$", "", model)
    if before.endswith(f"-{project.stem}"):  # it learned from this project already
        stem = before
    else:
        stem = project.stem if project.stem.startswith(model) else f"{model}-{project.stem}"
    numbers = (stem if number == 1 else f"{stem}-{number}" for number in range(1, 10_000))
    return next((name for name in numbers if name.casefold() not in used), stem)
