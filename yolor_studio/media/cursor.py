"""Random access to a video's frames through its index."""

from __future__ import annotations

from collections import OrderedDict, deque
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

_WORTH_DECODING = 1
"""A keyframe at most this many packets ahead of the next one is reached by decoding on."""
_WORTH_READING = 64
"""A keyframe at most this many packets ahead is reached by reading on."""
_LOST_AFTER = 2000
"""Packets after a seek without a keyframe that the index knows: the file's seek is of no use."""
_KEEP_BYTES = 64 << 20
"""Of decoded frames (still YUV) behind the shown one: a step back is then free."""
_FEW_ATTEMPTS = 3
"""How many keyframes are tried for a frame that a provisional index promises, or that damage may have changed."""
_WORTH_REPEATING = 5000
"""Up to this packet number a damaged file is decoded from its start to give the very picture that was indexed."""


class Cursor:
    """A decoder that goes to any frame of an index and checks what it finds there. Must be closed.

    Ahead within reach it decodes on; otherwise it begins at the nearest keyframe before. What comes out is compared
    with the picture that the index saw; where it differs, decoding begins further back, in the end at the start."""

    def __init__(self, path: Path, index: VideoIndex) -> None:
        """Open `path`; raises MediaError."""
        self._decoding = Decoding(path)
        self._index = index
        self._checking = index.decoder == self._decoding.settings
        self._damaged = index.format.damaged
        self._skipping = self._checking and not self._damaged
        self._order = np.argsort(index.packets, kind="stable")
        self._stored = index.packets[self._order]
        self._keys_by_mark = _unique_marks(index)
        self._seekable = bool(self._keys_by_mark)
        self._false_keys: set[int] = set()
        self._kept: OrderedDict[int, VideoFrame] = OrderedDict()
        self._keep_from = index.frames
        width, height = index.format.size
        self._most_kept = max(2, _KEEP_BYTES // (width * height * 3 // 2 + 1))
        self._begin(0)

    def close(self) -> None:
        """Close the file."""
        self._decoding.close()

    def frame(self, index: int, *, keep: bool = False) -> VideoFrame:
        """The decoded frame `index`; with `keep` its neighbours are held for a step back.

        Raises MediaError when it cannot be decoded."""
        # What a decoder puts in place of damaged parts depends on the memory that it gets: hold frames and it differs.
        self._keep_from = index - self._most_kept if keep and not self._damaged else self._index.frames
        kept = self._held if self._at == index else self._kept.get(index)
        if kept is not None and self._is_right(index, kept):
            return kept
        if self._is_ahead(index):
            frame = self._decode_to(index, skip=self._skipping)
            if frame is not None and self._is_right(index, frame):
                return frame
        for key, skip in self._attempts(index):
            if not self._go_to(key):
                continue
            frame = self._decode_to(index, skip=skip)
            if frame is not None and self._is_right(index, frame):
                self._skipping = self._skipping and skip
                return frame
        if self._index.decoder and not (self._damaged and self._index.packets[index] > _WORTH_REPEATING):
            return self._from_the_start(index)
        frame = self._nearest(index)
        if frame is None:
            raise self._lost(index)
        return frame

    def _nearest(self, index: int) -> VideoFrame | None:
        """Frame `index` from the nearest keyframe, unchecked: where the file is damaged the picture is a guess anyway,
        and of a provisional index nothing better is known."""
        key = self._key_before(index)
        if key < 0 or not self._go_to(key):
            self._restart()
        return self._decode_to(index, skip=False)

    def _from_the_start(self, index: int) -> VideoFrame:
        """Plain decoding from the first packet is the truth, whatever was noted. That it is needed means that the
        stream is damaged in a way that its decoder did not tell."""
        self._damaged, self._skipping, self._keep_from = True, False, self._index.frames
        self._kept.clear()
        self._restart()
        frame = self._decode_to(index, skip=False)
        if frame is None:
            raise self._lost(index)
        self._checking = self._checking and self._is_right(index, frame)
        return frame

    def _lost(self, index: int) -> MediaError:
        return MediaError(
            f"Frame {index} of {self._decoding.path.name} does not decode; the file may have changed or be damaged."
        )

    def _attempts(self, index: int) -> Iterator[tuple[int, bool]]:
        """The (keyframe, may leave out unreferenced frames) to try, the nearest first, then ever further back."""
        place, step, skip = self._key_before(index), 1, self._skipping
        tries = 0
        patient = bool(self._index.decoder) and not self._damaged
        while place >= 0 and (patient or tries < _FEW_ATTEMPTS):
            if skip:
                yield place, True
                skip = False
            yield place, False
            place, step, tries = place - step, step * 2, tries + 1

    def _key_before(self, index: int) -> int:
        """The place in the index of the last keyframe from which frame `index` can be decoded; -1 if there is none."""
        keys = self._index
        place = int(np.searchsorted(keys.key_packets, keys.packets[index], side="right")) - 1
        while place >= 0 and (keys.key_frames[place] > index or place in self._false_keys):
            place -= 1
        return place

    def _is_ahead(self, index: int) -> bool:
        if self._ended or index <= self._at:
            return False
        place = self._key_before(index)
        return place < 0 or self._index.key_packets[place] <= self._next_packet + _WORTH_DECODING

    def _is_right(self, index: int, frame: VideoFrame) -> bool:
        if self._checking:
            return picture_check(frame) == self._index.checks[index]
        return not self._began_wrong

    # Going somewhere

    def _begin(self, packet: int) -> None:
        """The file stands before packet number `packet` and the decoder is empty."""
        self._packets = self._decoding.packets()
        self._next_packet = packet
        self._waiting: deque[Decoded] = deque()
        self._at = -1
        self._held: VideoFrame | None = None  # one frame, as any decoding loop does
        self._last_packet, self._repeated = -1, 0
        self._began_at, self._started, self._began_wrong = packet, False, False
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

    def _decode_to(self, index: int, *, skip: bool) -> VideoFrame | None:
        """Decode until frame `index` comes out; None when it does not."""
        while True:
            while self._waiting:
                ordinal, frame = self._take()
                if ordinal == index:
                    return frame
                if ordinal > index:
                    return None
            if self._ended:
                return None
            self._feed(index, skip=skip)

    def _take(self) -> tuple[int, VideoFrame]:
        """The next waiting frame and its place in the index; -1 for a frame that the index does not know."""
        frame, packet = self._waiting.popleft()
        self._repeated = self._repeated + 1 if packet == self._last_packet else 0
        self._last_packet = packet
        ordinal = self._ordinal(packet)
        if ordinal < 0:
            return -1, frame
        ordinal += self._repeated
        self._at, self._held = ordinal, frame
        if not self._started:
            self._look_at_start(packet, ordinal, frame)
        if ordinal >= self._keep_from:
            self._keep(ordinal, frame)
        return ordinal, frame

    def _ordinal(self, packet: int) -> int:
        """The frame that a packet becomes, the first where it becomes several; -1 for one that becomes none."""
        place = int(np.searchsorted(self._stored, packet))
        return int(self._order[place]) if place < len(self._stored) and self._stored[place] == packet else -1

    def _look_at_start(self, packet: int, ordinal: int, frame: VideoFrame) -> None:
        """Whether decoding began at a real keyframe: then it comes out itself, as one, before what is shown after it.
        Otherwise the container was wrong, and what is decoded from here on is not to be trusted."""
        own = self._ordinal(self._began_at)
        self._started = packet == self._began_at or own < 0
        if self._began_at and ((packet == self._began_at and not frame.key_frame) or 0 <= own < ordinal):
            self._started = self._began_wrong = True
            self._kept.clear()
            self._false_keys.add(int(np.searchsorted(self._index.key_packets, self._began_at)))

    def _keep(self, ordinal: int, frame: VideoFrame) -> None:
        self._kept[ordinal] = frame
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)

    def _feed(self, index: int, *, skip: bool) -> None:
        packet = next(self._packets, None)
        if packet is None:
            self._ended = True
            return
        number = self._next_packet
        if skip:
            reach = min(index, self._keep_from)
            ordinal = self._ordinal(number)
            self._decoding.skip_unreferenced(0 <= ordinal < reach)
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
