"""Which predictions learn which box. Both ways choose among the same few candidates per box.

A head can only reach a box whose centre lies less than one cell from its own cell's centre and whose sides are at most
four times or a quarter of its anchor's: that leaves 2 x 2 cells per anchor and level. `RATIO` is YOLOR's official way:
of these cells the box's own and the nearer neighbour in each direction. `SIMOTA` (YOLOX, Ge et al. 2021, equation 1)
takes the candidates whose predictions are already cheapest, as many as their IoU adds up to. `TASK_ALIGNED` (TOOD, Feng
et al. 2021) takes the ten that are best at class and place together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from yolor_studio.train.recipe import Assignment

__all__ = ["Assignment", "Candidates", "Grid", "assign", "candidates"]

_MOST_RATIO = 4.0
_IOU_COST = 3.0
_TOP = 10


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Every prediction of one picture in the order level, anchor, y, x: A rows.

    cell: [A, 2] x, y; stride: [A, 1]; anchor: [A, 2] w, h in pixels; shapes: per level (ny, nx).
    """

    cell: Tensor
    stride: Tensor
    anchor: Tensor
    anchors: Tensor
    """[levels, anchors, 2]"""
    strides: tuple[int, ...]
    shapes: tuple[tuple[int, int], ...]

    @property
    def level_sizes(self) -> list[int]:
        """How many of the rows each level has."""
        return [self.anchors.shape[1] * ny * nx for ny, nx in self.shapes]

    @staticmethod
    def of(anchors: Tensor, strides: Sequence[int], shapes: Sequence[tuple[int, int]]) -> Grid:
        """The grid of heads whose maps have these shapes."""
        cells, steps, sizes = [], [], []
        for level, (stride, (ny, nx)) in enumerate(zip(strides, shapes, strict=True)):
            y, x = torch.meshgrid(torch.arange(ny), torch.arange(nx), indexing="ij")
            count = anchors.shape[1]
            cells.append(torch.stack([x, y], -1).reshape(1, -1, 2).expand(count, -1, 2).reshape(-1, 2))
            steps.append(torch.full((count * ny * nx, 1), stride))
            sizes.append(anchors[level].cpu()[:, None].expand(-1, ny * nx, 2).reshape(-1, 2))
        device = anchors.device
        return Grid(
            torch.cat(cells).to(device, torch.float32),
            torch.cat(steps).to(device, torch.float32),
            torch.cat(sizes).to(device, torch.float32),
            anchors,
            tuple(strides),
            tuple(shapes),
        )

    def decode(self, raw: Tensor, rows: Tensor) -> Tensor:
        """raw: [..., 4+] head values of predictions `rows` [...] -> [..., 4] x1, y1, x2, y2 in pixels."""
        s = raw[..., :4].sigmoid()
        centre = (2 * s[..., :2] - 0.5 + self.cell[rows]) * self.stride[rows]
        half = (2 * s[..., 2:]) ** 2 * self.anchor[rows] / 2
        return torch.cat([centre - half, centre + half], -1)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Per box [M] its K candidates: rows into the grid, whether each is one, and YOLOR's own choice among them."""

    rows: Tensor
    valid: Tensor
    official: Tensor
    badness: Tensor
    """[M, K] the worse side's ratio to the anchor, 1 or more."""


