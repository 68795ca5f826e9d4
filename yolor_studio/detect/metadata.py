"""What a model of the contract says of itself, read without loading onnx: lists of models must be quick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.contract import CONTRACT, CONTRACT_KEY, EMBEDDING_KEY, TAGS_KEY

_MAX_ENTRY = 1 << 20
_METADATA_PROPS = 14
"""The field of ONNX's ModelProto that holds them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a model of the contract says of itself."""

    classes: tuple[str, ...]
    stride: int
    size: int
    licence: str
    source_hash: str
    batch: int | None
    """The fixed number of pictures per run, if there is one."""
    tags: bool = False
    """Whether it also says which classes are anywhere in the picture."""
    embedding: int = 0
    """The length of the vector that it gives with every box; 0 for none."""


def parse_facts(name: str, metadata: Mapping[str, str]) -> Facts:
    """The facts in a model's metadata; ModelError if it is not of the contract or makes no sense."""
    version = metadata.get(CONTRACT_KEY)
    if version != CONTRACT:
        raise ModelError(
            f"{name} was made by another version of this program (contract {version[:20]}, here {CONTRACT})."
            if version
            else f"{name} is not in this program's form; add it first with 'yolor-studio models add'."
        )
    try:
        names = json.loads(metadata.get("names", ""))
        stride, size, batch = int(metadata["stride"]), int(metadata["size"]), int(metadata.get("batch", "0"))
        embedding = int(metadata.get(EMBEDDING_KEY, "0"))
    except (KeyError, ValueError, RecursionError):
        names, stride, size, batch, embedding = None, 0, 0, 0, 0
    if not isinstance(names, list) or not names or not all(isinstance(item, str) for item in names):
        raise ModelError(f"{name} is damaged: its metadata holds no list of class names.")
    if not (0 < stride <= 1 << 12 and 0 < size <= 1 << 14):
        raise ModelError(f"{name} is damaged: its metadata holds no usable stride and size.")
    licence, source_hash = metadata.get("licence", ""), metadata.get("source_hash", "")
    return Facts(
        classes=tuple(names),
        stride=stride,
        size=size,
        licence=licence,
        source_hash=source_hash,
        batch=batch if batch > 0 else None,
        tags=metadata.get(TAGS_KEY) == "1",
        embedding=max(embedding, 0),
    )


def scan_metadata(path: Path) -> dict[str, str]:
    """The metadata of an ONNX file without parsing its graph (and without loading onnx): lists must be quick.

    ModelError if the file cannot be read or is no protobuf message.
    """
    found: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            end = path.stat().st_size
            while file.tell() < end:
                field, length = _next_field(file)
                if field == _METADATA_PROPS and 0 <= length <= _MAX_ENTRY:
                    key, value = _entry(_exactly(file, length))
                    found[key] = value
                else:
                    file.seek(length, 1)
            if file.tell() != end:
                raise ValueError("cut short")
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError(f"{path.name} is a damaged ONNX file.") from error
    return found


def _next_field(file: BinaryIO) -> tuple[int, int]:
    """(field number, bytes of its value that follow) of the protobuf field at the file's position."""
    key = _varint(file)
    match key & 7:
        case 0:
            _varint(file)
            return key >> 3, 0
        case 1:
            return key >> 3, 8
        case 2:
            return key >> 3, _varint(file)
        case 5:
            return key >> 3, 4
        case _:
            raise ValueError("no protobuf")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise ValueError("no protobuf")


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise ValueError("cut short")
    return data


def _entry(data: bytes) -> tuple[str, str]:
    texts = {1: "", 2: ""}
    stream = BytesIO(data)
    while stream.tell() < len(data):
        field, length = _next_field(stream)
        texts[field] = _exactly(stream, length).decode("utf-8")
    return texts[1], texts[2]
