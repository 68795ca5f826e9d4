"""What a file that is said to be a model really is, by its content; names and suffixes are not believed."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from yolor_studio.core.errors import ModelError

_LOOK = 1 << 16
_REPLACEMENT = b"\xef\xbf\xbd"


class FileKind(StrEnum):
    """The model files that can be told apart by their first bytes."""

    ONNX = "onnx"
    SAFETENSORS = "safetensors"
    DARKNET = "darknet"
    TORCH = "torch"


def sniff(path: Path) -> FileKind:
    """The kind of a model file; ModelError says in one sentence what it is instead, or why it is of no use."""
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path.name} is a {'folder' if path.is_dir() else 'device'}, no model file.")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_LOOK)
    except OSError as error:
        raise ModelError(f"The file {path.name} cannot be read: {error.strerror}.") from error
    _refuse_what_is_no_model(path, head, size)
    if re.match(rb"PK\x03\x04|\x80[\x02-\x05]", head):
        return FileKind.TORCH
    if head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= size - 8:
        return FileKind.SAFETENSORS
    if _is_darknet_header(head):
        return FileKind.DARKNET
    if re.match(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x3a\x42]", head):
        return FileKind.ONNX
    raise ModelError(
        f"{path.name} is no model that is known here. Supported are ONNX files, PyTorch checkpoints of YOLOR and "
        "YOLOv5, Darknet .weights, and safetensors written by this program."
    )


def _is_darknet_header(head: bytes) -> bool:
    """int32 major, minor, revision: 0.1.0 and 0.2.x are the versions that exist."""
    major, minor, revision = (int.from_bytes(head[i : i + 4], "little") for i in (0, 4, 8))
    return len(head) >= 16 and major <= 3 and minor <= 99 and revision <= 9999


def _refuse_what_is_no_model(path: Path, head: bytes, size: int) -> None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"version https://git-lfs"):
        real = re.search(rb"size (\d{1,15})\b", head)
        missing = f" of {int(real[1]):,} bytes" if real else ""
        raise ModelError(
            f"{path.name} is only a Git LFS pointer; the model itself{missing} was not fetched: run "
            "'git lfs pull' where it came from, or download it again."
        )
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")):
        raise ModelError(
            f"{path.name} is a web page (HTML) and no model: the download gave a page instead of the file. Open the "
            "link in a browser and save the file itself."
        )
    if head.count(_REPLACEMENT) >= 8:
        raise ModelError(
            f"{path.name} ({size:,} bytes) is damaged: something converted it as if it were text, which destroys "
            "numbers. Download it again as a binary file."
        )
    if head and _is_text(head[:512]):
        raise ModelError(f"{path.name} is no model but a text of {size:,} bytes; download the model itself.")
    if size < 16:
        raise ModelError(f"{path.name} is no model: it has only {size} bytes; download it again.")


def _is_text(sample: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\r\n" for byte in sample) and _decodes(sample)


def _decodes(sample: bytes) -> bool:
    try:
        # The sample may end within a character of several bytes.
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
