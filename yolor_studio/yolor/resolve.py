"""Sections of a cfg -> layers: indices, channels and strides are worked out and checked here, one function per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Section
from yolor_studio.yolor.layers import (
    CONSTANT,
    IMAGE,
    Activation,
    AvgPool,
    Conv,
    Decode,
    Dwt,
    Embedding,
    Head,
    Identity,
    Implicit,
    Join,
    Joined,
    Layer,
    MaxPool,
    Norm,
    ReOrg,
    Route,
    Scale,
    Shortcut,
    Tags,
    Upsample,
)

MAX_LAYERS = 5000
MAX_CLASSES = 10_000
MAX_CHANNELS = 1 << 20
"""The most channels of a map."""
MAX_WAVELET_CHANNELS = 512
"""The most channels whose wavelets are taken: they become one convolution over all of them."""
MAX_IMPLICIT = 1 << 20
"""The most numbers in one implicit layer."""
_IMPLICIT_MEANS = {"implicit_add": 0.0, "implicit_mul": 1.0, "implicit_cat": 0.0}
_ATOM_MEANS = {f"{kind}_2d": mean for kind, mean in _IMPLICIT_MEANS.items()}
_IMPLICIT_STD = 0.02
_DARKNET_STD = 0.2
_JOINS = {
    "shift_channels": Join.SHIFT,
    "control_channels": Join.CONTROL,
    "alternate_channels": Join.ALTERNATE,
    "select_channels": Join.SELECT,
}
_ATOM_JOINS = {f"{kind}_2d": join for kind, join in _JOINS.items()}
_READ_ATOMS = ("convolutional", "conv", "dropout", "silence", *_ATOM_JOINS)
_ONLY_PLAIN = {
    "dilation": "1",
    "antialiasing": "0",
    "binary": "0",
    "xnor": "0",
    "share_index": "",
    "stride_x": "",
    "stride_y": "",
    "weights_type": "none",
    "maxpool_depth": "0",
    "scale_wh": "0",
}


class Resolver:
    """The layers made so far, and how the next section finds its inputs among them."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.layers: list[Layer] = []
        self._constant: list[bool] = []
        # Only YOLOR's main line has these kinds of layers.
        marks = {*_IMPLICIT_MEANS, *_ATOM_MEANS, *_JOINS, *_ATOM_JOINS}
        self.main_line = any(s.kind in marks for s in sections)

    @property
    def index(self) -> int:
        """The index of the layer now being made."""
        return len(self.layers)

    def source(self, section: Section, written: int) -> int:
        """The absolute index of a written one: negative counts back from here, otherwise from layer 0."""
        index = self.index + written if written < 0 else written
        if not 0 <= index < self.index:
            section.fail(f"it reads layer {written}, but {self.index} layers (from 0) stand before it.")
        layer = self.layers[index]
        if isinstance(layer, Head | Tags | Embedding):
            section.fail(f"it reads layer {written}, an output of the network, which gives no map.")
        if layer.rows > 1 and section.kind not in _READ_ATOMS:
            section.fail(
                f"it reads layer {written}, a map of implicit atoms, which only convolutions and *_channels_2d read."
            )
        return index

    def previous(self, section: Section) -> int:
        """The index of the layer just before (or the picture)."""
        if self.index == 0:
            return IMAGE
        return self.source(section, -1)

    def shape(self, index: int) -> tuple[int, int]:
        """(channels, stride) of a layer or of the picture."""
        return (3, 1) if index == IMAGE else (self.layers[index].channels, self.layers[index].stride)

    def rows(self, index: int) -> int:
        """The rows of a map of implicit atoms; 1 for every other."""
        return 1 if index == IMAGE else self.layers[index].rows

    def constant(self, index: int) -> bool:
        """Whether a layer's value is the same for every picture."""
        return index != IMAGE and self._constant[index]

    def add(self, section: Section, layer: Layer) -> None:
        """Append the layer that the section describes."""
        if layer.channels > MAX_CHANNELS:
            section.fail(f"it gives {layer.channels:,} channels; at most {MAX_CHANNELS:,} are supported.")
        self._constant.append(all(self.constant(source) for source in layer.inputs))
        self.layers.append(layer)

    def one_origin(self, section: Section, sources: Sequence[int]) -> None:
        """Fail if some of the layers hold one value for all pictures, and others one per picture."""
        if len({self.constant(source) for source in sources}) > 1:
            section.fail("it mixes implicit layers with maps of the picture, which only the *_channels sections do.")

    def place(self, section: Section) -> dict[str, int]:
        """What every layer is told about its place."""
        return {"index": self.index, "line": section.line}


