"""The same network for other classes or anchors: a description in, a description out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.layers import (
    IMAGE,
    AvgPool,
    Conv,
    Identity,
    Implicit,
    Join,
    Joined,
    Layer,
    MaxPool,
    Norm,
    Shortcut,
    Upsample,
)
from yolor_studio.yolor.plan import Plan, build_plan


def with_classes(description: Description, classes: int) -> Description:
    """The description for `classes` classes: the last convolution before every [yolo] and [tags] and the implicit
    knowledge after it are resized. ModelError if the description is wrong or no convolution stands there."""
    plan = build_plan(description)
    options = [dict(section.options) for section in description.sections]
    sizes = [(head, len(head.anchors) * (5 + classes)) for head in plan.heads] + [(tags, classes) for tags in plan.tags]
    for output, channels in sizes:
        options[output.index]["classes"] = str(classes)
        for index in _sized_by(plan, output):
            options[index]["filters"] = str(channels)
    changed = _with_options(description, options)
    build_plan(changed)
    return changed


def with_anchors(description: Description, anchors: Sequence[tuple[float, float]]) -> Description:
    """The description with other anchors, width and height in input pixels, in the order that its masks count.

    ModelError if their number differs from the heads' (that would change the network)."""
    plan = build_plan(description)
    options = [dict(section.options) for section in description.sections]
    for head in plan.heads:
        found = len(description.sections[head.index].numbers("anchors")) // 2
        if len(anchors) != found:
            raise ModelError(f"{len(anchors)} anchors were given, but the network has {found}.")
        options[head.index]["anchors"] = ", ".join(f"{width:g},{height:g}" for width, height in anchors)
    changed = _with_options(description, options)
    build_plan(changed)
    return changed


def _with_options(description: Description, options: Sequence[dict[str, str]]) -> Description:
    pairs = zip(description.sections, options, strict=True)
    return replace(description, sections=tuple(replace(section, options=new) for section, new in pairs))


def _sized_by(plan: Plan, output: Layer) -> set[int]:
    """The indices of the layers whose number of filters follows from the output's number of classes: convolutions, and
    what makes the vectors that are joined after them."""
    found: set[int] = set()
    seen: set[int] = set()
    waiting = [output.inputs[0]]
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        layer = plan.layers[index] if index != IMAGE else output
        if isinstance(layer, Joined) and layer.join is not Join.ALTERNATE:
            found.add(_vector_sized_by(plan, layer))
            waiting.append(layer.inputs[0])
        elif isinstance(layer, Identity | Norm | AvgPool | MaxPool | Upsample | Shortcut):
            waiting.extend(layer.inputs)
        elif isinstance(layer, Conv):
            found.add(index)
        else:
            raise ModelError(
                f"Line {output.line}: this output is not fed by a convolution, so its classes cannot be changed."
            )
    return found


def _vector_sized_by(plan: Plan, joined: Joined) -> int:
    """The layer whose filters are the length of the joined vector: of atoms the implicit layer, otherwise the last one
    that makes it."""
    layer = plan.layers[joined.inputs[1]]
    while isinstance(layer, Identity) or (joined.turned and isinstance(layer, Conv)):
        layer = plan.layers[layer.inputs[0]]
    if not isinstance(layer, Conv | Implicit):
        raise ModelError(f"Line {joined.line}: its vector has no number of filters, so its classes cannot be changed.")
    return layer.index
