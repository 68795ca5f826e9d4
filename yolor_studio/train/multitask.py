"""What a network of several tasks learns from one pass: boxes, tags of the whole picture, a vector per object."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from yolor_studio.train.assign import Assignment, Grid, assign, candidates
from yolor_studio.train.balance import Balance
from yolor_studio.train.batches import Batch
from yolor_studio.train.contrast import supervised_contrast
from yolor_studio.train.loss import Losses, Targets, flatten_heads, iou
from yolor_studio.train.objective import BoxObjective, Objective
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
    different from those of other objects.
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
        raw = flatten_heads(outputs.heads, self._anchors).detach()
        boxes = self._boxes.losses(outputs.heads, batch) if BOXES in self.balance.values else None
        tasks: dict[str, Tensor] = {} if boxes is None else {BOXES: boxes.total}
        if torch.isfinite(raw.sum()):
            tasks |= self._of_others(outputs, raw, batch)
        values = {task: loss.item() for task, loss in tasks.items()}
        finite = values.keys() == self.balance.values.keys() and all(map(math.isfinite, values.values()))
        total = self.balance.total(tasks) if finite else None
        self.balance.note(values if finite else None, len(batch.pixels))
        if total is None:
            return None
        nothing = torch.zeros((), device=self._device)
        found = boxes or Losses(nothing, nothing, nothing, nothing, 0)
        more = tasks.get(TAGS, nothing), tasks.get(EMBEDDINGS, nothing)
        return TaskLosses(total, found.box, found.objectness, found.classes, found.positives, *more)

    def state(self) -> dict[str, float]:
        """The balance of the tasks."""
        return dict(self.balance.values)

    def restore(self, state: Mapping[str, float]) -> None:
        """See Objective."""
        self.balance.values.update(state)

    def _of_others(self, outputs: Outputs, raw: Tensor, batch: Batch) -> dict[str, Tensor]:
        tasks: dict[str, Tensor] = {}
        if outputs.tags:
            tasks[TAGS] = tag_loss(outputs.tags[0].float(), *presence(batch, self._device))
        if outputs.embeddings:
            tasks[EMBEDDINGS] = self._contrast(outputs, raw, batch)
        return tasks

    def _contrast(self, outputs: Outputs, raw: Tensor, batch: Batch) -> Tensor:
        targets, grid = Targets.of(batch, self._device), self._boxes.grid(outputs.heads)
        which, cells = object_cells(raw, targets, grid, self._assignment)
        vectors = torch.cat([each.flatten(2) for each in outputs.embeddings], 2).mT
        pictures = targets.boxes_of[which]
        if isinstance(batch, TaskBatch):
            identities = torch.from_numpy(batch.identities).to(self._device)[which]
        else:
            identities = which
        return supervised_contrast(vectors[pictures, cells], identities, pictures, temperature=_TEMPERATURE)


def objective_for(plan: Plan, recipe: Recipe, *, device: torch.device, pictures: int) -> Objective:
    """All tasks that the network has; `pictures`: in a whole batch."""
    kind = TaskObjective if plan.tags or plan.embeddings else BoxObjective
    return kind(plan, recipe, device=device, pictures=pictures)


def tag_loss(raw: Tensor, shows: Tensor, decided: Tensor) -> Tensor:
    """The mean cross entropy of raw tags [N, C] where it is `decided` whether the picture `shows` the class."""
    each = functional.binary_cross_entropy_with_logits(raw, shows.float(), reduction="none")
    return (each * decided).sum() / decided.sum().clamp(min=1)


def presence(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor]:
    """bool [N, C], [N, C]: which classes the pictures show, and of which that is known. From boxes alone a class counts
    as unknown wherever some place of the picture may hold it."""
    if isinstance(batch, TaskBatch):
        return torch.from_numpy(batch.shows).to(device), torch.from_numpy(batch.decided).to(device)
    shows = torch.zeros((len(batch.pixels), batch.unknown.shape[1]), dtype=torch.bool)
    shows[torch.from_numpy(batch.boxes_of), torch.from_numpy(batch.classes)] = True
    unknown = torch.zeros_like(shows)
    unknown.index_put_((torch.from_numpy(batch.places_of),), torch.from_numpy(batch.unknown), accumulate=True)
    return shows.to(device), (shows | ~unknown).to(device)


@torch.no_grad()
def object_cells(raw: Tensor, targets: Targets, grid: Grid, way: Assignment) -> tuple[Tensor, Tensor]:
    """Which box [M], and the number of the cell [M] over all levels where its vector is taken: of the predictions that
    learn the box those that are nearest to it, at most three."""
    found = candidates(targets.boxes, grid)
    here = raw[targets.boxes_of[:, None], found.rows]
    ious = iou(grid.decode(here, found.rows), targets.boxes[:, None])
    chosen = assign(way, found, classes=targets.classes, raw=here, ious=ious, of=targets.boxes_of)
    nearest = ious.masked_fill(~chosen, -1.0).topk(min(_CELLS, ious.shape[1]), 1)
    which, place = (nearest.values >= 0).nonzero(as_tuple=True)
    pairs = torch.stack([which, grid_cells(grid)[found.rows[which, nearest.indices[which, place]]]], 1).unique(dim=0)
    return pairs[:, 0], pairs[:, 1]


def grid_cells(grid: Grid) -> Tensor:
    """[A]: the number of every prediction's cell, counted through the levels, y, x: all anchors of a cell share it."""
    first, cells = 0, []
    for ny, nx in grid.shapes:
        cells.append(torch.arange(first, first + ny * nx).repeat(grid.anchors.shape[1]))
        first += ny * nx
    return torch.cat(cells).to(grid.cell.device)


def only_tasks(network: Network) -> None:
    """Let nothing learn that the boxes need: they stay as they are to the last bit."""
    learning = task_layers(network.plan)
    for index, module in enumerate(network.layers):
        module.requires_grad_(index in learning)