def resolve(sections: Sequence[Section]) -> tuple[Layer, ...]:
    """The typed layers of the sections; ModelError names the line that does not fit."""
    if len(sections) > MAX_LAYERS:
        raise ModelError(f"The network has {len(sections)} layers; at most {MAX_LAYERS} are supported.")
    resolver = Resolver(sections)
    for section in sections:
        make = _MAKERS.get(section.kind)
        if make is None:
            section.fail(f"this kind of layer is not supported. Supported are: {', '.join(sorted(_MAKERS))}.")
        for key, plain in _ONLY_PLAIN.items():
            if section.text(key, plain) != plain:
                section.fail(f"the option {key}={section.options[key]} is not supported.")
        resolver.add(section, make(section, resolver))
    return tuple(resolver.layers)


def _activation(section: Section, default: str) -> Activation:
    name = section.text("activation", default).lower()
    try:
        return Activation("silu" if name == "swish" else name)
    except ValueError:
        section.fail(f"the activation '{name[:40]}' is not supported; supported are {', '.join(Activation)} and swish.")


def _reduce(section: Section, stride: int, *, size: int, step: int, pad: int) -> int:
    """The stride behind a window of `size` moved by `step` over a map with `pad` cells added in all.

    Every input of a multiple of the stride must give exactly 1 / step of the cells: then maps of equal stride fit.
    """
    if stride == CONSTANT:
        if pad - size + 1 != 0:
            section.fail("a window that changes the size of a map of one cell is not supported.")
        return CONSTANT
    if not size - step <= pad < size:
        section.fail(
            f"a window of {size} with step {step} and {pad} cells of padding in all does not divide sizes evenly."
        )
    return stride * step


