"""Tensors as a checkpoint describes them: checked when they are described, read from the file when they are wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError

_MAX_DIMENSIONS = 8
_MAX_COUNT = 1 << 40
_MAX_KEY = 100


class Kind(Enum):
    """The number formats of tensors, each as numpy reads it; bfloat16 is the upper half of a float32."""

    DOUBLE = "<f8"
    FLOAT = "<f4"
    HALF = "<f2"
    BFLOAT16 = "bfloat16"
    LONG = "<i8"
    INT = "<i4"
    SHORT = "<i2"
    CHAR = "|i1"
    BYTE = "|u1"
    BOOL = "|b1"

    @property
    def bytes(self) -> int:
        """Per number."""
        return 2 if self is Kind.BFLOAT16 else np.dtype(self.value).itemsize

    def numbers(self, data: bytes) -> NDArray[Any]:
        """The numbers in `data`."""
        if self is Kind.BFLOAT16:
            return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        return np.frombuffer(data, self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """A run of numbers in the file, of which tensors are views."""

    key: str
    kind: Kind
    count: int
    read: Callable[[], bytes]
    """Gives its bytes, exactly as many as it must have; ModelError if the file does not hold them."""

    @property
    def bytes(self) -> int:
        """Of all its numbers."""
        return self.count * self.kind.bytes


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A view of a storage; no two of its elements are the same number of the storage."""

    storage: Storage
    kind: Kind
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In numbers."""

    @property
    def count(self) -> int:
        """The number of its elements."""
        return math.prod(self.shape)

    def array(self) -> NDArray[np.float32]:
        """Its elements as float32, a copy of their own; what does not fit float32 becomes infinite."""
        numbers = self.kind.numbers(self.storage.read())
        view = np.lib.stride_tricks.as_strided(
            numbers[self.offset :],
            self.shape,
            [stride * numbers.itemsize for stride in self.strides],
            writeable=False,
        )
        with np.errstate(over="ignore", invalid="ignore"):
            return np.array(view, np.float32, order="C")


def make_storage(key: Any, kind: Kind, count: Any, read: Callable[[str, int], bytes]) -> Storage:
    """The storage of this key; ModelError if the key or the number of elements makes no sense."""
    if not isinstance(key, str) or len(key) > _MAX_KEY or not _whole(count) or not 0 <= count <= _MAX_COUNT:
        raise ModelError("it is damaged: it describes a tensor's numbers in a way that makes no sense.")
    return Storage(key, kind, count, lambda: read(key, count * kind.bytes))


def make_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *, kind: Kind | None = None) -> Tensor:
    """A view of a storage, whose numbers `kind` may read otherwise.

    ModelError unless the view lies within the storage and shows each of its numbers once at most.
    """
    if not isinstance(storage, Storage):
        raise ModelError("it is damaged: a tensor has no numbers.")
    kind = kind or storage.kind
    plain = isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides) <= _MAX_DIMENSIONS
    if not plain or not all(_whole(value) and value >= 0 for value in (offset, *shape, *strides)):
        raise ModelError(f"it is damaged: a tensor has the shape {_short(shape)} with the strides {_short(strides)}.")
    tensor = Tensor(storage, kind, offset, shape, strides)
    available = storage.bytes // kind.bytes
    if 0 in shape:
        within = offset <= available
    else:
        # Sorted by their steps, dimensions are apart if each step leaps over all that the smaller ones reach.
        reach = 0
        for step, length in sorted(zip(strides, shape, strict=True)):
            if length > 1 and step <= reach:
                raise ModelError(f"it is damaged: a tensor of the shape {_short(shape)} overlaps itself.")
            reach += step * (length - 1)
        within = offset + reach < available
    if not within:
        raise ModelError(
            f"it is damaged: a tensor of the shape {_short(shape)} reaches beyond its {available:,} numbers."
        )
    return tensor


def _whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= 1 << 62


def _short(value: Any) -> str:
    """A tuple of whole numbers as text, whatever else it may be."""
    if not isinstance(value, tuple):
        return "?"
    return "[" + ", ".join(str(item) if _whole(item) else "?" for item in value[:_MAX_DIMENSIONS]) + "]"
