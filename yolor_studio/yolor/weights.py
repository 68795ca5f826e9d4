"""A network's learned arrays by name, checked against its plan, and the reader of Darknet's `.weights` files.

Names: `layers.{i}.conv.weight`, `.conv.bias`, `layers.{i}.bn.weight`, `.bias`, `.running_mean`, `.running_var`,
`layers.{i}.implicit`, with i counting layers from 0 after [net].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.plan import DARKNET_BN_EPS, Plan

_DARKNET_ORDER = ("bn.bias", "bn.weight", "bn.running_mean", "bn.running_var", "conv.bias", "conv.weight", "implicit")
"""Of the arrays of one layer; the layers lie in the order of the cfg."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The arrays of a network (float32) and the number that its batch norm adds to the variance."""

    arrays: Mapping[str, NDArray[np.float32]]
    bn_eps: float

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.arrays[name]

    def check(self, plan: Plan) -> None:
        """Raise ModelError unless exactly the plan's arrays are here, in their shapes, with usable numbers."""
        shapes = plan.shapes()
        missing = [name for name in shapes if name not in self.arrays]
        extra = [name for name in self.arrays if name not in shapes]
        if missing or extra:
            raise ModelError(
                "The weights do not belong to this network description: "
                f"{len(missing)} arrays are missing{_first(missing)} and {len(extra)} are too many{_first(extra)}."
            )
        for name, shape in shapes.items():
            array = self.arrays[name]
            if array.shape != shape:
                raise ModelError(
                    f"The weights do not belong to this network description: {name} has the shape "
                    f"{list(array.shape)}, but {list(shape)} is needed."
                )
            if not np.isfinite(array).all():
                raise ModelError(f"The weights are damaged: {name} holds values that are not numbers.")
            if name.endswith("running_var") and array.min() < 0:
                raise ModelError(f"The weights are damaged: {name} holds negative variances.")
        if not 0 < self.bn_eps < 1:
            raise ModelError(f"The weights are damaged: {self.bn_eps} cannot be added to a variance.")


def _first(names: list[str]) -> str:
    return f" (first {names[0][:80]})" if names else ""


def darknet_bytes(plan: Plan, header: int = 20) -> int:
    """The exact length of the network's `.weights` file."""
    return header + 4 * sum(math.prod(shape) for shape in plan.shapes().values())


def read_darknet(path: Path, plan: Plan) -> Weights:
    """Read a Darknet `.weights` file; ModelError if its length is not exactly what the plan needs, or it is damaged."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(20)
            header = _header_length(path, head, size)
            expected = darknet_bytes(plan, header)
            if plan.implicit and size == expected - 4 * plan.implicit:
                raise ModelError(
                    f"{path.name} lacks the {plan.implicit:,} implicit numbers that the network description asks for, "
                    "as files have that were written from YOLOR's checkpoints; bring the checkpoint itself."
                )
            if size != expected:
                raise ModelError(
                    f"{path.name} does not fit the network description: it has {size:,} bytes, but {expected:,} are "
                    f"needed. {'It was cut short, or the' if size < expected else 'The'} cfg belongs to other weights."
                )
            file.seek(header)
            values = np.frombuffer(file.read(expected - header), "<f4")
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(values) != (expected - header) // 4:
        raise ModelError(f"{path.name} changed while it was read; try again.")
    weights = Weights(_split(values, plan), DARKNET_BN_EPS)
    try:
        weights.check(plan)
    except ModelError as error:
        raise ModelError(f"{path.name} cannot be used: {error}") from None
    return weights


def _header_length(path: Path, head: bytes, size: int) -> int:
    """16 or 20 bytes: the count of seen pictures became a 64 bit number with version 0.2."""
    if len(head) < 16:
        raise ModelError(f"{path.name} has only {size} bytes, which is too short for Darknet weights.")
    major, minor, _ = np.frombuffer(head[:12], "<i4").tolist()
    if not (0 <= major < 1000 and 0 <= minor < 1000):
        raise ModelError(f"{path.name} is not a Darknet weights file: it claims the version {major}.{minor}.")
    return 20 if major * 10 + minor >= 2 else 16


def _split(values: NDArray[np.float32], plan: Plan) -> dict[str, NDArray[np.float32]]:
    shapes = plan.shapes()
    arrays: dict[str, NDArray[np.float32]] = {}
    start = 0
    for layer in plan.layers:
        for part in _DARKNET_ORDER:
            name = f"layers.{layer.index}.{part}"
            if name in shapes:
                end = start + math.prod(shapes[name])
                arrays[name] = values[start:end].reshape(shapes[name]).astype(np.float32, copy=False)
                start = end
    return arrays