def candidates(boxes: Tensor, grid: Grid) -> Candidates:
    """The candidates of [M, 4] boxes; every box gets at least those of its best anchor."""
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3)
    ratio = size[:, None, None] / grid.anchors
    worst = torch.maximum(ratio, 1 / ratio).amax(-1)
    fits = (worst < _MOST_RATIO) | (worst == worst.amin((1, 2), keepdim=True))
    steps = torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]], device=boxes.device)
    count, first = grid.anchors.shape[1], 0
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for level, (stride, (ny, nx)) in enumerate(zip(grid.strides, grid.shapes, strict=True)):
        limit = torch.tensor([nx, ny], device=boxes.device)
        place = centre / stride
        own = torch.minimum(place.floor().long().clamp(min=0), limit - 1)
        cells = (place - 0.5).floor().long()[:, None] + steps
        inside = ((cells >= 0) & (cells < limit)).all(-1)
        near = (cells == own[:, None]).any(-1)
        offsets = torch.arange(count, device=boxes.device) * (ny * nx) + first
        clipped = torch.minimum(cells.clamp(min=0), limit - 1)
        rows = offsets[:, None] + (clipped[..., 1] * nx + clipped[..., 0])[:, None]
        valid = fits[:, level, :, None] & inside[:, None]
        bad = worst[:, level, :, None].expand_as(valid)
        parts.append((rows.flatten(1), valid.flatten(1), (valid & near[:, None]).flatten(1), bad.flatten(1)))
        first += count * ny * nx
    rows, valid, official, bad = (torch.cat(part, 1) for part in zip(*parts, strict=True))
    return Candidates(rows, valid, official, bad)


@torch.no_grad()
def assign(way: Assignment, found: Candidates, *, classes: Tensor, raw: Tensor, ious: Tensor, of: Tensor) -> Tensor:
    """[M, K] bool: the candidates that learn their box; no prediction learns two.

    raw: [M, K, 5 + C] head values of the candidates; ious: [M, K] of their boxes with the box; of: [M] picture numbers.
    """
    if way is Assignment.RATIO:
        chosen, cost = found.official, found.badness
    elif way is Assignment.TASK_ALIGNED:
        cost = -_alignment(raw, ious, classes).masked_fill(~found.valid, -1.0)
        chosen = (cost.argsort(1).argsort(1) < _TOP) & found.valid
    else:
        cost = _simota_cost(raw, ious, classes).masked_fill(~found.valid, torch.inf)
        wanted = ious.masked_fill(~found.valid, 0).topk(min(_TOP, ious.shape[1]), 1).values.sum(1).int().clamp(min=1)
        rank = cost.argsort(1).argsort(1)
        chosen = (rank < wanted[:, None]) & found.valid
    apart = int(found.rows.max()) + 1 if found.rows.numel() else 1
    return _without_conflicts(chosen, cost, found.rows + of[:, None] * apart)


def _alignment(raw: Tensor, ious: Tensor, classes: Tensor) -> Tensor:
    """The probability of the box's class to the power of 1/2, times the IoU to the power of 6."""
    own = raw[..., 5:].gather(-1, classes[:, None, None].expand(-1, raw.shape[1], 1))[..., 0]
    return (own.sigmoid() * raw[..., 4].sigmoid()).sqrt() * ious**6


def _simota_cost(raw: Tensor, ious: Tensor, classes: Tensor) -> Tensor:
    """Class-summed BCE of sqrt(class x objectness) against one-hot, plus 3 x -log IoU."""
    probable = (raw[..., 5:].sigmoid() * raw[..., 4:5].sigmoid()).sqrt()
    truth = functional.one_hot(classes, probable.shape[-1]).to(probable.dtype)[:, None].expand_as(probable)
    by_class = functional.binary_cross_entropy(probable, truth, reduction="none").sum(-1)
    return by_class - _IOU_COST * (ious + 1e-8).log()


def _without_conflicts(chosen: Tensor, cost: Tensor, place: Tensor) -> Tensor:
    """Of several boxes that chose one prediction (`place`) the cheapest keeps it, the first among equals."""
    flat = chosen.flatten().nonzero()[:, 0]
    if not len(flat):
        return chosen
    order = flat[cost.flatten()[flat].argsort(stable=True)]
    places = place.flatten()[order]
    by_place = places.argsort(stable=True)
    sorted_places = places[by_place]
    first = torch.ones_like(sorted_places, dtype=torch.bool)
    first[1:] = sorted_places[1:] != sorted_places[:-1]
    kept = torch.zeros_like(chosen.flatten())
    kept[order[by_place[first]]] = True
    return kept.view_as(chosen)
