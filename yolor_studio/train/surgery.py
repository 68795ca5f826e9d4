"""Another set of classes on the same network: what was learned about same-named classes is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.layers import Conv, Implicit, Joined
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.plan import Plan

_FIXED_ROWS = 5


def transplant(
    network: Network, weights: Mapping[str, NDArray[np.float32]], *, old: Sequence[str], new: Sequence[str]
) -> tuple[str, ...]:
    """Give `network`, whose classes are `new`, the weights of the same network with the classes `old`.

    Per anchor the rows of box and objectness are copied, and those of every class whose name (without regard to case
    and spaces) is in both; other classes keep the network's first values. Returns the new names that were kept.
    """
    pairs = _same_names(old, new)
    rows_by_name = _class_rows(network.plan)
    arrays = network.export_weights()
    for name in arrays:
        anchors = rows_by_name.get(name)
        if anchors is None:
            arrays[name] = weights[name]
        else:
            arrays[name] = _mixed(arrays[name], weights[name], anchors=anchors, pairs=pairs)
    network.load_weights(arrays)
    return tuple(new[row] for _, row in pairs)


def prediction_layers(plan: Plan) -> dict[int, int]:
    """Index of every layer whose channels are anchors x (5 + classes) and that has weights -> its number of anchors."""
    found: dict[int, int] = {}
    for head in plan.heads:
        layer = plan.layers[head.inputs[0]]
        while isinstance(layer, Joined):
            vector = plan.layers[layer.inputs[1]]
            if isinstance(vector, Implicit):
                found[vector.index] = len(head.anchors)
            layer = plan.layers[layer.inputs[0]]
        if isinstance(layer, Conv):
            found[layer.index] = len(head.anchors)
    return found


def _class_rows(plan: Plan) -> dict[str, int]:
    layers = prediction_layers(plan)
    return {name: layers[index] for name in plan.shapes() if (index := int(name.split(".")[1])) in layers}


def _same_names(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    place = {_plain(name): row for row, name in enumerate(old)}
    return [(place[_plain(name)], row) for row, name in enumerate(new) if _plain(name) in place]


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _mixed(
    fresh: NDArray[np.float32], known: NDArray[np.float32], *, anchors: int, pairs: Sequence[tuple[int, int]]
) -> NDArray[np.float32]:
    axis = 1 if fresh.shape[0] == 1 else 0
    mixed = np.moveaxis(fresh.copy(), axis, 0).reshape(anchors, -1, *np.moveaxis(fresh, axis, 0).shape[1:])
    source = np.moveaxis(known, axis, 0).reshape(anchors, -1, *mixed.shape[2:])
    mixed[:, :_FIXED_ROWS] = source[:, :_FIXED_ROWS]
    for old_row, new_row in pairs:
        mixed[:, _FIXED_ROWS + new_row] = source[:, _FIXED_ROWS + old_row]
    return np.ascontiguousarray(np.moveaxis(mixed.reshape(-1, *mixed.shape[2:]), 0, axis))
