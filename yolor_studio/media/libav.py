"""PyAV kept quiet, and opening a container safely."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.plane import VideoPlane
    from av.video.stream import VideoStream

# Nothing that reads other files or addresses: a playlist named clip.mp4 must not open what it lists.
_FORMATS = (
    "3gp,asf,avi,dv,flv,gif,gxf,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mp4,mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm,"
    "webm,yuv4mpegpipe,apng,avs2,avs3,vc1,wtv,nsv,live_flv,cavsvideo,rawvideo"
)


@cache
def quiet_av() -> ModuleType:
    """PyAV, with libav's messages off: what they say that matters comes back as notes and errors."""
    import av
    import av.codec.context
    import av.logging
    import av.video.reformatter

    av.logging.set_level(None)
    return av


def open_container(path: Path) -> InputContainer:
    """The opened container. Raises MediaError with one sentence when the file is missing, empty or no video."""
    av = quiet_av()
    if not path.is_file():
        raise MediaError(f"{path.name} does not exist.")
    if path.stat().st_size == 0:
        raise MediaError(f"{path.name} is empty: it has 0 bytes.")
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{path.name} cannot be opened as a video: {_reason(path, error)}") from error


def choose_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream a player shows: the first that is marked as default and is no cover picture.

    Raises MediaError when there is no video in the file."""
    videos = [s for s in container.streams.video if not _is_cover(s)] or list(container.streams.video)
    if not videos:
        raise MediaError(f"{path.name} has sound but no pictures: there is no video stream in it.")
    videos = [s for s in videos if s.codec_context is not None]
    if not videos:
        raise MediaError(f"{path.name} holds a video of a kind that no decoder here knows; it may be damaged.")
    default = [s for s in videos if s.disposition & quiet_av().stream.Disposition.default]
    return (default or videos)[0]


def _is_cover(stream: VideoStream) -> bool:
    disposition = quiet_av().stream.Disposition
    return bool(stream.disposition & (disposition.attached_pic | disposition.timed_thumbnails))


_SIGNS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda head: head.startswith(b"version https://git-lfs"), "it is a Git LFS pointer; fetch the file itself."),
    (lambda head: head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")), "it is a web page."),
)


def _reason(path: Path, error: Exception) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError as unreadable:
        return f"{unreadable.strerror or unreadable}."
    for fits, sentence in _SIGNS:
        if fits(head):
            return sentence
    detail = getattr(error, "strerror", None) or str(error)
    return f"no part of it could be read as one ({detail}). It may be damaged, encrypted or something else."


def plane_rows(plane: VideoPlane) -> NDArray[np.uint8]:
    """A view of the plane's memory as [rows, bytes per row with padding], alive as long as the array is."""
    return np.frombuffer(cast("memoryview", plane), np.uint8).reshape(-1, plane.line_size)
