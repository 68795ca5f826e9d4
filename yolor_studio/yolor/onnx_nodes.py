"""A list of ONNX nodes under construction: names are given in order, so equal networks give equal bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike, NDArray
from onnx import helper, numpy_helper

_FLOAT_ONLY_UNDER = 4096
_HALF_MAX = 65504.0


class Nodes:
    """Collects nodes and initializers; every method returns the name of the value it made."""

    def __init__(self, *, half_storage: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: dict[tuple[Any, ...], str] = {}
        self._half_storage = half_storage

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Append a node with one output."""
        return self.add_many(operator, *inputs, outputs=1, **attributes)[0]

    def add_many(self, operator: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """Append a node with several outputs."""
        stem = f"{operator.lower()}_{len(self.nodes)}"
        names = [stem] if outputs == 1 else [f"{stem}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, name=stem, **attributes))
        return names

    def name_output(self, value: str, name: str) -> None:
        """Make the value a graph output of this name."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=name))

    def constant(self, values: ArrayLike, dtype: DTypeLike) -> str:
        """A small constant; equal ones are shared."""
        array = np.asarray(values, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self._initializer(f"constant_{len(self._known)}", array)
        return self._known[key]

    def integers(self, *values: int) -> str:
        """A one-dimensional int64 constant."""
        return self.constant(values, np.int64)

    def floats(self, values: ArrayLike) -> str:
        """A float32 constant."""
        return self.constant(values, np.float32)

    def weight(self, name: str, values: NDArray[np.float64]) -> str:
        """A float32 initializer, kept as float16 and widened at load where storage is halved and the range allows."""
        worth_it = values.size >= _FLOAT_ONLY_UNDER and float(np.abs(values).max()) < _HALF_MAX
        if not (self._half_storage and worth_it):
            return self._initializer(name, values.astype(np.float32))
        half = self._initializer(f"{name}.half", values.astype(np.float16))
        self.nodes.append(helper.make_node("Cast", [half], [name], name=f"widen.{name}", to=onnx.TensorProto.FLOAT))
        return name

    def _initializer(self, name: str, array: NDArray[Any]) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name
