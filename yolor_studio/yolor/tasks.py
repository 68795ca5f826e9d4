"""More tasks on the same trunk: tags of the whole picture and a vector per cell, beside the boxes.

As in the paper, every task has implicit knowledge of its own on every level: it reads what the level's prediction
convolution reads, shifts it by a vector of its own, and scales what it makes of it by another. Sections are only
appended, so all layers keep their numbers, and the weights of the boxes still fit by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description, Section
from yolor_studio.yolor.layers import Conv, Decode, Identity, Joined, Layer
from yolor_studio.yolor.plan import Plan, build_plan

TAG_CHANNELS = 64
"""Kinds of evidence per level that tags are drawn from."""
LOOK_CHANNELS = 32
"""Of the maps that tell embeddings what things look like, which a trunk that names them has no need to remember."""
_LOOK_SIZE = 5
_SPREADS = 3


def with_tasks(description: Description, *, tags: bool = True, embedding: int = 64) -> Description:
    """The description with a [tags] head, and an [embedding] head of so many values for every stride (0: none).

    ModelError if the description is wrong, has such heads already, or a [yolo] section is fed by no convolution."""
    plan = build_plan(description)
    if plan.tags or plan.embeddings:
        raise ModelError("The network has heads for tags or embeddings already.")
    more = _Appended(_with_fixed_decoding(description, plan))
    sources = _features(plan)
    if tags:
        _append_tags(more, plan, sources, plan.classes)
    if embedding:
        _append_embeddings(more, plan, sources, embedding)
    build_plan(more.description)
    return more.description


def without_tasks(description: Description) -> Description:
    """The description for boxes alone: what stands behind the last [yolo] section is left away. ModelError if the
    description is wrong, or has heads for other tasks before that."""
    plan = build_plan(description)
    end = max(head.index for head in plan.heads) + 1
    if any(layer.index < end for layer in (*plan.tags, *plan.embeddings)):
        raise ModelError("The heads of other tasks stand between those of the boxes, so they cannot be left away.")
    fixed = _with_fixed_decoding(description, plan)
    return replace(fixed, sections=fixed.sections[:end])


def task_layers(plan: Plan) -> frozenset[int]:
    """The indices of all layers that no box needs."""
    needed = {head.index for head in plan.heads}
    for layer in reversed(plan.layers):
        if layer.index in needed:
            needed.update(layer.inputs)
    return frozenset(layer.index for layer in plan.layers if layer.index not in needed)


class _Appended:
    """A description that grows at its end."""

    def __init__(self, description: Description) -> None:
        self._base = description
        self._sections = list(description.sections)

    @property
    def description(self) -> Description:
        return replace(self._base, sections=tuple(self._sections))

    def add(self, kind: str, **options: object) -> int:
        """Append a section and return its layer's index; `from_` is written without the underscore."""
        last = self._sections[-1]
        written = {key.rstrip("_"): str(value) for key, value in options.items()}
        self._sections.append(Section(kind, written, last.line + len(last.options) + 2))
        return len(self._sections) - 1

    def conv(self, filters: int, activation: str = "linear", **options: int) -> int:
        """A convolution, 1x1 with bias unless the options say otherwise."""
        written = {"filters": filters, "size": 1, "stride": 1, "pad": 1, **options, "activation": activation}
        return self.add("convolutional", **written)

    def shifted(self, sources: Sequence[int], channels: int) -> int:
        """Layers' maps, one after the other, plus implicit knowledge."""
        vector = self.add("implicit_add", filters=channels)
        self.add("route", layers=",".join(map(str, sources)))
        return self.add("shift_channels", from_=vector)


def _append_tags(more: _Appended, plan: Plan, sources: Mapping[int, int], classes: int) -> None:
    """Evidence in every cell, spread from its strongest places over the level, weighted; of all levels the tags.

    The mean alone would lose a small object among thousands of cells."""
    coarsest = max(plan.strides)
    weighted = []
    for source, channels in sources.items():
        vector = more.add("implicit_mul", filters=TAG_CHANNELS)
        more.shifted((source,), channels)
        more.conv(TAG_CHANNELS, "silu")
        factor = coarsest // plan.layers[source].stride
        if factor > 1:
            more.add("maxpool", size=factor, stride=factor, padding=0)
        for _ in range(_SPREADS):
            more.add("maxpool", size=5, stride=1)
        more.add("avgpool")
        weighted.append(more.add("control_channels", from_=vector))
    more.add("route", layers=",".join(map(str, weighted)))
    more.conv(classes)
    more.add("tags", classes=classes)


def _append_embeddings(more: _Appended, plan: Plan, sources: Mapping[int, int], length: int) -> None:
    looks = _append_looks(more, plan)
    for source, channels in sources.items():
        look = looks.get(plan.layers[source].stride)
        read = (source,) if look is None else (source, look)
        vector = more.add("implicit_mul", filters=length)
        more.shifted(read, channels + LOOK_CHANNELS * (look is not None))
        more.conv(length)
        more.add("control_channels", from_=vector)
        more.add("embedding")


def _append_looks(more: _Appended, plan: Plan) -> dict[int, int]:
    """For every stride of a head a map of what the surroundings of a cell look like, made from the last map of half the
    finest stride; none where there is no such map."""
    stride = min(plan.strides) // 2
    index = max((layer.index for layer in plan.layers if layer.stride == stride and stride), default=None)
    found: dict[int, int] = {}
    if index is None:
        return found
    more.add("route", layers=index)
    more.conv(LOOK_CHANNELS, "silu", batch_normalize=1)
    while stride < max(plan.strides):
        stride *= 2
        more.conv(LOOK_CHANNELS, "linear", batch_normalize=1, size=_LOOK_SIZE, stride=2, groups=LOOK_CHANNELS)
        found[stride] = more.conv(LOOK_CHANNELS, "silu", batch_normalize=1)
    return found


def _features(plan: Plan) -> dict[int, int]:
    """For every stride that boxes have, the layer that their prediction convolution reads, and its channels."""
    found: dict[int, int] = {}
    strides: set[int] = set()
    for head in plan.heads:
        if head.stride in strides:
            continue
        strides.add(head.stride)
        layer = _behind_joins(plan, head)
        if not isinstance(layer, Conv) or layer.inputs[0] < 0:
            raise ModelError(f"Line {head.line}: this [yolo] is fed by no convolution, so no other task can be added.")
        source = _behind_joins(plan, layer)
        found[source.index] = source.channels
    return found


def _behind_joins(plan: Plan, layer: Layer) -> Layer:
    """What a layer reads, implicit knowledge passed over."""
    source = plan.layers[layer.inputs[0]]
    while isinstance(source, Joined | Identity):
        source = plan.layers[source.inputs[0]]
    return source


def _with_fixed_decoding(description: Description, plan: Plan) -> Description:
    """Implicit layers in a description mark YOLOR's way of decoding boxes; where some come or go, it must be said."""
    sections = list(description.sections)
    for head in plan.heads:
        decode = "yolor" if head.decode is Decode.YOLOR else "darknet"
        section = sections[head.index]
        sections[head.index] = replace(section, options={**section.options, "decode": decode})
    return replace(description, sections=tuple(sections))
