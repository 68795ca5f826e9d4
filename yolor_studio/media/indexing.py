"""Finding a video's real frames: by demuxing (quick, provisional) or by decoding everything (the truth)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import MediaError
from yolor_studio.media.decoding import Decoded, Decoding, PacketMark, carries_data, mark_of, picture_check
from yolor_studio.media.facts import StreamFacts, stream_facts
from yolor_studio.media.index import VideoIndex, as_times

if TYPE_CHECKING:
    from av.packet import Packet

Progress = Callable[[int, int | None], None]
"""Called with the frames done so far and the expected total, None where nobody knows."""

_PROGRESS_EVERY = 50


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
        self._keys: list[tuple[int, PacketMark]] = []
        self.pts: list[int | None] = []
        self._packets: list[int] = []
        self._checks: list[int] = []
        self._key_frames: list[bool] = []
        self._sizes: set[tuple[int, int]] = set()

    def add_packet(self, number: int, packet: Packet) -> None:
        self.packets_seen += 1
        if packet.is_keyframe:
            self._keys.append((number, mark_of(packet)))

    def add_frame(self, decoded: Decoded) -> None:
        frame = decoded.frame
        self.pts.append(frame.pts)
        self._packets.append(decoded.packet)
        self._checks.append(picture_check(frame))
        self._key_frames.append(frame.key_frame)
        self._sizes.add((frame.width, frame.height))

    def index(self, facts: StreamFacts, *, verified: bool) -> VideoIndex:
        packets = np.array(self._packets, np.int32)
        key_packets = np.array([number for number, _ in self._keys], np.int32)
        key_frames = _first_right_frames(key_packets, packets, np.array(self._key_frames, bool))
        usable = key_frames >= 0
        marks = [mark for (_, mark), use in zip(self._keys, usable, strict=True) if use]
        return VideoIndex(
            verified=verified,
            decoder=self._decoding.settings,
            time_base=facts.time_base,
            pts=as_times(self.pts),
            packets=packets,
            checks=np.array(self._checks, np.uint32),
            key_packets=key_packets[usable],
            key_frames=key_frames[usable],
            key_pts=as_times([mark.pts for mark in marks]),
            key_dts=as_times([mark.dts for mark in marks]),
            key_sizes=np.array([mark.size for mark in marks], np.int64),
            notes=facts.notes_after_decoding(
                frames=len(packets),
                packets=self.packets_seen,
                failed=self._decoding.failed_packets,
                corrupt=self._decoding.corrupt_frames,
                sizes=self._sizes,
                demux_error=self._decoding.demux_error,
            ),
            format=replace(facts.format, damaged=self._decoding.failed_packets + self._decoding.corrupt_frames > 0),
        )


def build_index(
    path: Path, *, cancel: CancelToken | None = None, progress: Progress | None = None, verify: bool = True
) -> VideoIndex:
    """The video's frames: with `verify` by decoding all of it, otherwise by demuxing alone (quick; one frame is then
    taken for granted per packet). `progress` gets (frames done, total or None) now and then.

    Raises MediaError when nothing in it decodes, Cancelled when stopped."""
    scout = Scout(path)
    try:
        if not verify:
            return _demuxed(path, scout, cancel)
        total = scout.facts.promised_frames
        while scout.next() is not None:
            if cancel is not None:
                cancel.check()
            if progress is not None and scout.done % _PROGRESS_EVERY == 0:
                progress(scout.done, None if total is None else max(total, scout.done))
        if progress is not None:
            progress(scout.done, scout.done)
        return scout.index()
    finally:
        scout.close()


def _demuxed(path: Path, scout: Scout, cancel: CancelToken | None) -> VideoIndex:
    """The provisional index: packets from the first keyframe on, in the order of their times."""
    first = scout.next()
    assert first is not None  # a Scout has a first frame
    decoding = Decoding(path)
    numbers: list[int] = []
    pts: list[int | None] = []
    keys: list[tuple[int, PacketMark]] = []
    try:
        for number, packet in enumerate(decoding.packets()):
            if cancel is not None:
                cancel.check()
            if not carries_data(packet):
                break
            if packet.is_keyframe:
                keys.append((number, mark_of(packet)))
            if number >= first.packet and packet.size and not packet.is_discard:
                numbers.append(number)
                pts.append(packet.pts)
    finally:
        decoding.close()
    packets, times = np.array(numbers, np.int32), as_times(pts)
    if None not in pts:
        order = np.argsort(times, kind="stable")
        packets, times = packets[order], times[order]
    key_packets = np.array([number for number, _ in keys], np.int32)
    key_frames = _first_right_frames(key_packets, packets, np.isin(packets, key_packets))
    usable = key_frames >= 0
    marks = [mark for (_, mark), use in zip(keys, usable, strict=True) if use]
    return VideoIndex(
        verified=False,
        decoder="",
        time_base=scout.facts.time_base,
        pts=times,
        packets=packets,
        checks=np.zeros(len(packets), np.uint32),
        key_packets=key_packets[usable],
        key_frames=key_frames[usable],
        key_pts=as_times([mark.pts for mark in marks]),
        key_dts=as_times([mark.dts for mark in marks]),
        key_sizes=np.array([mark.size for mark in marks], np.int64),
        notes=scout.facts.notes,
        format=scout.facts.format,
    )


def _first_right_frames(
    key_packets: NDArray[np.int32], packets: NDArray[np.int32], is_key: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """[keyframes] the first frame that is right when decoding begins at each key packet, -1 where it must not begin.

    That is the keyframe itself: what is shown before it but stored after it leans on earlier packets. A key packet that
    became an ordinary frame is a false one. One that became no frame (cut off by an edit list, or broken) is right for
    what comes after everything stored before it."""
    out = np.full(len(key_packets), -1, np.int32)
    if not len(packets):
        return out
    order = np.argsort(packets, kind="stable")
    stored = packets[order]
    latest = np.maximum.accumulate(order)
    places = np.searchsorted(stored, key_packets)
    for key, (number, place) in enumerate(zip(key_packets, places, strict=True)):
        if place < len(stored) and stored[place] == number:
            if is_key[order[place]]:
                out[key] = order[place]
        elif place < len(stored):
            out[key] = latest[place - 1] + 1 if place else 0
    return np.where(out < len(packets), out, -1).astype(np.int32)


def _nothing_decodes(decoding: Decoding, records: _Records) -> str:
    name = decoding.path.name
    if decoding.demux_error and not records.packets_seen:
        return f"{name} is damaged: none of its pictures can be reached ({decoding.demux_error})."
    if not records.packets_seen:
        return f"{name} promises a video, but there is not one picture in it; it may be cut off after its header."
    return f"{name} holds no picture that can be decoded: all {records.packets_seen} packets of its video are damaged."
