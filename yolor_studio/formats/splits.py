"""Which frames go to train, val and test: whole clips, or blocks of the only clip with a guard gap between them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LEFT_OUT = -1
"""The split of a frame in a guard gap."""
_PLACEMENTS = 20_000
_GAP_SHARE = 20


def assign_clips(sizes: Sequence[int], shares: Sequence[float], seed: int) -> list[int]:
    """The split (index into `shares`) of each clip of `sizes` frames, drawn by `seed`.

    Several draws are made where that is cheap and the one nearest the wanted shares is taken; each wanted split gets
    a clip as long as there are enough clips.
    """
    wanted = _normalised(shares) * sum(sizes)
    draws = max(1, min(64, _PLACEMENTS // max(1, len(sizes))))
    drawn = (_draw(sizes, wanted, random.Random(f"{seed}:{draw}")) for draw in range(draws))
    return min(drawn, key=lambda assigned: _distance(assigned, sizes, wanted))


def cut_blocks(frames: NDArray[np.int64], shares: Sequence[float], seed: int, *, gap: int) -> NDArray[np.int8]:
    """The split of each of the rising `frames` of one clip: one contiguous block a split, in an order drawn by
    `seed`. Frames of different blocks lie more than `gap` apart; those between are LEFT_OUT. A gap that would leave
    a block empty is made smaller."""
    splits = _blocks(len(frames), shares, seed)
    borders = np.flatnonzero(np.diff(splits))
    middles = (frames[borders] + frames[borders + 1]) / 2
    while gap > 0:
        guarded = splits.copy()
        for middle in middles:
            guarded[np.abs(frames - middle) <= gap / 2] = LEFT_OUT
        if set(guarded.tolist()) - {LEFT_OUT} == set(splits.tolist()):
            return guarded
        gap //= 2
    return splits


def guard_gap(frames: NDArray[np.int64], fps: float | None) -> int:
    """The gap in frames that suits a clip: a second, at most a twentieth of the clip, at least one frame."""
    span = int(frames[-1] - frames[0]) + 1 if len(frames) else 1
    return min(max(1, round(fps or 25)), max(1, span // _GAP_SHARE))


def split_frames(
    clips: Sequence[tuple[NDArray[np.int64], float | None]], split: Mapping[str, float], seed: int
) -> list[NDArray[np.int8]]:
    """For each clip (its rising frames and its frames per second) the split of every frame, an index into `split`."""
    shares = list(split.values())
    if sum(share > 0 for share in shares) > 1 and len(clips) == 1 and len(clips[0][0]) > 1:
        frames, fps = clips[0]
        return [cut_blocks(frames, shares, seed, gap=guard_gap(frames, fps))]
    assigned = assign_clips([len(frames) for frames, _ in clips], shares, seed)
    return [np.full(len(frames), part, np.int8) for (frames, _), part in zip(clips, assigned, strict=True)]


def _normalised(shares: Iterable[float]) -> NDArray[np.float64]:
    array = np.array(list(shares), np.float64)
    return array / array.sum()


def _draw(sizes: Sequence[int], wanted: NDArray[np.float64], rng: random.Random) -> list[int]:
    order = list(range(len(sizes)))
    rng.shuffle(order)
    missing = wanted.tolist()
    empty = {part for part, share in enumerate(missing) if share > 0}
    assigned = [0] * len(sizes)
    for place, clip in enumerate(order):
        # The last clips are kept for splits that have none yet.
        among = empty if empty and len(order) - place <= len(empty) else range(len(missing))
        part = max(among, key=lambda one: (missing[one], -one))
        assigned[clip] = part
        missing[part] -= sizes[clip]
        empty.discard(part)
    return assigned


def _distance(assigned: Sequence[int], sizes: Sequence[int], wanted: NDArray[np.float64]) -> float:
    got = np.bincount(assigned, weights=sizes, minlength=len(wanted)) if len(sizes) else np.zeros(len(wanted))
    return float(np.abs(got - wanted).sum())


def _blocks(count: int, shares: Sequence[float], seed: int) -> NDArray[np.int8]:
    order = [part for part, share in enumerate(shares) if share > 0]
    if count < len(order):
        order = order[:count] or order[:1]
    random.Random(f"{seed}:blocks").shuffle(order)
    ends = np.rint(np.cumsum(_normalised(shares[part] for part in order)) * count).astype(int)
    blocks = np.zeros(count, np.int8)
    start = 0
    for place, (part, end) in enumerate(zip(order, ends.tolist(), strict=True)):
        # Every block keeps a frame: room is left for those behind it.
        end = min(max(end, start + 1), count - (len(order) - place - 1))
        blocks[start:end] = part
        start = end
    return blocks
