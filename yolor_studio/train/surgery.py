"""Another set of classes on the same network: what was learned about same-named classes is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.layers import Conv, Implicit, Joined
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.plan import Plan

_BOX_ROWS = 5
"""Box and objectness, before the classes of each anchor."""


@dataclass(frozen=True, slots=True)
class ClassRows:
    """Where a layer's channels stand for classes: so many groups, each with `before` other channels first."""

    groups: int
    before: int


def transplant(
    network: Network, weights: Mapping[str, NDArray[np.float32]], *, old: Sequence[str], new: Sequence[str]
) -> tuple[str, ...]:
    """Give `network`, whose classes are `new`, the weights of the same network with the classes `old`.

    Per anchor the rows of box and objectness are copied, and those (also of tags) of every class whose name (without
    regard to case and spaces) is in both; other classes keep the network's first values. Returns the new names that
    were kept.
    """
    pairs = _same_names(old, new)
    rows_by_name = _class_rows(network.plan)
    arrays = network.export_weights()
    for name in arrays:
        rows = rows_by_name.get(name)
        if rows is None:
            arrays[name] = weights[name]
        else:
            axis = 1 if name.endswith(".implicit") else 0
            arrays[name] = _mixed(arrays[name], weights[name], axis=axis, rows=rows, pairs=pairs)
    network.load_weights(arrays)
    return tuple(new[row] for _, row in pairs)


def prediction_layers(plan: Plan) -> dict[int, ClassRows]:
    """Index of every layer that has weights and whose number of channels follows from the number of classes."""
    outputs = [(head, ClassRows(len(head.anchors), _BOX_ROWS)) for head in plan.heads]
    found: dict[int, ClassRows] = {}
    for output, rows in (*outputs, *((tags, ClassRows(1, 0)) for tags in plan.tags)):
        layer = plan.layers[output.inputs[0]]
        while isinstance(layer, Joined):
            vector = plan.layers[layer.inputs[1]]
            if isinstance(vector, Implicit):
                found[vector.index] = rows
            layer = plan.layers[layer.inputs[0]]
        if isinstance(layer, Conv):
            found[layer.index] = rows
    return found


def _class_rows(plan: Plan) -> dict[str, ClassRows]:
    layers = prediction_layers(plan)
    return {name: layers[index] for name in plan.shapes() if (index := int(name.split(".")[1])) in layers}


def _same_names(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    place = {_plain(name): row for row, name in enumerate(old)}
    return [(place[_plain(name)], row) for row, name in enumerate(new) if _plain(name) in place]


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _mixed(
    fresh: NDArray[np.float32],
    known: NDArray[np.float32],
    *,
    axis: int,
    rows: ClassRows,
    pairs: Sequence[tuple[int, int]],
) -> NDArray[np.float32]:
    mixed = np.moveaxis(fresh.copy(), axis, 0).reshape(rows.groups, -1, *np.moveaxis(fresh, axis, 0).shape[1:])
    source = np.moveaxis(known, axis, 0).reshape(rows.groups, -1, *mixed.shape[2:])
    mixed[:, : rows.before] = source[:, : rows.before]
    for old_row, new_row in pairs:
        mixed[:, rows.before + new_row] = source[:, rows.before + old_row]
    return np.ascontiguousarray(np.moveaxis(mixed.reshape(-1, *mixed.shape[2:]), 0, axis))
