"""Reads what a yaml says of a network into checked rows: names, numbers and sizes are bounded, nothing is evaluated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.resolve import MAX_CLASSES

MAX_ROWS = 500
MAX_REPEATS = 100
MAX_WIDTH = 1 << 14
"""Channels of one map."""
_MAX_LEVELS = 8
_ACTIVATIONS = {
    "SiLU": "silu",
    "Mish": "mish",
    "ReLU": "relu",
    "LeakyReLU(0.1)": "leaky",
    "Sigmoid": "logistic",
    "Identity": "linear",
}
Anchors = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One module: what it reads, how often it stands there, and its arguments as written."""

    number: int
    sources: tuple[int, ...]
    repeats: int
    module: str
    arguments: Sequence[Any]
    width_multiple: float
    head_channels: int
    """A width of exactly this many channels is not scaled."""

    def fail(self, what: str) -> NoReturn:
        """Raise ModelError about this row."""
        raise ModelError(f"Module {self.number} ({self.module[:40]}) of the network: {what}")

    def argument(self, index: int, default: Any) -> Any:
        """An argument as written, with "None" and None as the default."""
        found = self.arguments[index] if index < len(self.arguments) else None
        return default if found is None or found == "None" else found

    def integer(self, index: int, default: int | None = None, *, low: int = 0, high: int = 99) -> int:
        """A whole number within [low, high]."""
        found = self.argument(index, default)
        if not _is_number(found) or found != int(found) or not low <= found <= high:
            self.fail(f"argument {index} is {str(found)[:40]}, but a whole number from {low} to {high} is needed.")
        return int(found)

    def optional(self, index: int) -> int | None:
        """A whole number, or None where nothing is written."""
        return None if self.argument(index, None) is None else self.integer(index)

    def number_at(self, index: int, default: float) -> float:
        """A number above 0, at most 8."""
        found = self.argument(index, default)
        if not _is_number(found) or not 0 < found <= 8:
            self.fail(f"argument {index} is {str(found)[:40]}, but a number above 0, at most 8, is needed.")
        return float(found)

    def flag(self, index: int, default: bool) -> bool:
        """True or False."""
        found = self.argument(index, default)
        if isinstance(found, str) and found in ("True", "False"):
            return found == "True"
        if not isinstance(found, bool):
            self.fail(f"argument {index} is {str(found)[:40]}, but True or False is needed.")
        return found

    def width(self, index: int) -> int:
        """The channels that it gives: as written, times the network's width, rounded up to a multiple of 8."""
        written = self.integer(index, low=1, high=MAX_WIDTH)
        if written == self.head_channels:
            return written
        width = math.ceil(written * self.width_multiple / 8) * 8
        if width > MAX_WIDTH:
            self.fail(f"it has {width} channels; at most {MAX_WIDTH} are supported.")
        return width

    def sizes(self, index: int) -> tuple[int, ...]:
        """The windows of a pyramid of pools: odd numbers, rising."""
        found = self.argument(index, (5, 9, 13))
        usable = isinstance(found, list | tuple) and 1 <= len(found) <= 5
        if not usable or not all(isinstance(size, int) and size % 2 == 1 and 1 < size < 100 for size in found):
            self.fail(f"argument {index} is {str(found)[:40]}, but up to five odd window sizes are needed.")
        return tuple(found)

    def activation(self, index: int) -> str | None:
        """The activation that this row names; None if it leaves it to the network."""
        found = self.arguments[index:]
        for item in found:
            if isinstance(item, bool):
                return None if item else "linear"
            if isinstance(item, str) and item != "None":
                return read_activation(item, self.fail)
        return None


@dataclass(frozen=True, slots=True)
class Network:
    """A network of modules: its rows, and what its head needs."""

    rows: tuple[Row, ...]
    classes: int
    anchors: tuple[Anchors, ...]
    """Per level, width and height in input pixels."""
    activation: str


