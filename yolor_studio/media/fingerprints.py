"""How a moved or changed media is known again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from yolor_studio.core.entities import Fingerprint
from yolor_studio.core.errors import MediaError
from yolor_studio.media.discovery import IMAGE_SUFFIXES

_PART = 1 << 20


def fingerprint(path: Path, *, files: Sequence[str] = ()) -> Fingerprint:
    """The file's size and the SHA-256 of its first and last MiB (of all of it up to 2 MiB); for a sequence's folder,
    the sum of its images' sizes and the SHA-256 of their names and sizes: of those of `files` that are there, or of all
    images where none are named. Raises MediaError if it cannot be read."""
    try:
        return _of_folder(path, frozenset(files)) if path.is_dir() else _of_file(path)
    except OSError as error:
        raise MediaError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _of_file(path: Path) -> Fingerprint:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest.update(file.read(_PART))
        file.seek(max(_PART, size - _PART))
        digest.update(file.read(_PART))
    return Fingerprint(size, digest.hexdigest())


def _of_folder(path: Path, wanted: frozenset[str]) -> Fingerprint:
    digest, total = hashlib.sha256(), 0
    with os.scandir(path) as entries:
        named = [entry for entry in entries if (entry.name in wanted if wanted else _is_image(entry.name))]
        files = sorted((entry.name, entry.stat().st_size) for entry in named if entry.is_file())
    for name, size in files:
        digest.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
        total += size
    return Fingerprint(total, digest.hexdigest())


def _is_image(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
