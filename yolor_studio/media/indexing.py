"""Finding a video's real frames: by demuxing (quick, provisional) or by decoding everything (the truth)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from yolor_studio.core.cancel import CancelToken
from yolor_studio.media.decoding import Decoding, carries_data
from yolor_studio.media.facts import StreamFacts
from yolor_studio.media.index import VideoIndex, as_times
from yolor_studio.media.keyframes import KeyPackets
from yolor_studio.media.scout import Scout

Progress = Callable[[int, int | None], None]
"""Called with the frames done so far and the expected total, None where nobody knows."""

_PROGRESS_EVERY = 50


def build_index(
    path: Path, *, cancel: CancelToken | None = None, progress: Progress | None = None, verify: bool = True
) -> VideoIndex:
    """The video's frames: with `verify` by decoding all of it, otherwise by demuxing alone (quick; one frame is then
    taken for granted per packet). A stream whose packets do not say in what order they are shown is decoded in any
    case. `progress` gets (frames done, total or None) now and then.

    Raises MediaError when nothing in it decodes, Cancelled when stopped."""
    scout = Scout(path)
    try:
        if not verify:
            provisional = _demuxed(path, scout.facts, cancel)
            if provisional is not None:
                return provisional
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


def _demuxed(path: Path, facts: StreamFacts, cancel: CancelToken | None) -> VideoIndex | None:
    """Packets from the first keyframe on in the order of their times; None when the times do not give an order."""
    decoding = Decoding(path)
    numbers: list[int] = []
    pts: list[int | None] = []
    keys = KeyPackets()
    try:
        reordered = bool(decoding.stream.codec_context.has_b_frames)
        if reordered and decoding.container.format.name == "avi":
            return None  # AVI knows one time per packet, and that is when it is decoded
        for number, packet in enumerate(decoding.packets()):
            if cancel is not None:
                cancel.check()
            if not carries_data(packet):
                break
            keys.see(number, packet)
            if keys and packet.size and not packet.is_discard:
                numbers.append(number)
                pts.append(packet.pts)
    finally:
        decoding.close()
    if (reordered and None in pts) or len(set(pts) - {None}) < len(pts) - pts.count(None):
        return None
    packets, times = np.array(numbers, np.int32), as_times(pts)
    if None not in pts:
        order = np.argsort(times, kind="stable")
        packets, times = packets[order], times[order]
    return VideoIndex(
        verified=False,
        decoder="",
        time_base=facts.time_base,
        pts=times,
        packets=packets,
        checks=np.zeros(len(packets), np.uint32),
        **keys.columns(packets, keys.among(packets)),
        notes=facts.notes,
        format=facts.format,
    )
