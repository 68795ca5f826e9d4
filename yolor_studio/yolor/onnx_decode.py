"""From the heads' raw maps to the outputs of the contract, in the graph; only the best candidates are decoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from yolor_studio.yolor.contract import BOXES, CANDIDATES, EMBEDDINGS, SCORES, TAGS
from yolor_studio.yolor.layers import Decode, Embedding, Head
from yolor_studio.yolor.onnx_nodes import Nodes

_END = int(np.iinfo(np.int64).max)
_SHORTEST = 1e-12


def write_decode(nodes: Nodes, heads: Sequence[tuple[Head, str]], embeddings: Sequence[tuple[Embedding, str]]) -> None:
    """Append the outputs `boxes` [N, K, 4] (x1, y1, x2, y2 in input pixels), `scores` [N, K, classes], best first, and,
    where there is one embedding for each head, `embeddings` [N, K, length].

    The K best are found by objectness times best class before anything else is worked out; a graph that has fewer
    candidates gives empty boxes with score 0 in the remaining rows.
    """
    decode = heads[0][0].decode
    raw, best, table = zip(*(_candidates(nodes, head, value) for head, value in heads), strict=True)
    rows, ranks, places = (_joined(nodes, parts, axis) for parts, axis in ((raw, 1), (best, 1), (table, 0)))
    order, real = _choose(nodes, ranks)
    chosen = nodes.add("GatherND", rows, order, batch_dims=1)
    place = nodes.add("GatherND", places, order)
    _write_boxes(nodes, decode, chosen=chosen, place=place, real=real)
    _write_scores(nodes, decode, chosen, real)
    if embeddings:
        anchors = [len(head.anchors) for head, _ in heads]
        _write_embeddings(nodes, list(zip(anchors, embeddings, strict=True)), order=order, real=real)


def write_tags(nodes: Nodes, value: str) -> None:
    """Append the output `tags` [N, classes] from the raw map [N, classes, 1, 1]."""
    nodes.name_output(nodes.add("Sigmoid", nodes.add("Reshape", value, nodes.integers(0, -1))), TAGS)


def write_ready(nodes: Nodes, rows: str) -> None:
    """The same outputs from rows [N, A, 5 + classes] that are decoded already: centre x, y, w, h in input pixels,
    objectness, class probabilities."""
    best = nodes.add("ReduceMax", _fields(nodes, rows, 5, _END), axes=[2], keepdims=1)
    ranks = nodes.add("Mul", _fields(nodes, rows, 4, 5), best)
    order, real = _choose(nodes, nodes.add("Reshape", ranks, nodes.integers(0, -1)))
    chosen = nodes.add("GatherND", rows, order, batch_dims=1)
    _write_corners(nodes, _fields(nodes, chosen, 0, 2), _fields(nodes, chosen, 2, 4), real)
    _write_scores(nodes, Decode.NEW_COORDS, chosen, real)


def _joined(nodes: Nodes, parts: Sequence[str], axis: int) -> str:
    return parts[0] if len(parts) == 1 else nodes.add("Concat", *parts, axis=axis)


def _candidates(nodes: Nodes, head: Head, value: str) -> tuple[str, str, str]:
    """A head's rows [N, A, 5 + classes] as they are, their ranks [N, A] and what decodes them [A, 5]."""
    anchors, fields = len(head.anchors), 5 + head.classes
    maps = nodes.add("Reshape", value, nodes.integers(0, anchors, fields, -1))
    rows = nodes.add("Transpose", maps, perm=[0, 1, 3, 2])
    rows = nodes.add("Reshape", rows, nodes.integers(0, -1, fields))

    objectness = nodes.add("Slice", maps, nodes.integers(4), nodes.integers(5), nodes.integers(2))
    classes = nodes.add("Slice", maps, nodes.integers(5), nodes.integers(fields), nodes.integers(2))
    best = nodes.add("ReduceMax", classes, axes=[2], keepdims=1)
    # The sigmoid rises, so the best class is the same before it and after it.
    ranks = nodes.add("Mul", _share(nodes, head.decode, objectness), _share(nodes, head.decode, best))
    ranks = nodes.add("Reshape", ranks, nodes.integers(0, -1))
    return rows, ranks, _places(nodes, head, value)


def _share(nodes: Nodes, decode: Decode, value: str) -> str:
    return value if decode is Decode.NEW_COORDS else nodes.add("Sigmoid", value)


def _places(nodes: Nodes, head: Head, value: str) -> str:
    """[A, 5]: with s a row's share, its centre is s x [0] + [1], s x [0] + [2], its size grows from [3], [4]."""
    k = 2.0 if head.decode is Decode.YOLOR else head.scale_xy
    shape = nodes.add("Shape", value)
    rows = nodes.add("Gather", shape, nodes.constant(2, np.int64))
    columns = nodes.add("Gather", shape, nodes.constant(3, np.int64))
    factor = 1.0 if head.decode is Decode.EXPONENTIAL else 4.0
    sizes = (factor * np.asarray(head.anchors)).reshape(-1, 1, 1, 2)
    fields = [
        nodes.floats(np.full((1, 1, 1, 1), k * head.stride)),
        nodes.add("Reshape", _steps(nodes, columns, head, k), nodes.integers(1, 1, -1, 1)),
        nodes.add("Reshape", _steps(nodes, rows, head, k), nodes.integers(1, -1, 1, 1)),
        nodes.floats(sizes[..., :1]),
        nodes.floats(sizes[..., 1:]),
    ]
    first = nodes.integers(0)
    spread = [nodes.add("Unsqueeze", count, first) for count in (rows, columns)]
    full = nodes.add("Concat", nodes.integers(len(head.anchors)), *spread, nodes.integers(1), axis=0)
    table = nodes.add("Concat", *(nodes.add("Expand", field, full) for field in fields), axis=-1)
    return nodes.add("Reshape", table, nodes.integers(-1, 5))


