"""What a network's implicit knowledge is, where it acts, and what became of it when the network was folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.fold import Folded, fold
from yolor_studio.yolor.layers import (
    CONSTANT,
    IMAGE,
    AvgPool,
    Conv,
    Embedding,
    Head,
    Identity,
    Implicit,
    Join,
    Joined,
    Layer,
    MaxPool,
    Route,
    Scale,
    Shortcut,
    Tags,
)
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.weights import Weights

FIELDS = ("x", "y", "width", "height", "objectness")
"""What an anchor's numbers in a prediction are, before its classes."""


class Modelling(StrEnum):
    """How the vector is made from what was learned."""

    VECTOR = "vector"
    NETWORK = "neural network"
    FACTORISATION = "matrix factorisation"


class Way(StrEnum):
    """How a map and the vector are joined."""

    ADD = "add"
    MULTIPLY = "multiply"
    CONCATENATE = "concatenate"
    SELECT = "multiply by the sigmoid"


_PASSED = (Joined, Identity, AvgPool, Shortcut, Route)
"""What may stand between implicit knowledge and the convolution or output that it is named after."""
_WAYS = {
    Join.SHIFT: Way.ADD,
    Join.CONTROL: Way.MULTIPLY,
    Join.ALTERNATE: Way.CONCATENATE,
    Join.SELECT: Way.SELECT,
}


@dataclass(frozen=True, slots=True)
class ImplicitVector:
    """One place where implicit knowledge acts on a map of the picture."""

    layer: int
    """The index of the implicit layer that it comes from (the first, if there are several)."""
    joined: int
    """The index of the layer that joins it with the map."""
    kind: Modelling
    way: Way
    size: int
    """Learned implicit numbers behind it; with a network or atoms more than it has values."""
    values: tuple[float, ...]
    """What the map is joined with, one number per channel; before the sigmoid for SELECT."""
    folded: bool
    """Whether it has vanished from the model that is run."""
    reason: str
    """How it was folded, or why it could not be: a sentence."""
    where: str
    """Such as "before the prediction of stride 8", "on the tags, from stride 16" or "on a map of stride 4"."""
    task: str
    """What depends on it: boxes, tags, embeddings, or several of them with "and"."""
    stride: int
    """Of the map, in input pixels; where it has one cell, of the map before it was pooled."""
    anchors: tuple[tuple[float, float], ...] = ()
    """Width and height in input pixels where it acts on a prediction of boxes; else empty."""
    classes: int = 0
    """Where it acts on a prediction of boxes or on tags; else 0."""

    def layout(self) -> NDArray[np.float64] | None:
        """The values as [anchors, 5 + classes] (see FIELDS) where they act on a prediction of boxes."""
        if not self.anchors or len(self.values) != len(self.anchors) * (5 + self.classes):
            return None
        return np.reshape(np.asarray(self.values, np.float64), (len(self.anchors), 5 + self.classes))


def implicit_report(plan: Plan, weights: Weights) -> tuple[ImplicitVector, ...]:
    """Every place where implicit knowledge acts, in the order of the layers; the weights must fit the plan."""
    folded = fold(plan, weights)
    consumers = plan.consumers()
    kept = {layer.index for layer in folded.layers}
    return tuple(_vector(plan, folded, layer, consumers, kept) for layer in _joins(plan, folded))


def _joins(plan: Plan, folded: Folded) -> Iterator[Joined | Scale]:
    for layer in plan.layers:
        if isinstance(layer, Joined | Scale) and layer.inputs[1] in folded.constants:
            yield layer


def _vector(
    plan: Plan, folded: Folded, layer: Joined | Scale, consumers: dict[int, list[Layer]], kept: set[int]
) -> ImplicitVector:
    behind = _behind(plan, layer.inputs[1])
    implicit = [source for source in behind if isinstance(source, Implicit)]
    place, outputs = _place(layer, consumers)
    stride, task = _stride(plan, layer), _task(layer, consumers)
    on = outputs[0] if place == "on" and len(outputs) == 1 else None
    return ImplicitVector(
        layer=implicit[0].index,
        joined=layer.index,
        kind=_modelling(behind),
        way=_WAYS[layer.join] if isinstance(layer, Joined) else Way.MULTIPLY,
        size=sum(source.channels * source.rows for source in implicit),
        values=tuple(folded.constants[layer.inputs[1]].ravel().tolist()),
        folded=layer.index not in kept,
        reason=_reason(layer, folded, consumers, kept),
        where=_where(layer, place, outputs, stride) if outputs else _on_map(layer, stride, task),
        task=task,
        stride=stride,
        anchors=on.anchors if isinstance(on, Head) else (),
        classes=on.classes if isinstance(on, Head) else on.channels if isinstance(on, Tags) else 0,
    )


