"""The loss, in two forms.

`PER_POSITIVE` is CIoU x 5, objectness x 1, class-summed BCE x 1, each per positive prediction. `OFFICIAL` takes means
over the positives of a level (objectness: over all its predictions) with YOLOR's gains and balance between levels.

Not everything is known everywhere. A box always teaches its own class and that it is none of the others. But where a
picture's labels leave classes out, or under a crowd's box, a prediction without a box is background only if the class
that it thinks most likely is labelled there; otherwise its objectness is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from yolor_studio.train.assign import Assignment, Grid, assign, candidates
from yolor_studio.train.batches import Batch
from yolor_studio.train.recipe import LossForm

T = TypeVar("T", float, Tensor)
BOX_GAIN, OBJECT_GAIN, CLASS_GAIN = 5.0, 1.0, 1.0
_OFFICIAL_GAINS = (0.05, 1.0, 0.5)
"""Of box, objectness and classes; the last for 80 classes, and in proportion for others."""
_BALANCE = {3: (4.0, 1.0, 0.4), 4: (4.0, 1.0, 0.4, 0.1), 5: (4.0, 1.0, 0.5, 0.4, 0.1)}
"""The weights of the levels' objectness, from the finest level on."""
_MANY_LEVELS_GAIN = 1.4


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """A Batch's labels as tensors on the network's device."""

    boxes: Tensor
    classes: Tensor
    boxes_of: Tensor
    places: Tensor
    unknown: Tensor
    places_of: Tensor
    wanted: Tensor | None = None
    """[boxes, C], 0..1: what each box teaches of each class, where that is not its own class alone."""

    @staticmethod
    def of(batch: Batch, device: torch.device) -> Targets:
        """The labels moved to the device."""
        arrays = (batch.boxes, batch.classes, batch.boxes_of, batch.places, batch.unknown, batch.places_of)
        return Targets(*(torch.from_numpy(array).to(device) for array in arrays))


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The parts before their gains, and their weighted sum; all scalars."""

    total: Tensor
    box: Tensor
    objectness: Tensor
    classes: Tensor
    positives: int


def flatten_heads(heads: Sequence[Tensor], anchors: int) -> Tensor:
    """Raw maps [N, anchors x (5 + C), ny, nx] -> float32 [N, A, 5 + C] in the grid's order."""
    flat = []
    for raw in heads:
        n, channels, ny, nx = raw.shape
        each = raw.view(n, anchors, channels // anchors, ny, nx).permute(0, 1, 3, 4, 2)
        flat.append(each.reshape(n, anchors * ny * nx, -1).float())
    return torch.cat(flat, 1)


def detection_loss(
    raw: Tensor, targets: Targets, grid: Grid, *, assignment: Assignment, form: LossForm = LossForm.PER_POSITIVE
) -> Losses:
    """The loss of float32 predictions [N, A, 5 + C] in raw head values. The official form's total is for one picture:
    whoever learns from a batch multiplies it by the number of pictures."""
    which, rows = _positives(raw.detach(), targets, grid, assignment)
    pictures = targets.boxes_of[which]
    here = raw[pictures, rows]
    closeness = ciou(grid.decode(here, rows), targets.boxes[which])
    own = functional.one_hot(targets.classes, raw.shape[2] - 5).float()
    wanted = (own if targets.wanted is None else targets.wanted)[which]
    by_class = functional.binary_cross_entropy_with_logits(here[:, 5:], wanted, reduction="none")

    objectness_target = torch.zeros(raw.shape[:2], device=raw.device)
    objectness_target[pictures, rows] = closeness.detach().clamp(min=0)
    known = ~doubtful(raw.detach(), targets, grid)
    known[pictures, rows] = True
    objectness = known * functional.binary_cross_entropy_with_logits(raw[..., 4], objectness_target, reduction="none")
    if form is LossForm.OFFICIAL:
        return _official(1 - closeness, objectness, by_class, rows=rows, grid=grid)
    positives = max(len(which), 1)
    parts = (1 - closeness).sum() / positives, objectness.sum() / positives, by_class.sum() / positives
    return Losses(weighted(*parts), *parts, len(which))


def _official(box: Tensor, objectness: Tensor, by_class: Tensor, *, rows: Tensor, grid: Grid) -> Losses:
    """box [P], by_class [P, C] of the positives, whose `rows` tell their level; objectness [N, A]."""
    sizes = grid.level_sizes
    level = torch.bucketize(rows, torch.tensor(sizes, device=rows.device).cumsum(0), right=True)
    inside = [level == number for number in range(len(sizes))]
    parts = [
        sum((values[chosen].mean() for chosen in inside if chosen.any()), values.sum() * 0.0)
        for values in (box, by_class)
    ]
    balance = _BALANCE.get(len(sizes), (1.0,) * len(sizes))
    levels = objectness.split(sizes, 1)
    balanced = torch.stack([weight * each.mean() for weight, each in zip(balance, levels, strict=True)]).sum()
    classes = by_class.shape[1]
    gain_box, gain_object, gain_classes = _OFFICIAL_GAINS
    gain_object *= _MANY_LEVELS_GAIN if len(sizes) >= 4 else 1.0
    gain_classes *= classes / 80 if classes > 1 else 0.0
    total = 3 / len(sizes) * (gain_box * parts[0] + gain_object * balanced + gain_classes * parts[1])
    return Losses(total, parts[0], balanced, parts[1], len(rows))


def weighted(box: T, objectness: T, classes: T) -> T:
    """The parts with their gains, summed."""
    return BOX_GAIN * box + OBJECT_GAIN * objectness + CLASS_GAIN * classes


@torch.no_grad()
def _positives(raw: Tensor, targets: Targets, grid: Grid, way: Assignment) -> tuple[Tensor, Tensor]:
    """Which box each positive prediction learns, and the prediction's row in the grid."""
    found = candidates(targets.boxes, grid)
    here = raw[targets.boxes_of[:, None], found.rows]
    ious = iou(grid.decode(here, found.rows), targets.boxes[:, None])
    chosen = assign(way, found, classes=targets.classes, raw=here, ious=ious, of=targets.boxes_of)
    return chosen.nonzero()[:, 0], found.rows[chosen]


def doubtful(raw: Tensor, targets: Targets, grid: Grid) -> Tensor:
    """[N, A] bool: predictions that may be right although no box is there."""
    mask = torch.zeros(raw.shape[:2], dtype=torch.bool, device=raw.device)
    if not len(targets.places):
        return mask
    pictures = targets.places_of.unique()
    likely = torch.zeros(raw.shape[:2], dtype=torch.long, device=raw.device)
    likely[pictures] = raw[pictures, :, 5:].argmax(-1)
    centre = (grid.cell + 0.5) * grid.stride
    inside = ((centre >= targets.places[:, None, :2]) & (centre < targets.places[:, None, 2:])).all(-1)
    open_class = targets.unknown.gather(1, likely[targets.places_of])
    return mask.index_put_((targets.places_of,), inside & open_class, accumulate=True)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of [..., 4] x1, y1, x2, y2 boxes, pair by pair."""
    shared, union = _overlap(a, b)
    return shared / union


def ciou(a: Tensor, b: Tensor) -> Tensor:
    """Complete IoU of [..., 4] boxes, pair by pair (Zheng et al. 2020): IoU less the centres' squared distance over
    the hull's squared diagonal, less a term for the aspect ratio."""
    shared, union = _overlap(a, b)
    plain = shared / union
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    diagonal = hull.square().sum(-1) + 1e-7
    distance = (a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]).square().sum(-1) / 4
    angles = [torch.atan2(box[..., 2] - box[..., 0], box[..., 3] - box[..., 1]) for box in (a, b)]
    aspect = 4 / math.pi**2 * (angles[0] - angles[1]).square()
    with torch.no_grad():
        weight = aspect / (aspect - plain + 1 + 1e-7)
    return plain - distance / diagonal - weight * aspect


def _overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area_a, area_b = ((box[..., 2:] - box[..., :2]).clamp(min=0).prod(-1) for box in (a, b))
    return shared, area_a + area_b - shared + 1e-7
