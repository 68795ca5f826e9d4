"""What a network is to become good at: from a batch to the loss. The trainer knows no more of it than this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from yolor_studio.core.errors import ModelError
from yolor_studio.train.assign import Grid
from yolor_studio.train.batches import Batch
from yolor_studio.train.loss import Losses, Targets, detection_loss, flatten_heads
from yolor_studio.train.recipe import LossForm, Recipe
from yolor_studio.yolor.layers import Decode
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.plan import Plan


class Objective(Protocol):
    """What is learned. Several threads may use one at once."""

    def forward(self, network: Network, images: Tensor) -> Any:
        """The network's outputs for float images [N, 3, H, W] in 0..1; run in reduced precision where that pays."""
        ...

    def losses(self, outputs: Any, batch: Batch) -> Losses | None:
        """What they cost, in float32; None when something in them is not finite."""
        ...

    def state(self) -> dict[str, float]:
        """What it has learned itself, for a run that is to go on exactly."""
        ...

    def restore(self, state: Mapping[str, float]) -> None:
        """Go on with such a state; values that are missing stay."""
        ...


class BoxObjective:
    """Boxes of classes: the loss of `train.loss` over all heads."""

    def __init__(self, plan: Plan, recipe: Recipe, *, device: torch.device, pictures: int) -> None:
        """`pictures`: in a whole batch. Raises ModelError for heads whose form cannot be trained."""
        check_trainable(plan)
        self._recipe = recipe
        self._device = device
        self._scale = pictures if recipe.loss is LossForm.OFFICIAL else 1
        self._strides = plan.strides
        self._anchors = torch.tensor(plan.anchors, device=device)
        self._grids: dict[tuple[tuple[int, int], ...], Grid] = {}

    def forward(self, network: Network, images: Tensor) -> Sequence[Tensor]:
        """The heads' raw maps."""
        return network(images)

    def losses(self, outputs: Sequence[Tensor], batch: Batch) -> Losses | None:
        """See Objective."""
        raw = flatten_heads(outputs, self._anchors.shape[1])
        if not torch.isfinite(raw.detach().sum()):
            return None
        recipe = self._recipe
        found = detection_loss(
            raw, self.targets(batch), self.grid(outputs), assignment=recipe.assignment, form=recipe.loss
        )
        return Losses(found.total * self._scale, found.box, found.objectness, found.classes, found.positives)

    def targets(self, batch: Batch) -> Targets:
        """What the batch's boxes teach, on the network's device."""
        return Targets.of(batch, self._device)

    def state(self) -> dict[str, float]:
        """Nothing; see Objective."""
        return {}

    def restore(self, state: Mapping[str, float]) -> None:
        """See Objective."""

    def grid(self, heads: Sequence[Tensor]) -> Grid:
        """The grid of heads with these shapes."""
        shapes = tuple((head.shape[2], head.shape[3]) for head in heads)
        if shapes not in self._grids:
            self._grids[shapes] = Grid.of(self._anchors, self._strides, shapes)
        return self._grids[shapes]


def check_trainable(plan: Plan) -> None:
    """ModelError unless the plan's heads are of the form that is trained here."""
    if not plan.heads:
        raise ModelError("This network finds no boxes, so it cannot be trained.")
    if any(head.decode is not Decode.YOLOR for head in plan.heads):
        raise ModelError(
            "This network decodes its boxes in Darknet's way, which cannot be trained here. Start from a network of "
            "the YOLOR or YOLOv5 form, such as the bundled yolor-n."
        )
    if len({len(head.anchors) for head in plan.heads}) > 1:
        raise ModelError("The heads of this network have different numbers of anchors, which cannot be trained here.")