def _stride(plan: Plan, layer: Layer) -> int:
    """The layer's stride; of a map of one cell that of the map before it was pooled."""
    one_cell = layer.stride == CONSTANT
    while one_cell and layer.inputs and (layer.stride == CONSTANT or isinstance(layer, MaxPool)):
        if layer.inputs[0] == IMAGE:
            break
        layer = plan.layers[layer.inputs[0]]
    return layer.stride or 1


def _where(layer: Layer, place: str, outputs: list[Head | Tags | Embedding], stride: int) -> str:
    level = f", from stride {stride}" if layer.stride == CONSTANT else ""
    return f"{place} {' and '.join(map(_named, outputs))}{level}"


def _on_map(layer: Layer, stride: int, task: str) -> str:
    mean = "the mean of " if layer.stride == CONSTANT else ""
    return f"on {mean}a map of stride {stride}{f', for the {task}' if task and task != 'boxes' else ''}"


def _behind(plan: Plan, index: int) -> list[Layer]:
    """All layers that a constant is worked out from, in order."""
    found = {index}
    for layer in reversed(plan.layers[: index + 1]):
        if layer.index in found:
            found.update(layer.inputs)
    return [plan.layers[source] for source in sorted(found)]


def _modelling(behind: list[Layer]) -> Modelling:
    if any(isinstance(layer, Implicit) and layer.atoms > 1 for layer in behind):
        return Modelling.FACTORISATION
    return Modelling.NETWORK if any(isinstance(layer, Conv) for layer in behind) else Modelling.VECTOR


def _place(layer: Layer, consumers: dict[int, list[Layer]]) -> tuple[str, list[Head | Tags | Embedding]]:
    """("on", outputs) if nothing but joins, means, sums and concatenations stands between the layer and outputs,
    ("before", outputs) if one convolution does too, and no outputs otherwise."""
    on, before, elsewhere = _readers(layer, consumers, _PASSED)
    if on and not before and not elsewhere:
        return "on", on
    if not before or on or elsewhere:
        return "", []
    outputs: list[Head | Tags | Embedding] = []
    for convolution in before:
        after, more, other = _readers(convolution, consumers, _PASSED)
        if more or other or not after:
            return "", []
        outputs += after
    return "before", outputs


def _readers(
    layer: Layer, consumers: dict[int, list[Layer]], through: tuple[type[Layer], ...]
) -> tuple[list[Head | Tags | Embedding], list[Conv], list[Layer]]:
    """The outputs, convolutions and other layers that read a layer, directly or through some kinds of layers and routes
    of one."""
    outputs: list[Head | Tags | Embedding] = []
    convolutions: list[Conv] = []
    others: list[Layer] = []
    waiting, seen = [layer], {layer.index}
    while waiting:
        for reader in consumers.get(waiting.pop().index, ()):
            if reader.index in seen:
                continue
            seen.add(reader.index)
            if isinstance(reader, Head | Tags | Embedding):
                outputs.append(reader)
            elif isinstance(reader, Conv):
                convolutions.append(reader)
            elif isinstance(reader, through) or (isinstance(reader, Route) and len(reader.inputs) == 1):
                waiting.append(reader)
            else:
                others.append(reader)
    return outputs, convolutions, others


def _named(output: Head | Tags | Embedding) -> str:
    if isinstance(output, Tags):
        return "the tags"
    return f"the {'prediction' if isinstance(output, Head) else 'embedding'} of stride {output.stride}"


def _task(layer: Layer, consumers: dict[int, list[Layer]]) -> str:
    reached = {layer.index: layer}
    waiting = [layer]
    while waiting:
        for reader in consumers.get(waiting.pop().index, ()):
            if reader.index not in reached:
                reached[reader.index] = reader
                waiting.append(reader)
    tasks = (("boxes", Head), ("tags", Tags), ("embeddings", Embedding))
    return " and ".join(name for name, kind in tasks if any(isinstance(found, kind) for found in reached.values()))


def _reason(layer: Joined | Scale, folded: Folded, consumers: dict[int, list[Layer]], kept: set[int]) -> str:
    if layer.index in folded.constants:
        return "Worked out once: it depends on no picture."
    if not _task(layer, consumers):
        return "Left out: no output depends on it."
    if layer.index in folded.before:
        return "Folded into the convolution before it."
    _, convolutions, others = _readers(layer, consumers, (Joined, Identity))
    if layer.index not in kept:
        return f"Folded into the convolution{'s' * (len(convolutions) > 1)} after it."
    adds = isinstance(layer, Joined) and layer.join in (Join.SHIFT, Join.ALTERNATE)
    if isinstance(layer, Scale):
        return "Kept: an activation follows it."
    if adds and any(convolution.pad for convolution in convolutions):
        return "Kept: the convolution after it pads its map with zeros, which know nothing of the vector."
    if layer.join is Join.ALTERNATE and any(convolution.groups > 1 for convolution in convolutions):
        return "Kept: the convolution after it works in groups."
    if others:
        return "Kept: something other than a convolution reads it, and none without activation stands before it."
    return "Kept: no convolution without activation stands before it, and none after it."
