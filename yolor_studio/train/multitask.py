"""What a network of several tasks learns from one pass: boxes, tags of the whole picture, a vector per object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from yolor_studio.train.assign import Grid, assign, candidates
from yolor_studio.train.balance import Balance
from yolor_studio.train.batches import Batch
from yolor_studio.train.contrast import supervised_contrast
from yolor_studio.train.loss import Losses, Targets, flatten_heads, iou
from yolor_studio.train.objective import BoxObjective
from yolor_studio.train.pairs import TaskBatch
from yolor_studio.train.recipe import Recipe
from yolor_studio.yolor.network import Network, Outputs
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.tasks import task_layers

BOXES, TAGS, EMBEDDINGS = "boxes", "tags", "embeddings"
_TEMPERATURE = 0.1
_CELLS = 3
"""The most cells that give an object's vector; the best is what the detector will keep."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskLosses(Losses):
    """The losses of the boxes, and those of the other tasks before they are balanced; 0 where a task is missing."""

    tags: Tensor
    embeddings: Tensor


class TaskObjective:
    """The loss of all tasks that a network has; see `train.objective.Objective`.

    Without identities in a batch (see TaskBatch) embeddings learn only to be equal in all cells of one object and
    different from those of other objects. The balance of the tasks is a state of its own: `balance.values`.
    """

    def __init__(self, plan: Plan, recipe: Recipe, *, device: torch.device, pictures: int, boxes: bool = True) -> None:
        """`pictures`: in a whole batch; `boxes`: False where their layers are frozen and only the others learn."""
        self._boxes = BoxObjective(plan, recipe, device=device, pictures=pictures)
        self._anchors = len(plan.heads[0].anchors)
        self._assignment = recipe.assignment
        self._device = device
        present = {BOXES: boxes, TAGS: bool(plan.tags), EMBEDDINGS: bool(plan.embeddings)}
        self.balance = Balance([task for task, there in present.items() if there], pictures=pictures)

    def forward(self, network: Network, images: Tensor) -> Outputs:
        """All tasks' raw outputs."""
        return network.outputs(images)

    def losses(self, outputs: Outputs, batch: Batch) -> TaskLosses | None:
        """See Objective."""
        targets = Targets.of(batch, self._device)
        nothing = torch.zeros((), device=self._device)
        box = Losses(nothing, nothing, nothing, nothing, 0)
        tags = embeddings = nothing
        tasks: dict[str, Tensor] = {}
        if BOXES in self.balance.values:
            found = self._boxes.losses(outputs.heads, batch)
            if found is None:
                self.balance.note(None, len(batch.pixels))
                return None
            box, tasks[BOXES] = found, found.total
        if outputs.tags:
            tags = tasks[TAGS] = tag_loss(outputs.tags[0].float(), *presence(batch, self._device))
        if outputs.embeddings:
            raw = flatten_heads(outputs.heads, self._anchors).detach()
            which, cells = object_cells(raw, targets, self._boxes.grid(outputs.heads), recipe_way=self._assignment)
            embeddings = tasks[EMBEDDINGS] = self._contrast(outputs.embeddings, batch, which, cells)
        values = {task: float(loss) for task, loss in tasks.items()}
        finite = all(value - value == 0 for value in values.values())
        self.balance.note(values if finite else None, len(batch.pixels))
        if not finite:
            return None
        total = self.balance.total(tasks)
        return TaskLosses(total, box.box, box.objectness, box.classes, box.positives, tags, embeddings)
