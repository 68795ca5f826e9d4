"""Opening any media, and the whole truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.media.discovery import VIDEO_SUFFIXES, discover
from yolor_studio.media.image import ImageSource
from yolor_studio.media.index import VideoIndex
from yolor_studio.media.indexing import build_index
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.sequence import SequenceSource
from yolor_studio.media.source import Source
from yolor_studio.media.video import VideoSource, video_info


def open_media(path: Path, *, index: bytes | None = None, files: Sequence[str] = ()) -> Source:
    """Open an image, a video, or the sequence of `files` in the folder `path`.

    `index` is what `build_index(...).to_bytes()` gave for this video; without it frame 0 is there at once and what is
    known grows by decoding. Raises MediaError with one sentence when it cannot be opened."""
    if path.is_dir():
        found = discover([path])
        return SequenceSource(path, files or (found[0].files if len(found) == 1 else ()))
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoSource(path, None if index is None else VideoIndex.from_bytes(index))
    return ImageSource(path)


def probe(path: Path, *, cancel: CancelToken | None = None) -> MediaInfo:
    """The truth about a media: a video is decoded in full, an image and every image of a sequence too.

    Raises MediaError when it cannot be opened, Cancelled when stopped."""
    if path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir():
        index = build_index(path, cancel=cancel)
        return video_info(path, index, frames=index.frames)
    with open_media(path) as source:
        source.read(0)
        return source.info
