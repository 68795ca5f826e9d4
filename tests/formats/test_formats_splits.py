"""Splits are disjoint, whole up to the guard gap, near the wanted shares and the same for the same seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.formats.splits import LEFT_OUT, assign_clips, cut_blocks, guard_gap, split_frames

SHARES = st.lists(st.floats(0.05, 1), min_size=1, max_size=4)
SEEDS = st.integers(0, 2**31)


@settings(deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=40), SHARES, SEEDS)
def test_every_clip_goes_whole_to_one_split_and_none_stays_empty(
    sizes: list[int], shares: list[float], seed: int
) -> None:
    clips = [(np.arange(size), 25.0) for size in sizes]
    split = {f"s{n}": share for n, share in enumerate(shares)}
    parts = split_frames(clips, split, seed)
    assert [len(part) for part in parts] == sizes
    if len(sizes) > 1:
        assert all(len(set(part.tolist())) == 1 for part in parts)
        used = {int(part[0]) for part in parts}
        assert len(used) == min(len(shares), len(sizes))
    again = split_frames(clips, split, seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=200, unique=True), SHARES, SEEDS, st.integers(0, 60))
def test_blocks_of_one_clip_are_contiguous_and_a_gap_apart(
    frames: list[int], shares: list[float], seed: int, gap: int
) -> None:
    rising = np.array(sorted(frames))
    splits = cut_blocks(rising, shares, seed, gap=gap)
    kept = splits[splits != LEFT_OUT]
    changes = int(np.count_nonzero(np.diff(kept)))
    assert changes == len(set(kept.tolist())) - 1  # one block each
    assert len(set(kept.tolist())) == min(len(shares), len(rising))
    left = rising[splits == LEFT_OUT]
    places = rising[splits != LEFT_OUT]
    borders = [(a, b) for a, b, x, y in zip(places, places[1:], kept, kept[1:], strict=False) if x != y]
    assert all(any(a < f < b for a, b in borders) for f in left)  # nothing is left out elsewhere
    assert np.array_equal(splits, cut_blocks(rising, shares, seed, gap=gap))


def test_a_guard_gap_keeps_neighbours_apart() -> None:
    splits = cut_blocks(np.arange(1000), [0.8, 0.2], 3, gap=25)
    first, second = np.flatnonzero(splits == 0), np.flatnonzero(splits == 1)
    apart = min(abs(int(a) - int(b)) for a in (first[0], first[-1]) for b in (second[0], second[-1]))
    assert apart > 25
    assert np.count_nonzero(splits == LEFT_OUT) <= 26


def test_the_seed_decides_and_shares_are_met() -> None:
    sizes = [100] * 20
    first, second = assign_clips(sizes, [0.8, 0.1, 0.1], 1), assign_clips(sizes, [0.8, 0.1, 0.1], 2)
    assert first != second
    assert np.bincount(first).tolist() == [16, 2, 2]
    blocks = {tuple(cut_blocks(np.arange(100), [0.5, 0.5], seed, gap=2).tolist()) for seed in range(8)}
    assert len(blocks) == 2


def test_a_single_frame_goes_to_the_first_wanted_split() -> None:
    assert cut_blocks(np.array([4]), [0.8, 0.2], 0, gap=9).tolist() == [0]
    assert [part.tolist() for part in split_frames([(np.array([4]), None)], {"train": 0.8, "val": 0.2}, 5)] == [[0]]
    assert split_frames([], {"train": 1.0}, 0) == []


def test_the_gap_is_a_second_or_a_twentieth() -> None:
    assert guard_gap(np.arange(10_000), 30.0) == 30
    assert guard_gap(np.arange(60), 30.0) == 3
    assert guard_gap(np.arange(5), None) == 1
