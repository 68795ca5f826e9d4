"""What a training is asked and what comes of it, in words that go through a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from yolor_studio.core.errors import ModelError
from yolor_studio.core.paths import user_folder

FREEZE = ("none", "backbone", "neck")
CHECKPOINT = "checkpoint.safetensors"


def training_folder(name: str) -> Path:
    """Where the training of this name keeps what it needs until it is done."""
    return user_folder("training", name)


def damaged(folder: Path, part: str) -> ModelError:
    """What is raised where a kept training cannot go on because `part` of it cannot be read."""
    return ModelError(
        f"What was kept of the training {folder.name} is damaged ({part} cannot be read), so it cannot go on. Choose "
        f"another --name, or delete {folder}."
    )


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What `yolor-studio train` was asked."""

    data: tuple[Path, ...]
    """COCO folders or annotation files (see `jobs.training_coco`), and projects."""
    model: str | None = None
    """What to start from: a model's name or a .safetensors file; None is the bundled one."""
    name: str | None = None
    """What to call the result; None names it after the first data."""
    epochs: int | None = None
    """How often each picture is drawn on average; None chooses by their number."""
    freeze: str | None = None
    """One of FREEZE: what stays as it is; None chooses by the number of pictures."""
    implicit_only: bool = False
    """Let only the implicit vectors learn, and for new classes their prediction convolutions."""
    recipe: str = "modern"
    """One of `train.presets.RECIPES`."""
    assignment: str | None = None
    """One of `train.recipe.Assignment`; None is the recipe's own."""
    hold_out: float | None = None
    """The share of the pictures to measure by; None takes the data's val split, or what suits their number."""
    device: str = "auto"
    """"auto", "cpu" or "cuda"."""
    resume: bool = False
    """Go on with the interrupted run of this name."""

    def as_json(self) -> dict[str, Any]:
        """For the child process."""
        return asdict(self) | {"data": [str(path) for path in self.data]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**{**value, "data": tuple(map(Path, value["data"]))})


@dataclass(frozen=True, slots=True)
class TrainOutcome:
    """What a run made."""

    name: str
    model: Path
    """The ONNX file in the model list."""
    weights: Path
    """The safetensors file beside it, from which training can go on."""
    curves: Path
    """The curves beside it; see `jobs.curves.read_curves`."""
    classes: tuple[str, ...]
    kept_classes: tuple[str, ...]
    """Those that the starting model knew by name."""
    pictures: int
    kept_apart: int
    """Pictures that it was measured by."""
    steps: int
    planned_steps: int
    """More than `steps` when patience wore out."""
    epochs: int
    recipe: str
    best_step: int
    """After which the weights that were kept stood; 0 where nothing was better than the start."""
    ap: float | None
    """Of the kept weights on the pictures kept apart; None where there are none."""
    ap50: float | None
    ap_before: float | None
    """Of the starting point."""
    ap50_before: float | None
    loss: float
    """Mean over the last steps."""
    device: str
    seconds: float
    ap_learned: float | None = None
    """The best after the start, which is not kept where it is no better; None where nothing was measured by then."""
    ap50_learned: float | None = None
    new_boxes: float = 1.0
    """The share of the boxes whose class the starting model did not know: the fewer, the more gently it learned."""
    learning_rate: float = 0.0
    """The highest of the run."""

    def as_json(self) -> dict[str, Any]:
        """For --json and for the parent process."""
        paths = {name: str(getattr(self, name)) for name in ("model", "weights", "curves")}
        return asdict(self) | paths | {"improved": self.improved}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        known = {field.name: value[field.name] for field in fields(cls)}
        for name in ("model", "weights", "curves"):
            known[name] = Path(known[name])
        for name in ("classes", "kept_classes"):
            known[name] = tuple(known[name])
        return cls(**known)

    @property
    def improved(self) -> bool | None:
        """Whether the model got better than the start on the pictures kept apart; None where there are none."""
        return None if self.ap is None or self.ap_before is None else self.ap > self.ap_before

    def lines(self) -> list[str]:
        """For people; the last line is the model's path."""
        known = f"{len(self.kept_classes)} of them known before"
        effort = f"{self.steps:,} steps over {self.pictures:,} pictures in {self.seconds / 60:.1f} minutes"
        return [
            f"Trained   {self.name} on {self.device}: {effort}, loss {self.loss:.3f}",
            f"Classes   {', '.join(self.classes)} ({known})",
            *self._measured(),
            str(self.model),
        ]

    def _measured(self) -> list[str]:
        if self.ap is None or self.ap50 is None:
            return []
        apart = f"{self.kept_apart:,} pictures kept apart"
        if not self.best_step:
            start = f"AP50 {self.ap50:.3f}, AP {self.ap:.3f}"
            return [f"Measured  no better than before on {apart}: the weights are those of the start, {start}"]
        before = "" if self.ap50_before is None else f" (before: {self.ap50_before:.3f} and {self.ap_before:.3f})"
        return [f"Measured  AP50 {self.ap50:.3f}, AP {self.ap:.3f}{before} on {apart}, best at step {self.best_step:,}"]