def read_network(network: Mapping[str, Any]) -> Network:
    """Check a yaml's content; ModelError says what is missing or out of bounds."""
    classes = _whole(network, "nc", 80, low=1, high=MAX_CLASSES)
    if _whole(network, "ch", 3, low=1, high=MAX_WIDTH) != 3:
        _fail(f"it reads pictures of {network['ch']} channels; only RGB (3) is supported.")
    anchors = _anchors(network.get("anchors"))
    activation = network.get("activation") or network.get("act") or "nn.SiLU()"
    written = [*_list(network, "backbone"), *_list(network, "head")]
    if not 0 < len(written) <= MAX_ROWS:
        _fail(f"it has {len(written)} modules; from 1 to {MAX_ROWS} are supported.")
    depth = _multiple(network, "depth_multiple")
    width = _multiple(network, "width_multiple")
    head_channels = len(anchors[0]) * (5 + classes)
    rows = tuple(
        _row(number, entry, depth=depth, width=width, head_channels=head_channels)
        for number, entry in enumerate(written)
    )
    return Network(rows, classes, anchors, read_activation(activation, _fail))


def read_activation(text: object, fail: Any) -> str:
    """The cfg's word for an activation written as in a yaml: "nn.SiLU()"."""
    name = str(text).replace(" ", "").replace("inplace=True", "").replace(",)", ")").replace("negative_slope=", "")
    name = name.removeprefix("torch.").removeprefix("nn.").removesuffix("()")
    if name not in _ACTIVATIONS:
        fail(f"the activation '{str(text)[:40]}' is not supported; supported are {', '.join(_ACTIVATIONS)}.")
    return _ACTIVATIONS[name]


def _fail(what: str) -> NoReturn:
    raise ModelError(f"The network's modules cannot be read: {what}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(network: Mapping[str, Any], key: str, default: int, *, low: int, high: int) -> int:
    found = network.get(key, default)
    if not _is_number(found) or found != int(found) or not low <= found <= high:
        _fail(f"'{key}' is {str(found)[:40]}, but a whole number from {low} to {high} is needed.")
    return int(found)


def _multiple(network: Mapping[str, Any], key: str) -> float:
    found = network.get(key, 1.0)
    if not _is_number(found) or not 0 < found <= 16:
        _fail(f"'{key}' is {str(found)[:40]}, but a number above 0, at most 16, is needed.")
    return float(found)


def _list(network: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = network.get(key)
    if not isinstance(found, list | tuple):
        _fail(f"it has no list '{key}'.")
    return found


def _anchors(found: Any) -> tuple[Anchors, ...]:
    if not isinstance(found, list | tuple) or not 0 < len(found) <= _MAX_LEVELS:
        _fail("its 'anchors' are not a list with one entry per level.")
    levels = tuple(_level(entry) for entry in found)
    if len({len(level) for level in levels}) > 1:
        _fail(f"its levels have different numbers of anchors: {[len(level) for level in levels]}.")
    return levels


def _level(found: Any) -> Anchors:
    numbers = list(_numbers(found)) if isinstance(found, list | tuple) else []
    if not 0 < len(numbers) <= 64 or len(numbers) % 2 or not all(0 < n < 1e6 for n in numbers):
        _fail("its 'anchors' hold something other than pairs of positive numbers.")
    return tuple(zip(numbers[0::2], numbers[1::2], strict=True))


def _numbers(found: Sequence[Any]) -> Iterable[float]:
    """The numbers of a level, written one after the other or in pairs."""
    for item in found:
        for number in item if isinstance(item, list | tuple) else (item,):
            yield float(number) if _is_number(number) else math.nan


def _row(number: int, entry: Any, *, depth: float, width: float, head_channels: int) -> Row:
    if not isinstance(entry, list | tuple) or len(entry) != 4 or not isinstance(entry[3], list | tuple):
        _fail(f"module {number} is not written as [from, number, module, arguments].")
    sources = entry[0] if isinstance(entry[0], list | tuple) else (entry[0],)
    if not 0 < len(sources) <= 32 or not all(isinstance(s, int) and abs(s) <= MAX_ROWS for s in sources):
        _fail(f"module {number} reads '{str(entry[0])[:40]}', which are no numbers of modules.")
    repeats = entry[1]
    if not isinstance(repeats, int) or not 1 <= repeats <= MAX_REPEATS:
        _fail(f"module {number} stands there {str(repeats)[:40]} times; from 1 to {MAX_REPEATS} are supported.")
    scaled = max(round(repeats * depth), 1) if repeats > 1 else 1
    if scaled > MAX_REPEATS:
        _fail(f"module {number} stands there {scaled} times; at most {MAX_REPEATS} are supported.")
    name = str(entry[2]).rsplit(".", 1)[-1]
    return Row(number, tuple(sources), scaled, name, entry[3], width, head_channels)