def _steps(nodes: Nodes, count: str, head: Head, k: float) -> str:
    """(cell - (k - 1) / 2) x stride for every cell of a row or column."""
    cells = nodes.add("Range", nodes.constant(0, np.int64), count, nodes.constant(1, np.int64))
    cells = nodes.add("Cast", cells, to=TensorProto.FLOAT)
    pixels = nodes.add("Mul", cells, nodes.floats(head.stride))
    return nodes.add("Sub", pixels, nodes.floats(head.stride * (k - 1) / 2))


def _choose(nodes: Nodes, ranks: str) -> tuple[str, str]:
    """The rows of the best candidates [N, K, 1], and [N, K, 1] whether each is one (and not a filler)."""
    shape = nodes.add("Shape", ranks)
    count = nodes.add("Gather", shape, nodes.integers(1))
    short = nodes.add("Max", nodes.add("Sub", nodes.integers(CANDIDATES), count), nodes.integers(0))
    filler_shape = nodes.add("Concat", nodes.add("Gather", shape, nodes.integers(0)), short, axis=0)
    filler = nodes.add("Expand", nodes.floats([[-1.0]]), filler_shape)
    padded = nodes.add("Concat", ranks, filler, axis=1)
    values, order = nodes.add_many("TopK", padded, nodes.integers(CANDIDATES), outputs=2, axis=1, largest=1, sorted=1)
    order = nodes.add("Min", order, nodes.add("Sub", count, nodes.integers(1)))
    real = nodes.add("GreaterOrEqual", values, nodes.floats(0.0))
    last = nodes.integers(-1)
    return nodes.add("Unsqueeze", order, last), nodes.add("Unsqueeze", real, last)


def _fields(nodes: Nodes, rows: str, start: int, end: int) -> str:
    return nodes.add("Slice", rows, nodes.integers(start), nodes.integers(end), nodes.integers(2))


def _write_boxes(nodes: Nodes, decode: Decode, *, chosen: str, place: str, real: str) -> None:
    share = _share(nodes, decode, _fields(nodes, chosen, 0, 2))
    centre = nodes.add("Mul", share, _fields(nodes, place, 0, 1))
    centre = nodes.add("Add", centre, _fields(nodes, place, 1, 3))
    spread = _fields(nodes, chosen, 2, 4)
    if decode is Decode.EXPONENTIAL:
        growth = nodes.add("Exp", spread)
    else:
        growth = _share(nodes, decode, spread)
        growth = nodes.add("Mul", growth, growth)
    size = nodes.add("Mul", growth, _fields(nodes, place, 3, 5))
    _write_corners(nodes, centre, size, real)


def _write_corners(nodes: Nodes, centre: str, size: str, real: str) -> None:
    half = nodes.add("Mul", size, nodes.floats(0.5))
    boxes = nodes.add("Concat", nodes.add("Sub", centre, half), nodes.add("Add", centre, half), axis=2)
    nodes.name_output(nodes.add("Where", real, boxes, nodes.floats(0.0)), BOXES)


def _write_scores(nodes: Nodes, decode: Decode, chosen: str, real: str) -> None:
    objectness = _share(nodes, decode, _fields(nodes, chosen, 4, 5))
    objectness = nodes.add("Where", real, objectness, nodes.floats(0.0))
    classes = _share(nodes, decode, _fields(nodes, chosen, 5, _END))
    nodes.name_output(nodes.add("Mul", objectness, classes), SCORES)


def _write_embeddings(
    nodes: Nodes, heads: Sequence[tuple[int, tuple[Embedding, str]]], *, order: str, real: str
) -> None:
    """All anchors of a cell share its vector; only those of the candidates are brought to length 1."""
    vectors: list[str] = []
    cells: list[str] = []
    start = nodes.integers(0)
    for anchors, (layer, value) in heads:
        maps = nodes.add("Reshape", value, nodes.integers(0, layer.channels, -1))
        vectors.append(nodes.add("Transpose", maps, perm=[0, 2, 1]))
        end = nodes.add("Add", start, nodes.add("Gather", nodes.add("Shape", maps), nodes.integers(2)))
        row = nodes.add("Range", *(nodes.add("Squeeze", i) for i in (start, end)), nodes.constant(1, np.int64))
        repeated = nodes.add("Tile", row, nodes.integers(anchors))
        cells.append(repeated)
        start = end
    cell = nodes.add("GatherND", _joined(nodes, cells, 0), order)
    chosen = nodes.add(
        "GatherND", _joined(nodes, vectors, 1), nodes.add("Unsqueeze", cell, nodes.integers(-1)), batch_dims=1
    )
    length = nodes.add("Max", nodes.add("ReduceL2", chosen, axes=[2], keepdims=1), nodes.floats(_SHORTEST))
    nodes.name_output(nodes.add("Where", real, nodes.add("Div", chosen, length), nodes.floats(0.0)), EMBEDDINGS)
