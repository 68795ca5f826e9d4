"""What the models page lists: models that can be run, published ones that can be fetched, files that were refused."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.amounts import size_text
from yolor_studio.core.errors import StudioError

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry
    from yolor_studio.detect.releases import Release
    from yolor_studio.jobs.model_check import CheckReport

__all__ = ["Item", "Kind", "Refusal", "file_key", "gather", "model_key", "release_key"]


class Kind(Enum):
    """What an item is."""

    MODEL = "model"
    RELEASE = "release"
    FILE = "file"
    """A file that is being added, or was refused."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that could not be added, with what a person gave along with it."""

    file: Path
    sentence: str
    cfg: Path | None = None
    names: Path | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One row."""

    key: str
    kind: Kind
    name: str
    about: str
    """Where it comes from."""
    figures: str
    """Categories, input and size, as far as they are known."""
    entry: ModelEntry | None = None
    release: Release | None = None
    report: CheckReport | None = None
    """Of the last check of this very file."""
    refusal: Refusal | None = None
    part: int = 0
    """Bytes of a download that are here already."""

    @property
    def refused(self) -> bool:
        """Whether a person was told that it cannot be used."""
        return self.refusal is not None and bool(self.refusal.sentence)


def model_key(name: str) -> str:
    """The key of a model's row."""
    return f"model:{name.casefold()}"


def release_key(name: str) -> str:
    """The key of a published model's row."""
    return f"release:{name.casefold()}"


def file_key(file: Path) -> str:
    """The key of a file's row."""
    return f"file:{file}"


def gather(files: Sequence[Refusal] = ()) -> list[Item]:
    """All rows, models first, then refused files, then what can be downloaded; reads and hashes files, so not on the
    window's thread."""
    from yolor_studio.detect.library import list_models
    from yolor_studio.detect.releases import RELEASES

    models = [_of_model(entry) for entry in list_models()]
    there = {item.name.casefold() for item in models}
    releases = [_of_release(release) for release in RELEASES if release.name.casefold() not in there]
    return [*models, *map(_of_file, files), *releases]


def _of_model(entry: ModelEntry) -> Item:
    from yolor_studio.jobs.model_check import last_report

    size = entry.path.stat().st_size if entry.path.exists() else 0
    return Item(
        model_key(entry.name),
        Kind.MODEL,
        entry.name,
        "bundled" if entry.bundled else "added",
        f"{len(entry.classes):,} categories · {entry.size:,} px · {size_text(size)}",
        entry=entry,
        report=last_report(entry),
    )


def _of_release(release: Release) -> Item:
    from yolor_studio.detect.releases import with_learned
    from yolor_studio.jobs.model_adding import downloaded_part

    with contextlib.suppress(StudioError):  # told when a download is asked for
        release = with_learned(release)
    part, size = downloaded_part(release), release.expected or 0
    figures = f"{size_text(part)} of {size_text(size)} are here" if part else size_text(size)
    if release.size is None and not part:
        figures = f"about {figures}"
    key = release_key(release.name)
    return Item(key, Kind.RELEASE, release.name, release.title, figures, release=release, part=part)


def _of_file(refusal: Refusal) -> Item:
    about = "cannot be used" if refusal.sentence else "waits for the model before it"
    return Item(file_key(refusal.file), Kind.FILE, refusal.file.name, about, str(refusal.file.parent), refusal=refusal)
