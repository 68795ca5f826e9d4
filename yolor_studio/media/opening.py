"""Opening any media, and the whole truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import MediaError
from yolor_studio.media.discovery import IMAGE_SUFFIXES, VIDEO_SUFFIXES, discover
from yolor_studio.media.image import ImageSource
from yolor_studio.media.index import VideoIndex
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.sequence import SequenceSource
from yolor_studio.media.source import Source
from yolor_studio.media.video import VideoSource


def open_media(path: Path, *, index: bytes | None = None, files: Sequence[str] = ()) -> Source:
    """Open an image, a video, or the sequence of `files` in the folder `path`.

    `index` is what `build_index(...).to_bytes()` gave for this video; without it frame 0 is there at once and what is
    known grows by decoding. A name with an unknown suffix is tried as both. Raises MediaError with one sentence when it
    cannot be opened."""
    if path.is_dir():
        return SequenceSource(path, files or _series_in(path))
    suffix = path.suffix.lower()
    if index is not None or suffix in VIDEO_SUFFIXES:
        return VideoSource(path, None if index is None else VideoIndex.from_bytes(index))
    if suffix in IMAGE_SUFFIXES:
        return ImageSource(path)
    return _open_by_content(path)


def probe(path: Path, *, cancel: CancelToken | None = None) -> MediaInfo:
    """The truth about a media: a video is decoded in full, an image too; of a sequence every header is read.

    Raises MediaError when it cannot be opened or nothing of it decodes, Cancelled when stopped."""
    with open_media(path) as source:
        if isinstance(source, SequenceSource):
            source.examine(cancel)
        elif isinstance(source, VideoSource):
            source.decode_all(cancel)
        else:
            source.read(0)
        return source.info


def _series_in(folder: Path) -> tuple[str, ...]:
    found = [item for item in discover([folder]) if item.path == folder]
    return found[0].files if found else ()


def _open_by_content(path: Path) -> Source:
    try:
        return ImageSource(path)
    except MediaError as no_image:
        try:
            return VideoSource(path, None)
        except MediaError:
            raise no_image from None
