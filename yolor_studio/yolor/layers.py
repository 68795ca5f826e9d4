"""What a layer of a network is: typed, with its inputs resolved. `plan.py` makes them from sections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

IMAGE = -1
"""The index that stands for the input picture among a layer's inputs."""
CONSTANT = 0
"""The stride of a map of one cell: an implicit vector, or a whole picture averaged."""


class Activation(StrEnum):
    """The function after a layer; `leaky` has slope 0.1, Darknet's `swish` is `silu`."""

    LEAKY = "leaky"
    LINEAR = "linear"
    LOGISTIC = "logistic"
    MISH = "mish"
    RELU = "relu"
    SILU = "silu"


class Decode(StrEnum):
    """How a head's numbers become boxes, with s the sigmoid of a raw value and k the cfg's scale_x_y.

    YOLOR: centre (2 s - 0.5 + cell) stride, size (2 s)^2 anchor. EXPONENTIAL (Darknet): centre
    (k s - (k - 1) / 2 + cell) stride, size exp(raw) anchor. NEW_COORDS (Darknet): the convolution has applied its
    logistic to all channels, so there is no s; centre as EXPONENTIAL, size (2 value)^2 anchor.
    """

    YOLOR = "yolor"
    EXPONENTIAL = "exponential"
    NEW_COORDS = "new_coords"


class Join(StrEnum):
    """What shift, control, alternate and select_channels do with a map x and an implicit vector p."""

    SHIFT = "shift"
    """x + p"""
    CONTROL = "control"
    """x p"""
    ALTERNATE = "alternate"
    """p beside x: twice the channels"""
    SELECT = "select"
    """x sigmoid(p)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: where it stands, what it reads, and the shape it gives."""

    index: int
    line: int
    """Of its header in the cfg."""
    inputs: tuple[int, ...]
    """Absolute layer indices, or IMAGE."""
    channels: int
    stride: int
    """Input pixels per cell of its map; CONSTANT for a map of one cell."""
    rows: int = 1
    """More than one in a map of implicit atoms, [1, channels, rows, 1], and what is mixed from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv(Layer):
    """Convolution [channels, in_channels / groups, size, size], then batch norm, a bias or neither, activation."""

    in_channels: int
    size: int
    step: int
    pad: int
    """Zeros on each side."""
    groups: int
    batch_norm: bool
    bias: bool
    """Whether it has one; never beside batch norm."""
    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm(Layer):
    """Batch norm and activation over its input."""

    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Layer):
    """The channels of all inputs one after the other; of each, only part `group` of `groups` equal parts."""

    groups: int = 1
    group: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut(Layer):
    """The sum of its inputs, in the shape of the first; an input with fewer channels adds to the first ones."""

    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Layer):
    """The maximum over size x size cells; `pad` cells that never win are added in all, half of them (rounded down)
    on the left and top."""

    size: int
    step: int
    pad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPool(Layer):
    """The mean over the whole map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsample(Layer):
    """Every cell repeated `factor` times in both directions."""

    factor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReOrg(Layer):
    """Every 2x2 cells become four channel blocks, of (y, x) parity (0,0), (1,0), (0,1), (1,1) in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwt(Layer):
    """Haar wavelets: of every 2x2 cells (a b / c d) the mean of all channels, then channel by channel the details
    (a+b-c-d)/4 + 1/2, (a-b+c-d)/4 + 1/2 and (a-b-c+d)/4 + 1/2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Layer):
    """Its input: dropout at work, silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implicit(Layer):
    """Learned numbers [1, channels, rows, 1], drawn around `mean` at first; it reads nothing.

    A vector has one row. Atoms for a matrix factorisation are `channels` many, with a row for every channel of the map
    that they will join."""

    mean: float
    std: float
    atoms: int
    """Vectors that are mixed into one; 1 for a plain vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Layer):
    """A map (first input) joined with an implicit vector (second input)."""

    join: Join
    turned: bool
    """Whether the vector is made from atoms, [1, 1, channels, 1], and its rows become channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Layer):
    """The product of its two inputs, the second spread over the first where it has one cell (squeeze and excite)."""

    activation: Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(Layer):
    """Where boxes come out: `channels` is anchors x (5 + classes), ordered anchor by anchor: x, y, w, h, objectness,
    classes."""

    anchors: tuple[tuple[float, float], ...]
    """Width and height in input pixels."""
    classes: int
    decode: Decode
    scale_xy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(Layer):
    """Where tags of the whole picture come out: one raw value per class, whose sigmoid says whether it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Layer):
    """Where a vector per cell comes out, of any length; it belongs to all boxes of the head of the same stride."""