def _convolution(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    size = section.integer("size", 1, low=1, high=99)
    step = section.integer("stride", 1, low=1, high=99)
    pad = size // 2 if section.integer("pad", 0) else section.integer("padding", 0, high=99)
    groups = section.integer("groups", 1, low=1)
    filters = section.integer("filters", 1, low=1, high=1 << 16)
    if channels % groups or filters % groups:
        section.fail(f"{channels} input channels and {filters} filters do not divide into {groups} groups.")
    if resolver.rows(source) > 1 and step > 1:
        section.fail("a convolution with a step over implicit atoms is not supported.")
    batch_norm = section.integer("batch_normalize", 0) != 0
    return Conv(
        **resolver.place(section),
        inputs=(source,),
        channels=filters,
        stride=_reduce(section, stride, size=size, step=step, pad=2 * pad),
        in_channels=channels,
        size=size,
        step=step,
        pad=pad,
        groups=groups,
        batch_norm=batch_norm,
        bias=not batch_norm and section.integer("bias", 1) != 0,
        activation=_activation(section, "logistic"),
        rows=resolver.rows(source),
    )


def _norm(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    return Norm(
        **resolver.place(section),
        inputs=(source,),
        channels=channels,
        stride=stride,
        activation=_activation(section, "linear"),
    )


def _route(section: Section, resolver: Resolver) -> Layer:
    half = section.kind == "route_lhalf"
    groups = 2 if half else section.integer("groups", 1, low=1)
    group = 0 if half else section.integer("group_id", 0, high=groups - 1)
    sources = tuple(resolver.source(section, written) for written in section.integers("layers"))
    if not sources:
        section.fail("the option 'layers' is missing.")
    shapes = [resolver.shape(source) for source in sources]
    if any(channels % groups for channels, _ in shapes):
        section.fail(f"inputs of {[channels for channels, _ in shapes]} channels do not divide into {groups} groups.")
    if len({stride for _, stride in shapes}) > 1:
        section.fail(f"its inputs have maps of different sizes: strides {[stride for _, stride in shapes]}.")
    resolver.one_origin(section, sources)
    return Route(
        **resolver.place(section),
        inputs=sources,
        channels=sum(channels // groups for channels, _ in shapes),
        stride=shapes[0][1],
        groups=groups,
        group=group,
    )


def _shortcut(section: Section, resolver: Resolver) -> Layer:
    first = resolver.previous(section)
    others = tuple(resolver.source(section, written) for written in section.integers("from"))
    if not others:
        section.fail("the option 'from' is missing.")
    channels, stride = resolver.shape(first)
    if any(resolver.shape(other)[1] != stride for other in others):
        section.fail("its inputs have maps of different sizes.")
    resolver.one_origin(section, (first, *others))
    return Shortcut(
        **resolver.place(section),
        inputs=(first, *others),
        channels=channels,
        stride=stride,
        activation=_activation(section, "linear"),
    )


def _max_pool(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    step = section.integer("stride", 1, low=1, high=99)
    size = section.integer("size", step, low=1, high=99)
    pad = section.integer("padding", size - 1, high=size - 1)
    return MaxPool(
        **resolver.place(section),
        inputs=(source,),
        channels=channels,
        stride=_reduce(section, stride, size=size, step=step, pad=pad),
        size=size,
        step=step,
        pad=pad,
    )


def _avg_pool(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    return AvgPool(**resolver.place(section), inputs=(source,), channels=resolver.shape(source)[0], stride=CONSTANT)


def _upsample(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    factor = section.integer("stride", 2, low=1, high=99)
    if stride == CONSTANT or stride % factor:
        section.fail(f"a map of stride {stride} cannot be enlarged {factor} times.")
    if section.number("scale", 1.0) != 1.0:
        section.fail("the option scale is not supported.")
    return Upsample(
        **resolver.place(section), inputs=(source,), channels=channels, stride=stride // factor, factor=factor
    )


def _reorg(section: Section, resolver: Resolver) -> Layer:
    if "stride" in section.options:
        section.fail("Darknet's old reorg (with a stride) is not supported; YOLOR's has none.")
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    if stride == CONSTANT:
        section.fail("a map of one cell cannot be rearranged.")
    return ReOrg(**resolver.place(section), inputs=(source,), channels=4 * channels, stride=2 * stride)


def _dwt(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    if stride == CONSTANT:
        section.fail("a map of one cell has no wavelets.")
    if channels > MAX_WAVELET_CHANNELS:
        section.fail(f"wavelets of {channels} channels are not supported; of at most {MAX_WAVELET_CHANNELS} they are.")
    return Dwt(**resolver.place(section), inputs=(source,), channels=4 * channels, stride=2 * stride)


def _identity(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    return Identity(
        **resolver.place(section), inputs=(source,), channels=channels, stride=stride, rows=resolver.rows(source)
    )


def _implicit(section: Section, resolver: Resolver) -> Layer:
    """A vector; or atoms, whose filters are rows; or Darknet's own kind, whose atoms are rows."""
    filters = section.integer("filters", low=1, high=1 << 16)
    darknet, plain = section.kind == "implicit", section.kind in _IMPLICIT_MEANS
    atoms = 1 if plain else section.integer("atoms", 1, low=1, high=1 << 12)
    if filters * atoms > MAX_IMPLICIT:
        section.fail(f"{atoms} atoms of {filters} numbers are too many.")
    plain_mean = {**_IMPLICIT_MEANS, **_ATOM_MEANS}.get(section.kind, 0.0)
    return Implicit(
        **resolver.place(section),
        inputs=(),
        channels=filters if plain or darknet else atoms,
        rows=atoms if plain or darknet else filters,
        stride=CONSTANT,
        mean=section.number("mean", 0.0) if darknet else plain_mean,
        std=section.number("std", _DARKNET_STD) if darknet else _IMPLICIT_STD,
        atoms=atoms,
    )


def _joined(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    vector = resolver.source(section, section.integer("from", low=-MAX_LAYERS))
    channels, stride = resolver.shape(source)
    vector_channels, vector_stride = resolver.shape(vector)
    if vector_stride != CONSTANT:
        section.fail("it must read an implicit layer, but reads a map of the picture.")
    turned = section.kind in _ATOM_JOINS
    if turned:
        if vector_channels != 1 or not resolver.constant(vector):
            section.fail("it must read implicit atoms that a convolution with filters=1 has mixed into one vector.")
        vector_channels = resolver.rows(vector)
    elif resolver.rows(vector) > 1:
        section.fail(f"its implicit layer holds atoms; [{section.kind}_2d] joins what is mixed from them.")
    join = {**_JOINS, **_ATOM_JOINS}[section.kind]
    if join is not Join.ALTERNATE and vector_channels != channels:
        section.fail(f"its implicit layer has {vector_channels} values, but its input has {channels} channels.")
    return Joined(
        **resolver.place(section),
        inputs=(source, vector),
        channels=channels + vector_channels if join is Join.ALTERNATE else channels,
        stride=stride,
        join=join,
        turned=turned,
    )


def _scale(section: Section, resolver: Resolver) -> Layer:
    factor = resolver.previous(section)
    base = resolver.source(section, section.integer("from", low=-MAX_LAYERS))
    if resolver.shape(base)[1] == CONSTANT:
        base, factor = factor, base
    channels, stride = resolver.shape(base)
    if resolver.shape(factor) not in ((channels, stride), (channels, CONSTANT)):
        section.fail(f"its inputs of {channels} and {resolver.shape(factor)[0]} channels do not fit together.")
    activation = _activation(section, "linear")
    place = {**resolver.place(section), "channels": channels, "stride": stride}
    if resolver.constant(factor) and activation is Activation.LINEAR:
        return Joined(**place, inputs=(base, factor), join=Join.CONTROL, turned=False)
    return Scale(**place, inputs=(base, factor), activation=activation)


def _head(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    numbers = section.numbers("anchors")
    pairs = tuple(zip(numbers[0::2], numbers[1::2], strict=False))
    if not pairs or len(numbers) % 2 or min(numbers) <= 0:
        section.fail(f"'anchors' must hold pairs of positive numbers, but holds {len(numbers)} numbers.")
    mask = section.integers("mask") or tuple(range(len(pairs)))
    if not all(0 <= index < len(pairs) for index in mask):
        section.fail(f"'mask' {list(mask)} does not fit {len(pairs)} anchors.")
    classes = section.integer("classes", 20, low=1, high=MAX_CLASSES)
    needed = len(mask) * (5 + classes)
    if channels != needed:
        section.fail(
            f"its input has {channels} channels, but {classes} classes and {len(mask)} anchors need "
            f"filters={needed} ({len(mask)} x (5 + {classes})) in the convolution before it."
        )
    if stride == CONSTANT:
        section.fail("it reads a map of one cell.")
    return Head(
        **resolver.place(section),
        inputs=(source,),
        channels=channels,
        stride=stride,
        anchors=tuple(pairs[index] for index in mask),
        classes=classes,
        decode=_decode(section, resolver),
        scale_xy=section.number("scale_x_y", 1.0),
    )


def _tags(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    classes = section.integer("classes", 20, low=1, high=MAX_CLASSES)
    if stride != CONSTANT or resolver.constant(source):
        section.fail("it must read a map of one cell, such as a convolution gives after [avgpool].")
    if channels != classes:
        section.fail(f"its input has {channels} channels, but {classes} classes need as many.")
    return Tags(**resolver.place(section), inputs=(source,), channels=classes, stride=CONSTANT)


def _embedding(section: Section, resolver: Resolver) -> Layer:
    source = resolver.previous(section)
    channels, stride = resolver.shape(source)
    if stride == CONSTANT:
        section.fail("it reads a map of one cell, but every cell of a [yolo] needs a vector.")
    return Embedding(**resolver.place(section), inputs=(source,), channels=channels, stride=stride)


def _decode(section: Section, resolver: Resolver) -> Decode:
    """Our own cfg says `decode=yolor` or `decode=darknet`; elsewhere implicit layers mark YOLOR's main line, whose
    code ignores scale_x_y and new_coords, and everything else is Darknet's, which obeys them."""
    line = section.text("decode", "yolor" if resolver.main_line else "darknet").lower()
    if line not in ("yolor", "darknet"):
        section.fail(f"decode={line[:40]} is unknown; it is yolor or darknet.")
    if line == "yolor":
        return Decode.YOLOR
    return Decode.NEW_COORDS if section.integer("new_coords", 0) else Decode.EXPONENTIAL


_MAKERS: Mapping[str, Callable[[Section, Resolver], Layer]] = {
    "convolutional": _convolution,
    "conv": _convolution,
    "batchnorm": _norm,
    "route": _route,
    "route2": _route,
    "route3": _route,
    "route_lhalf": _route,
    "shortcut": _shortcut,
    "maxpool": _max_pool,
    "avgpool": _avg_pool,
    "upsample": _upsample,
    "reorg": _reorg,
    "dwt": _dwt,
    "dropout": _identity,
    "silence": _identity,
    **dict.fromkeys((*_IMPLICIT_MEANS, *_ATOM_MEANS, "implicit"), _implicit),
    **dict.fromkeys((*_JOINS, *_ATOM_JOINS), _joined),
    "scale_channels": _scale,
    "sam": _scale,
    "yolo": _head,
    "tags": _tags,
    "embedding": _embedding,
}
