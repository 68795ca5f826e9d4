"""Random access to a video's frames through its index."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from yolor_studio.core.errors import MediaError
from yolor_studio.media.decoding import Decoded, Decoding, PacketMark, carries_data, mark_of, picture_check
from yolor_studio.media.index import NO_PTS, VideoIndex

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame

_WORTH_DECODING = 4
"""A keyframe at most this many packets ahead is reached by decoding on; a seek would cost as much."""
_WORTH_READING = 64
"""A keyframe at most this many packets ahead is reached by reading on."""
_LOST_AFTER = 2000
"""Packets after a seek without a keyframe that the index knows: the file's seek is of no use."""


class Cursor:
    """A decoder that goes to any frame of an index and checks what it finds there. Must be closed.

    Ahead within reach it decodes on; otherwise it begins at the nearest keyframe before. What comes out is compared
    with the picture that the index saw; where it differs, decoding begins further back, in the end at the start."""

    def __init__(self, path: Path, index: VideoIndex) -> None:
        """Open `path`; raises MediaError."""
        self._decoding = Decoding(path)
        self._index = index
        self._checking = index.decoder == self._decoding.settings
        self._skipping = self._checking
        last = int(index.packets.max(initial=-1))
        self._ordinals = np.full(last + 2, -1, np.int64)
        # Where one packet became several frames, the first of them counts here and the others follow it.
        self._ordinals[index.packets[::-1]] = np.arange(index.frames - 1, -1, -1)
        self._keys_by_mark = _unique_marks(index)
        self._seekable = bool(self._keys_by_mark)
        self._bad_keys: set[int] = set()
        self._begin(0)

    def close(self) -> None:
        """Close the file."""
        self._decoding.close()

    def frame(self, index: int) -> VideoFrame:
        """The decoded frame `index`; raises MediaError when it cannot be decoded any more."""
        if self._shown is not None and self._at == index:
            return self._shown
        if self._is_ahead(index):
            frame = self._decode_to(index)
            if frame is not None and self._is_right(index, frame):
                return frame
        for key, skip in self._attempts(index):
            if not self._go_to(key):
                continue
            frame = self._decode_to(index, skip=skip)
            if frame is not None and self._is_right(index, frame):
                if self._skipping and not skip:
                    self._skipping = False
                return frame
        return self._from_the_start(index)

    def _from_the_start(self, index: int) -> VideoFrame:
        """Plain decoding from the first packet is the truth, whatever was noted."""
        self._restart()
        frame = self._decode_to(index)
        if frame is None:
            raise MediaError(
                f"Frame {index} of {self._decoding.path.name} does not decode; the file may have changed or be damaged."
            )
        self._checking = self._checking and self._is_right(index, frame)
        return frame

    def _attempts(self, index: int) -> Iterator[tuple[int, bool]]:
        """The (keyframe, may leave out unreferenced frames) to try, the nearest first, then ever further back."""
        place, step, skip = self._key_before(index), 1, self._skipping
        while place is not None and place >= 0:
            if skip:
                yield place, True
                skip = False
            yield place, False
            place, step = place - step, step * 2

    def _key_before(self, index: int) -> int | None:
        keys = self._index
        place = int(np.searchsorted(keys.key_packets, keys.packets[index], side="right")) - 1
        while place >= 0 and (keys.key_frames[place] > index or place in self._bad_keys):
            place -= 1
        return place if place >= 0 else None

    def _is_ahead(self, index: int) -> bool:
        if self._ended or index <= self._at:
            return False
        place = self._key_before(index)
        return place is None or self._index.key_packets[place] <= self._next_packet + _WORTH_DECODING

    def _is_right(self, index: int, frame: VideoFrame) -> bool:
        return not self._checking or picture_check(frame) == self._index.checks[index]

    # Going somewhere

    def _begin(self, packet: int) -> None:
        """The file stands before packet number `packet` and the decoder is empty."""
        self._packets = self._decoding.packets()
        self._next_packet = packet
        self._waiting: deque[Decoded] = deque()
        self._shown: VideoFrame | None = None
        self._at = -1
        self._last_packet, self._repeated = -1, 0
        self._ended = False
        self._decoding.skip_unreferenced(False)

    def _restart(self) -> None:
        self._decoding.restart()
        self._begin(0)

    def _go_to(self, key: int) -> bool:
        """Stand before the keyframe's packet; False where it cannot be found."""
        wanted = int(self._index.key_packets[key])
        ahead = wanted - self._next_packet
        if not self._ended and ahead >= 0 and (ahead <= _WORTH_READING or not self._seekable):
            return self._read_on_to(wanted)
        if self._seekable:
            for timestamp in (self._index.key_pts[key], self._index.key_dts[key]):
                if timestamp != NO_PTS and self._decoding.seek(int(timestamp)) and self._recognise(wanted):
                    return True
        self._restart()
        return self._read_on_to(wanted)

    def _read_on_to(self, wanted: int) -> bool:
        """Read packets away without decoding until packet `wanted` is next."""
        packets, number = self._packets, self._next_packet
        while number < wanted:
            packet = next(packets, None)
            if packet is None or not carries_data(packet):
                self._ended = True
                return False
            number += 1
        self._decoding.forget()
        self._begin(wanted)
        self._packets = packets
        return True

    def _recognise(self, wanted: int) -> bool:
        """After a seek: read until the packet of keyframe `wanted` has come, which is then next."""
        packets = self._decoding.packets()
        number: int | None = None
        for count, packet in enumerate(packets):
            if not carries_data(packet) or count > _LOST_AFTER:
                return False
            if number is None and packet.is_keyframe:
                number = self._keys_by_mark.get(mark_of(packet))
            if number is None:
                continue
            if number == wanted:
                self._begin(wanted)
                self._packets = _followed(packet, packets)
                return True
            if number > wanted:
                return False
            number += 1
        return False

    # Decoding on

    def _decode_to(self, index: int, *, skip: bool | None = None) -> VideoFrame | None:
        """Decode until frame `index` comes out; None when it does not."""
        skip = self._skipping if skip is None else skip
        while True:
            while self._waiting:
                ordinal = self._take()
                if ordinal == index:
                    return self._shown
                if ordinal > index:
                    return None
            if self._ended:
                return None
            self._feed(index, skip=skip)

    def _take(self) -> int:
        """The ordinal of the next waiting frame, which is then the shown one; -1 for a frame not in the index."""
        decoded = self._waiting.popleft()
        self._repeated = self._repeated + 1 if decoded.packet == self._last_packet else 0
        self._last_packet = decoded.packet
        ordinal = int(self._ordinals[min(decoded.packet, len(self._ordinals) - 1)])
        if ordinal < 0:
            return -1
        self._at, self._shown = ordinal + self._repeated, decoded.frame
        return self._at

    def _feed(self, index: int, *, skip: bool) -> None:
        packet = next(self._packets, None)
        if packet is None:
            self._ended = True
            return
        number = self._next_packet
        if skip:
            ordinal = self._ordinals[min(number, len(self._ordinals) - 1)]
            self._decoding.skip_unreferenced(0 <= ordinal < index)
        self._waiting.extend(self._decoding.decode(packet, number))
        self._next_packet += 1
        self._ended = not carries_data(packet)


def _unique_marks(index: VideoIndex) -> dict[PacketMark, int]:
    """Keyframes' marks -> packet numbers, without those that are not told apart by their times."""
    found: dict[PacketMark, int] = {}
    doubled = set()
    for number, pts, dts, size in zip(
        index.key_packets.tolist(),
        index.key_pts.tolist(),
        index.key_dts.tolist(),
        index.key_sizes.tolist(),
        strict=True,
    ):
        if pts == NO_PTS and dts == NO_PTS:
            continue
        mark = PacketMark(None if pts == NO_PTS else pts, None if dts == NO_PTS else dts, size)
        if mark in found:
            doubled.add(mark)
        found[mark] = number
    return {mark: number for mark, number in found.items() if mark not in doubled}


def _followed(packet: Packet, packets: Iterator[Packet]) -> Iterator[Packet]:
    yield packet
    yield from packets
