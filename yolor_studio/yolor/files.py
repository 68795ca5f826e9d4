"""Writing the files that belong to models."""

from __future__ import annotations

from pathlib import Path

from yolor_studio.core.errors import ModelError
from yolor_studio.core.files import write_whole


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file, and its folder, so that it is there whole or not at all; ModelError if the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data, durable=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}.") from error
