"""The table of a video's real frames, and its form as bytes in the project."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.media.stream_format import StreamFormat

NO_PTS = np.iinfo(np.int64).min
"""Stands in the arrays where a packet or frame has no time."""

_MAGIC = b"YOLORIDX"
_VERSION = 1
_HEAD = struct.Struct("<8sHII")  # magic, version, length of the JSON header, CRC-32 of all that follows
_MOST_FRAMES = 100_000_000
_PER_FRAME = {"pts": np.int64, "packets": np.int32, "checks": np.uint32}
_PER_KEY = {
    "key_packets": np.int32,
    "key_frames": np.int32,
    "key_pts": np.int64,
    "key_dts": np.int64,
    "key_sizes": np.int64,
}


@dataclass(frozen=True, slots=True, eq=False)
class VideoIndex:
    """Which frames a video has, in presentation order, and where decoding can begin.

    With `verified`, the frames are those that decode; otherwise one is taken for granted per packet."""

    verified: bool
    decoder: str
    """The decoder's settings; `checks` mean something with the very same only. Empty when nothing was decoded."""
    time_base: tuple[int, int]
    """Seconds per unit of pts, as numerator and denominator."""
    pts: NDArray[np.int64]
    """[frames] presentation times, NO_PTS where there is none; need not rise."""
    packets: NDArray[np.int32]
    """[frames] the number of the packet that a frame comes from."""
    checks: NDArray[np.uint32]
    """[frames] `picture_check` of every frame; zeros when nothing was decoded."""
    key_packets: NDArray[np.int32]
    """[keyframes] packet numbers, rising, at which decoding can begin."""
    key_frames: NDArray[np.int32]
    """[keyframes] the first frame that is right when decoding begins there."""
    key_pts: NDArray[np.int64]
    key_dts: NDArray[np.int64]
    key_sizes: NDArray[np.int64]
    format: StreamFormat
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.pts)

    @property
    def duplicates(self) -> NDArray[np.int32]:
        """[frames] how many earlier frames have the very same pts: with it, (pts, nth) names one frame."""
        order = np.argsort(self.pts, kind="stable")
        ordered = self.pts[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        nth = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.append(starts, len(ordered))))
        out = np.empty(len(ordered), np.int32)
        out[order] = nth
        return out

    def to_bytes(self) -> bytes:
        """The index as bytes for the project file."""
        header = {
            "verified": self.verified,
            "decoder": self.decoder,
            "time_base": list(self.time_base),
            "frames": self.frames,
            "keys": len(self.key_packets),
            "notes": list(self.notes),
            "format": self.format.as_json(),
        }
        # Differences of neighbours compress to almost nothing.
        arrays = b"".join(
            np.diff(getattr(self, name), prepend=getattr(self, name).dtype.type(0))
            .astype(f"<{dtype().dtype.str[1:]}")
            .tobytes()
            for name, dtype in (_PER_FRAME | _PER_KEY).items()
        )
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        body = text + zlib.compress(arrays, 1)
        return _HEAD.pack(_MAGIC, _VERSION, len(text), zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, blob: bytes) -> VideoIndex:
        """The index that `to_bytes` wrote; raises MediaError when the bytes are damaged or from a newer version."""
        try:
            return cls._parse(blob)
        except (ValueError, KeyError, TypeError, struct.error, zlib.error, UnicodeDecodeError) as error:
            raise MediaError("The stored frame index is damaged; the video has to be indexed again.") from error

    @classmethod
    def _parse(cls, blob: bytes) -> VideoIndex:
        magic, version, length, crc = _HEAD.unpack_from(blob)
        if magic != _MAGIC:
            raise ValueError("no index")
        if version != _VERSION:
            raise MediaError(
                f"The frame index was stored by another version (format {version}, this one reads {_VERSION});"
                " the video has to be indexed again."
            )
        body = memoryview(blob)[_HEAD.size :]
        if zlib.crc32(body) != crc:
            raise ValueError("checksum")
        header = json.loads(bytes(body[:length]))
        frames, keys = int(header["frames"]), int(header["keys"])
        if not (0 <= frames <= _MOST_FRAMES and 0 <= keys <= _MOST_FRAMES):
            raise ValueError("counts")
        counts = dict.fromkeys(_PER_FRAME, frames) | dict.fromkeys(_PER_KEY, keys)
        dtypes = {name: np.dtype(dtype).newbyteorder("<") for name, dtype in (_PER_FRAME | _PER_KEY).items()}
        expected = sum(counts[name] * dtype.itemsize for name, dtype in dtypes.items())
        raw = zlib.decompressobj().decompress(bytes(body[length:]), expected + 1)
        if len(raw) != expected:
            raise ValueError("length")
        arrays, offset = {}, 0
        for name, dtype in dtypes.items():
            end = offset + counts[name] * dtype.itemsize
            part = np.frombuffer(raw[offset:end], dtype)
            offset = end
            arrays[name] = np.cumsum(part, dtype=dtype.newbyteorder("="))
        _check(arrays, frames)
        numerator, denominator = (int(v) for v in header["time_base"])
        if numerator < 1 or denominator < 1:
            raise ValueError("time base")
        return cls(
            verified=bool(header["verified"]),
            decoder=str(header["decoder"]),
            time_base=(numerator, denominator),
            notes=tuple(str(note) for note in header["notes"]),
            format=StreamFormat.from_json(header["format"]),
            **arrays,
        )


def _check(arrays: dict[str, NDArray[Any]], frames: int) -> None:
    """Raises ValueError where numbers point outside, whoever wrote them."""
    keys, key_frames = arrays["key_packets"], arrays["key_frames"]
    if (arrays["packets"] < 0).any() or (keys < 0).any() or (np.diff(keys) <= 0).any():
        raise ValueError("packet numbers")
    if (key_frames < 0).any() or (key_frames >= frames).any():
        raise ValueError("keyframes")


def as_times(values: Sequence[int | None]) -> NDArray[np.int64]:
    """Times with NO_PTS for None."""
    return np.array([NO_PTS if value is None else value for value in values], np.int64)
