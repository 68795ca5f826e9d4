"""Pixels: images with EXIF orientation, sequences and frame-exact video.

Names are resolved when first used, so importing this package loads neither PyAV nor OpenCV.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolor_studio.media.cache import FrameCache
    from yolor_studio.media.discovery import IMAGE_SUFFIXES, VIDEO_SUFFIXES, Found, discover
    from yolor_studio.media.encode import encode_mp4
    from yolor_studio.media.fingerprints import fingerprint
    from yolor_studio.media.index import VideoIndex
    from yolor_studio.media.indexing import build_index
    from yolor_studio.media.info import MediaInfo
    from yolor_studio.media.opening import open_media, probe
    from yolor_studio.media.server import FrameServer
    from yolor_studio.media.source import Source
    from yolor_studio.media.whereabouts import Presence, note_sequence, presence, there
    from yolor_studio.media.write import save_jpeg, save_png, thumbnail

__all__ = [
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Found",
    "FrameCache",
    "FrameServer",
    "MediaInfo",
    "Presence",
    "Source",
    "VideoIndex",
    "build_index",
    "discover",
    "encode_mp4",
    "fingerprint",
    "note_sequence",
    "open_media",
    "presence",
    "probe",
    "save_jpeg",
    "save_png",
    "there",
    "thumbnail",
]

_HOMES = {
    "IMAGE_SUFFIXES": "discovery",
    "VIDEO_SUFFIXES": "discovery",
    "Found": "discovery",
    "FrameCache": "cache",
    "FrameServer": "server",
    "MediaInfo": "info",
    "Presence": "whereabouts",
    "Source": "source",
    "VideoIndex": "index",
    "build_index": "indexing",
    "discover": "discovery",
    "encode_mp4": "encode",
    "fingerprint": "fingerprints",
    "note_sequence": "whereabouts",
    "open_media": "opening",
    "presence": "whereabouts",
    "probe": "opening",
    "save_jpeg": "write",
    "save_png": "write",
    "there": "whereabouts",
    "thumbnail": "write",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
