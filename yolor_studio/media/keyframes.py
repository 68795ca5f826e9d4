"""Where decoding of a video can begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.media.decoding import PacketMark, mark_of
from yolor_studio.media.index import as_times

if TYPE_CHECKING:
    from av.packet import Packet


class KeyPackets:
    """The packets that the container calls keyframes, as they come by."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._marks: list[PacketMark] = []

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def see(self, number: int, packet: Packet) -> None:
        """Look at packet `number`."""
        if packet.is_keyframe:
            self._numbers.append(number)
            self._marks.append(mark_of(packet))

    def among(self, packets: NDArray[np.int32]) -> NDArray[np.bool_]:
        """[frames] whether a frame's packet is one of them."""
        return np.isin(packets, np.array(self._numbers, np.int32))

    def columns(self, packets: NDArray[np.int32], is_key: NDArray[np.bool_]) -> dict[str, Any]:
        """A VideoIndex's `key_*` arrays for [frames] packet numbers and whether each frame is a keyframe."""
        numbers = np.array(self._numbers, np.int32)
        first = first_right_frames(numbers, packets, is_key)
        usable = first >= 0
        return {
            "key_packets": numbers[usable],
            "key_frames": first[usable],
            "key_pts": as_times([mark.pts for mark in self._marks])[usable],
            "key_dts": as_times([mark.dts for mark in self._marks])[usable],
            "key_sizes": np.array([mark.size for mark in self._marks], np.int64)[usable],
        }


def first_right_frames(
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
