"""One decoder on one video stream: packets in, numbered frames out.

Every packet of the stream has a number: its place in the file's order, from 0. The decoder hands the number on to the
frame that the packet becomes, so a frame is known by where its data lies and not by a time that may be missing, doubled
or wrong. After a seek the number is found again by recognising a keyframe's packet.
"""

from __future__ import annotations

import platform
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from yolor_studio.media.libav import choose_stream, open_container, plane_rows, quiet_av
from yolor_studio.media.stream_format import MAX_PIXELS

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame


class PacketMark(NamedTuple):
    """What a packet is recognised by after a seek."""

    pts: int | None
    dts: int | None
    size: int


class Decoded(NamedTuple):
    """A decoded frame and the number of the packet it came from."""

    frame: VideoFrame
    packet: int


class Decoding:
    """A container, the chosen stream and its decoder, standing somewhere in the file. Must be closed.

    Single-threaded per frame on purpose: with frame threads a damaged file loses pictures, and its errors arrive late.
    """

    def __init__(self, path: Path) -> None:
        """Open `path` at its start; raises MediaError."""
        self.path = path
        self.failed_packets = 0
        self.corrupt_frames = 0
        self.demux_error: str | None = None
        self._open()

    def _open(self) -> None:
        self.container = open_container(self.path)
        try:
            self.stream = choose_stream(self.container, self.path)
        except BaseException:
            self.container.close()
            raise
        self.stream.thread_type = "SLICE"
        self._context = self.stream.codec_context
        self._context.copy_opaque = True
        self._context.options = {"max_pixels": str(MAX_PIXELS)}

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    @property
    def settings(self) -> str:
        """Names everything that may change a decoded picture: decoder, its version, threading, processor family."""
        version = ".".join(str(part) for part in quiet_av().library_versions["libavcodec"])
        return f"{self._context.codec.name} libavcodec {version} slice {platform.machine()}"

    def packets(self) -> Iterator[Packet]:
        """The stream's packets from where the file stands, at the end the empty one that drains the decoder.

        Ends quietly where the file cannot be read any further, with the reason in `demux_error`."""
        try:
            yield from self.container.demux(self.stream)
        except (quiet_av().FFmpegError, OSError) as error:
            self.demux_error = getattr(error, "strerror", None) or str(error)

    def decode(self, packet: Packet, number: int) -> list[Decoded]:
        """The frames that come out when packet `number` goes in, in presentation order; none when it is damaged."""
        if carries_data(packet) and not packet.size:
            return []  # to the decoder an empty packet means the end
        # A tuple of its own: PyAV finds the object again by its address, and small integers share theirs.
        packet.opaque = own = (number,)
        try:
            frames = self._context.decode(packet if packet.size else None)
        except quiet_av().FFmpegError:
            self.failed_packets += 1
            return []
        self.corrupt_frames += sum(frame.is_corrupt for frame in frames)
        # A decoder that does not hand the number on works without delay.
        return [Decoded(frame, cast("tuple[int]", frame.opaque or own)[0]) for frame in frames]

    def skip_unreferenced(self, skip: bool) -> None:
        """Whether the next packets may be left out of decoding when no other frame refers to them."""
        self._context.skip_frame = "NONREF" if skip else "DEFAULT"

    def forget(self) -> None:
        """Empty the decoder: the next packet is a keyframe that does not follow what went in before."""
        self._context.flush_buffers()

    def seek(self, timestamp: int) -> bool:
        """Go to a keyframe at or before `timestamp` (stream units); False where the file cannot."""
        try:
            self.container.seek(timestamp, stream=self.stream)
        except (quiet_av().FFmpegError, OSError):
            return False
        return True

    def restart(self) -> None:
        """Go back to the file's start, with everything as if just opened."""
        self.container.close()
        self._open()


def mark_of(packet: Packet) -> PacketMark:
    """What the packet is recognised by."""
    return PacketMark(packet.pts, packet.dts, packet.size)


def carries_data(packet: Packet) -> bool:
    """Whether it is a packet of the file and not the empty one at the end that drains the decoder."""
    return bool(packet.size) or packet.pts is not None or packet.dts is not None


def picture_check(frame: VideoFrame) -> int:
    """A CRC-32 over every 4th row of every plane: whether a frame is the same picture as when it was indexed.

    Two rows of each 8x8 block are enough to see a block that was decoded from a wrong reference."""
    check = 0
    for plane, width in zip(frame.planes, _row_bytes(frame), strict=True):
        if plane.line_size > 0:  # a palette has none
            rows = plane_rows(plane)[: plane.height : 4, :width]
            check = zlib.crc32(np.ascontiguousarray(rows).data, check)
    return check


def _row_bytes(frame: VideoFrame) -> list[int]:
    """The bytes of each plane's rows that hold pixels, without the padding behind them."""
    if not frame.format.is_planar:
        width = frame.width * frame.format.padded_bits_per_pixel // 8
        return [min(plane.line_size, width) for plane in frame.planes]
    sample = (frame.format.components[0].bits + 7) // 8
    return [min(plane.line_size, plane.width * sample) for plane in frame.planes]
