"""Sections of a cfg -> layers: indices, channels and strides are worked out and checked here, one function per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Section
from yolor_studio.yolor.layers import (
    CONSTANT,
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
from yolor_studio.yolor.resolver import (
    ATOM_JOINS,
    ATOM_MEANS,
    IMPLICIT_MEANS,
    JOINS,
    MAX_CLASSES,
    MAX_IMPLICIT,
    MAX_LAYERS,
    MAX_WAVELET_CHANNELS,
    Resolver,
    activation_of,
    reduced,
)

_IMPLICIT_STD = 0.02
_DARKNET_STD = 0.2
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
        stride=reduced(section, stride, size=size, step=step, pad=2 * pad),
        in_channels=channels,
        size=size,
        step=step,
        pad=pad,
        groups=groups,
        batch_norm=batch_norm,
        bias=not batch_norm and section.integer("bias", 1) != 0,
        activation=activation_of(section, "logistic"),
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
        activation=activation_of(section, "linear"),
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
        activation=activation_of(section, "linear"),
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
        stride=reduced(section, stride, size=size, step=step, pad=pad),
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
    darknet, plain = section.kind == "implicit", section.kind in IMPLICIT_MEANS
    atoms = 1 if plain else section.integer("atoms", 1, low=1, high=1 << 12)
    if filters * atoms > MAX_IMPLICIT:
        section.fail(f"{atoms} atoms of {filters} numbers are too many.")
    plain_mean = {**IMPLICIT_MEANS, **ATOM_MEANS}.get(section.kind, 0.0)
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
    turned = section.kind in ATOM_JOINS
    if turned:
        if vector_channels != 1 or not resolver.constant(vector):
            section.fail("it must read implicit atoms that a convolution with filters=1 has mixed into one vector.")
        vector_channels = resolver.rows(vector)
    elif resolver.rows(vector) > 1:
        section.fail(f"its implicit layer holds atoms; [{section.kind}_2d] joins what is mixed from them.")
    join = {**JOINS, **ATOM_JOINS}[section.kind]
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
    activation = activation_of(section, "linear")
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
    **dict.fromkeys((*IMPLICIT_MEANS, *ATOM_MEANS, "implicit"), _implicit),
    **dict.fromkeys((*JOINS, *ATOM_JOINS), _joined),
    "scale_channels": _scale,
    "sam": _scale,
    "yolo": _head,
    "tags": _tags,
    "embedding": _embedding,
}
