"""Decoding a video once from its start: the truth about its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from yolor_studio.core.errors import MediaError
from yolor_studio.media.decoding import Decoded, Decoding, carries_data, picture_check
from yolor_studio.media.facts import StreamFacts, stream_facts
from yolor_studio.media.index import VideoIndex, as_times
from yolor_studio.media.keyframes import KeyPackets

if TYPE_CHECKING:
    from av.packet import Packet


class Scout:
    """Decodes a video once from the start, frame by frame, and remembers what an index needs. Must be closed."""

    def __init__(self, path: Path) -> None:
        """Open the video; raises MediaError also when it holds no picture that decodes."""
        self._decoding = Decoding(path)
        self._records = _Records(self._decoding)
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            self.close()
            raise MediaError(_nothing_decodes(self._decoding, self._records))
        self.facts: StreamFacts = stream_facts(self._decoding, first.frame)
        self.done = 0
        """How many frames have come out of `next`."""
        self.ended = False
        self._waiting: Decoded | None = first
        # A plain decoding loop holds on to one frame while the next is decoded, and so does this one always: which
        # memory a decoder gets decides how the damaged part of a picture looks.
        self._held: Decoded | None = first

    def next(self) -> Decoded | None:
        """The next frame in presentation order; None at the end."""
        self._held = decoded = self._waiting or next(self._frames, None)
        self._waiting = None
        if decoded is None:
            self.ended = True
        else:
            self.done += 1
        return decoded

    def pts(self, index: int) -> int | None:
        """The pts of a frame that has come out already."""
        return self._records.pts[index]

    def index(self) -> VideoIndex:
        """The index of the frames seen so far: verified when the end was reached."""
        return self._records.index(self.facts, verified=self.ended)

    def close(self) -> None:
        """Close the file."""
        self._decoding.close()

    def _decode(self) -> Iterator[Decoded]:
        for number, packet in enumerate(self._decoding.packets()):
            if carries_data(packet):
                self._records.add_packet(number, packet)
            for decoded in self._decoding.decode(packet, number):
                self._records.add_frame(decoded)
                yield decoded


class _Records:
    """What the packets and frames of one pass leave behind."""

    def __init__(self, decoding: Decoding) -> None:
        self._decoding = decoding
        self.packets_seen = 0
        self._keys = KeyPackets()
        self.pts: list[int | None] = []
        self._packets: list[int] = []
        self._checks: list[int] = []
        self._key_frames: list[bool] = []
        self._sizes: set[tuple[int, int]] = set()

    def add_packet(self, number: int, packet: Packet) -> None:
        self.packets_seen += 1
        self._keys.see(number, packet)

    def add_frame(self, decoded: Decoded) -> None:
        frame = decoded.frame
        self.pts.append(frame.pts)
        self._packets.append(decoded.packet)
        self._checks.append(picture_check(frame))
        self._key_frames.append(frame.key_frame)
        self._sizes.add((frame.width, frame.height))

    def index(self, facts: StreamFacts, *, verified: bool) -> VideoIndex:
        packets = np.array(self._packets, np.int32)
        return VideoIndex(
            verified=verified,
            decoder=self._decoding.settings,
            time_base=facts.time_base,
            pts=as_times(self.pts),
            packets=packets,
            checks=np.array(self._checks, np.uint32),
            **self._keys.columns(packets, np.array(self._key_frames, bool)),
            notes=self._notes(facts, len(packets)) if verified else facts.notes,
            format=replace(facts.format, damaged=self._decoding.failed_packets + self._decoding.corrupt_frames > 0),
        )

    def _notes(self, facts: StreamFacts, frames: int) -> tuple[str, ...]:
        return facts.notes_after_decoding(
            frames=frames,
            packets=self.packets_seen,
            failed=self._decoding.failed_packets,
            corrupt=self._decoding.corrupt_frames,
            sizes=self._sizes,
            demux_error=self._decoding.demux_error,
        )


def _nothing_decodes(decoding: Decoding, records: _Records) -> str:
    name = decoding.path.name
    if decoding.demux_error and not records.packets_seen:
        return f"{name} is damaged: none of its pictures can be reached ({decoding.demux_error})."
    if not records.packets_seen:
        return f"{name} promises a video, but there is not one picture in it; it may be cut off after its header."
    return f"{name} holds no picture that can be decoded: all {records.packets_seen} packets of its video are damaged."
