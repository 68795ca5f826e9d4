"""One ONNX subgraph per kind of layer."""

from __future__ import annotations

from yolor_studio.yolor.fold import Folded
from yolor_studio.yolor.layers import (
    IMAGE,
    Activation,
    AvgPool,
    Conv,
    Dwt,
    Join,
    Joined,
    Layer,
    MaxPool,
    Norm,
    ReOrg,
    Route,
    Scale,
    Shortcut,
    Upsample,
)
from yolor_studio.yolor.onnx_nodes import Nodes


class LayerWriter:
    """Writes the layers of a folded network in order and remembers the name of every layer's value."""

    def __init__(self, nodes: Nodes, folded: Folded, *, picture: str) -> None:
        self._nodes = nodes
        self._folded = folded
        self._names: dict[int, str] = {IMAGE: picture}
        self._channels: dict[int, int] = {IMAGE: 3}
        self._pools: dict[str, list[tuple[int, str]]] = {}

    def name(self, index: int) -> str:
        """The name of the value of a layer that was written, or of a constant one."""
        actual = self._folded.actual(index)
        if actual not in self._names:
            values = self._folded.constants[actual]
            self._names[actual] = self._nodes.weight(f"layers.{actual}.value", values)
            self._channels[actual] = values.shape[1]
        return self._names[actual]

    def write(self, layer: Layer) -> None:
        """Append the layer's nodes."""
        self._names[layer.index] = self._write(layer)
        self._channels[layer.index] = layer.channels

    def _write(self, layer: Layer) -> str:
        if isinstance(layer, Conv | Dwt):
            return self._convolve(layer)
        if isinstance(layer, Joined):
            return self._join(layer.join, self.name(layer.inputs[0]), self._vector(layer))
        inputs = [self.name(source) for source in layer.inputs]
        widths = [self._channels[self._folded.actual(source)] for source in layer.inputs]
        match layer:
            case Route():
                return self._route(layer, inputs, widths)
            case Shortcut():
                return self._shortcut(layer, inputs, widths)
            case MaxPool():
                return self._max_pool(layer, inputs[0])
            case AvgPool():
                return self._nodes.add("GlobalAveragePool", inputs[0])
            case Upsample():
                return self._upsample(layer, inputs[0])
            case ReOrg():
                blocks = self._nodes.add("SpaceToDepth", inputs[0], blocksize=2)
                parts = self._nodes.add_many("Split", blocks, outputs=4, axis=1)
                return self._nodes.add("Concat", parts[0], parts[2], parts[1], parts[3], axis=1)
            case Norm():
                return self._normalise(layer, inputs[0])
            case Scale():
                return self._activate(self._nodes.add("Mul", *inputs), layer.activation)
            case _:
                raise AssertionError(f"{type(layer).__name__} has no ONNX form")

    def _convolve(self, layer: Conv | Dwt) -> str:
        kernel = self._folded.kernels[layer.index]
        source = self.name(kernel.source)
        weight = self._nodes.weight(f"layers.{layer.index}.weight", kernel.weight)
        bias = self._nodes.weight(f"layers.{layer.index}.bias", kernel.bias)
        out = self._nodes.add(
            "Conv",
            source,
            weight,
            bias,
            kernel_shape=list(kernel.weight.shape[2:]),
            strides=[kernel.step] * 2,
            pads=[kernel.pad] * 4,
            group=kernel.groups,
        )
        return out if isinstance(layer, Dwt) else self._activate(out, layer.activation)

    def _normalise(self, layer: Norm, value: str) -> str:
        affine = self._folded.affines.get(layer.index)
        if affine is not None:
            for operator, part, numbers in (("Mul", "factor", affine.factor), ("Add", "offset", affine.offset)):
                spread = self._nodes.weight(f"layers.{layer.index}.{part}", numbers.reshape(1, -1, 1, 1))
                value = self._nodes.add(operator, value, spread)
        return self._activate(value, layer.activation)

    def _vector(self, layer: Joined) -> str:
        if not layer.turned:
            return self.name(layer.inputs[1])
        values = self._folded.constants[self._folded.actual(layer.inputs[1])]
        return self._nodes.weight(f"layers.{layer.index}.vector", values.reshape(1, -1, 1, 1))

    def _activate(self, value: str, activation: Activation) -> str:
        match activation:
            case Activation.LEAKY:
                return self._nodes.add("LeakyRelu", value, alpha=0.1)
            case Activation.LINEAR:
                return value
            case Activation.LOGISTIC:
                return self._nodes.add("Sigmoid", value)
            case Activation.MISH:
                return self._nodes.add("Mul", value, self._nodes.add("Tanh", self._nodes.add("Softplus", value)))
            case Activation.RELU:
                return self._nodes.add("Relu", value)
            case Activation.SILU:
                return self._nodes.add("Mul", value, self._nodes.add("Sigmoid", value))

    def _route(self, layer: Route, inputs: list[str], widths: list[int]) -> str:
        parts = inputs
        if layer.groups > 1:
            sizes = [width // layer.groups for width in widths]
            starts = [layer.group * size for size in sizes]
            parts = [
                self._channels_of(name, start, start + size)
                for name, start, size in zip(inputs, starts, sizes, strict=True)
            ]
        return parts[0] if len(parts) == 1 else self._nodes.add("Concat", *parts, axis=1)

    def _channels_of(self, value: str, start: int, end: int) -> str:
        integers = self._nodes.integers
        return self._nodes.add("Slice", value, integers(start), integers(end), integers(1))

    def _shortcut(self, layer: Shortcut, inputs: list[str], widths: list[int]) -> str:
        total = inputs[0]
        for other, width in zip(inputs[1:], widths[1:], strict=True):
            fitting = other
            if width > layer.channels:
                fitting = self._channels_of(other, 0, layer.channels)
            elif width < layer.channels:
                pads = self._nodes.integers(0, 0, 0, 0, 0, layer.channels - width, 0, 0)
                fitting = self._nodes.add("Pad", other, pads)
            total = self._nodes.add("Add", total, fitting)
        return self._activate(total, layer.activation)

    def _max_pool(self, layer: MaxPool, source: str) -> str:
        """A pool of odd size with step 1 works on a smaller one's result where there is one: of 9 and 13 beside 5,
        each then costs as much as the 5."""
        size, pad, start = layer.size, layer.pad, source
        chainable = layer.step == 1 and size % 2 == 1 and pad == size - 1
        if chainable:
            smaller = [entry for entry in self._pools.get(source, []) if entry[0] <= size]
            if smaller:
                done, start = max(smaller)
                size -= done - 1
                pad = size - 1
        before = pad // 2
        pooled = self._nodes.add(
            "MaxPool",
            start,
            kernel_shape=[size] * 2,
            strides=[layer.step] * 2,
            pads=[before, before, pad - before, pad - before],
        )
        if chainable:
            self._pools.setdefault(source, []).append((layer.size, pooled))
        return pooled

    def _upsample(self, layer: Upsample, source: str) -> str:
        scales = self._nodes.floats([1, 1, layer.factor, layer.factor])
        return self._nodes.add(
            "Resize",
            source,
            "",
            scales,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def _join(self, join: Join, value: str, vector: str) -> str:
        match join:
            case Join.SHIFT:
                return self._nodes.add("Add", value, vector)
            case Join.CONTROL:
                return self._nodes.add("Mul", value, vector)
            case Join.SELECT:
                return self._nodes.add("Mul", value, self._nodes.add("Sigmoid", vector))
            case Join.ALTERNATE:
                shape = self._nodes.add("Shape", value)
                n, height, width = (self._nodes.add("Gather", shape, self._nodes.integers(i)) for i in (0, 2, 3))
                target = self._nodes.add("Concat", n, self._nodes.integers(1), height, width, axis=0)
                return self._nodes.add("Concat", self._nodes.add("Expand", vector, target), value, axis=1)
