"""Reading and writing the files that belong to models."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from yolor_studio.core.errors import ModelError
from yolor_studio.core.files import write_whole

MAX_TEXT = 1 << 20
"""In bytes. No text that belongs to a model is longer; the longest published description has 40 kB."""


def read_text(path: Path, called: str, *, errors: Literal["strict", "replace"] = "strict") -> str:
    """A short UTF-8 text, without its byte order mark; `errors` says what becomes of bytes that are none.

    Raises ModelError, with the file as it is `called`, if it cannot be read, is longer than MAX_TEXT or is no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TEXT + 1)
    except OSError as error:
        raise ModelError(f"{called} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_TEXT:
        raise ModelError(f"{called} is longer than {MAX_TEXT >> 20} MiB, which no such text is.")
    try:
        text = data.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        raise ModelError(f"{called} is not UTF-8 text.") from error
    if "\0" in text:
        raise ModelError(f"{called} is no text: it holds zero bytes.")
    return text


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file, and its folder, so that it is there whole or not at all; ModelError if the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data, durable=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}.") from error
