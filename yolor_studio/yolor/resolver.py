"""How the sections of a cfg find one another: what a layer may read, and what its shape follows from."""

from __future__ import annotations

from collections.abc import Sequence

from yolor_studio.yolor.cfg import Section
from yolor_studio.yolor.layers import CONSTANT, IMAGE, Activation, Embedding, Head, Join, Layer, Tags

MAX_LAYERS = 5000
MAX_CLASSES = 10_000
MAX_CHANNELS = 1 << 20
"""The most channels of a map."""
MAX_WAVELET_CHANNELS = 512
"""The most channels whose wavelets are taken: they become one convolution over all of them."""
MAX_IMPLICIT = 1 << 20
"""The most numbers in one implicit layer."""
IMPLICIT_MEANS = {"implicit_add": 0.0, "implicit_mul": 1.0, "implicit_cat": 0.0}
"""Around which the values of a vector are drawn, by the kind of section."""
ATOM_MEANS = {f"{kind}_2d": mean for kind, mean in IMPLICIT_MEANS.items()}
"""The same for atoms."""
JOINS = {
    "shift_channels": Join.SHIFT,
    "control_channels": Join.CONTROL,
    "alternate_channels": Join.ALTERNATE,
    "select_channels": Join.SELECT,
}
"""The sections that join a map with a vector."""
ATOM_JOINS = {f"{kind}_2d": join for kind, join in JOINS.items()}
"""Those that join it with one mixed from atoms."""
_READ_ATOMS = ("convolutional", "conv", "dropout", "silence", *ATOM_JOINS)


class Resolver:
    """The layers made so far, and how the next section finds its inputs among them."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.layers: list[Layer] = []
        self._constant: list[bool] = []
        # Only YOLOR's main line has these kinds of layers.
        marks = {*IMPLICIT_MEANS, *ATOM_MEANS, *JOINS, *ATOM_JOINS}
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


def activation_of(section: Section, default: str) -> Activation:
    """The section's activation; ModelError if it is unknown."""
    name = section.text("activation", default).lower()
    try:
        return Activation("silu" if name == "swish" else name)
    except ValueError:
        section.fail(f"the activation '{name[:40]}' is not supported; supported are {', '.join(Activation)} and swish.")


def reduced(section: Section, stride: int, *, size: int, step: int, pad: int) -> int:
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
