"""What an ONNX file shows of itself: its picture input, the inputs beside it, its outputs and its metadata."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.model_check import SUPPORTED, describe, inputs_of, value_shape

if TYPE_CHECKING:
    import onnx

Shape = tuple[int | None, ...]
COMPANIONS = {"scale_factor": "FLOAT", "im_shape": "FLOAT", "orig_target_sizes": "INT64"}
"""Inputs that some programs want beside the picture, each [N, 2], with their types."""
MAX_SIDE = 4096
"""The longest input side, in pixels, that an export may have."""
_MAX_BATCH = 128
_MAX_TEXT = 1 << 18


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the file; a dimension that it leaves open is None."""

    name: str
    kind: str
    """ONNX's word for the element type: FLOAT, INT64."""
    shape: Shape

    @property
    def is_float(self) -> bool:
        """Whether its elements are floats."""
        return self.kind in ("FLOAT", "FLOAT16")


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs, outputs and metadata of a file that takes pictures as float planes [N, 3, H, W]."""

    file: str
    image: str
    """The name of the picture input."""
    half: bool
    """Whether it is float16."""
    batch: int | None
    height: int | None
    width: int | None
    companions: tuple[str, ...]
    outputs: tuple[Output, ...]
    metadata: Mapping[str, str]
    described: str
    """The inputs and outputs, for people."""

    def unknown(self) -> ModelError:
        """The error for a file of no known form: what was found in it, and what is supported."""
        return ModelError(f"{self.file} is of a form that is not known: {self.described}. {SUPPORTED}")

    def unusable(self, why: str) -> ModelError:
        """The error for a file of a known form that is of no use as it is: why, and what was found in it."""
        return ModelError(f"{self.file} {why}. Found were {self.described}.")

    def value(self, key: str) -> Any:
        """The metadata entry, which exports write as a Python literal; None where there is none that can be read."""
        text = self.metadata.get(key, "")
        if not 0 < len(text) <= _MAX_TEXT:
            return None
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None


def read_signature(file: str, model: onnx.ModelProto) -> Signature:
    """The signature of a file; ModelError, with what was found, if it takes no pictures in a way that is known."""
    _refuse_loops(file, model.graph)
    outputs = tuple(
        Output(value.name, kind, _numbers(shape))
        for value, (kind, shape) in ((value, value_shape(value)) for value in model.graph.output)
    )
    pictures, companions = [], []
    for value in inputs_of(model):
        kind, shape = value_shape(value)
        if kind == COMPANIONS.get(value.name) and len(shape) == 2:
            companions.append(value.name)
        else:
            pictures.append((value.name, kind, _numbers(shape)))
    match pictures:
        case [(name, "FLOAT" | "FLOAT16" as kind, (batch, 3 | None, height, width))]:
            signature = Signature(
                file=file,
                image=name,
                half=kind == "FLOAT16",
                batch=batch,
                height=height,
                width=width,
                companions=tuple(companions),
                outputs=outputs,
                metadata={entry.key: entry.value for entry in model.metadata_props},
                described=describe(model),
            )
        case _:
            raise ModelError(f"{file} is of a form that is not known: {describe(model)}. {SUPPORTED}")
    if max(height or 1, width or 1) > MAX_SIDE:
        raise ModelError(f"{file} takes pictures of {width} x {height}; sides of up to {MAX_SIDE:,} pixels are run.")
    if (batch or 1) > _MAX_BATCH:
        raise ModelError(f"{file} takes {batch:,} pictures at once; up to {_MAX_BATCH} are run.")
    return signature


def _numbers(shape: Sequence[int | str]) -> Shape:
    # Some exporters write an open dimension as 0 or -1.
    return tuple(size if isinstance(size, int) and size > 0 else None for size in shape)


def _refuse_loops(file: str, graph: onnx.GraphProto) -> None:
    for node in graph.node:
        if node.op_type in ("Loop", "Scan", "SequenceMap"):
            raise ModelError(
                f"{file} runs a loop in its graph ({node.op_type}), whose end cannot be checked; export it without "
                "its suppression of boxes."
            )
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _refuse_loops(file, attribute.g)
