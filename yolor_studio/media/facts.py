"""What a video's header and first frame say, and the sentences about what is odd."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from yolor_studio.media.orientation import UPRIGHT, Orientation, from_matrix
from yolor_studio.media.stream_format import StreamFormat

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from yolor_studio.media.decoding import Decoding


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """Facts about the chosen stream that do not need all of it decoded."""

    format: StreamFormat
    time_base: tuple[int, int]
    promised_frames: int | None
    """From the header, by count or by duration; None where it says nothing."""
    counted_by_header: bool
    notes: tuple[str, ...]

    def notes_after_decoding(
        self,
        *,
        frames: int,
        packets: int,
        failed: int,
        corrupt: int,
        sizes: Collection[tuple[int, int]],
        demux_error: str | None,
    ) -> tuple[str, ...]:
        """All sentences, with what only decoding shows."""
        notes = list(self.notes)
        if corrupt:
            notes.append(f"{corrupt} of {frames} frames are damaged; the decoder guessed parts of them.")
        missing = packets - frames
        if missing > 0:
            damaged = f" ({failed} of them damaged)" if failed else ""
            notes.append(f"{missing} of {packets} packets gave no picture{damaged}; the frames are those that decode.")
        if self.counted_by_header and self.promised_frames not in (None, frames):
            notes.append(f"The header says {self.promised_frames} frames, but {frames} decode.")
        if len(sizes) > 1:
            others = ", ".join(f"{w} × {h}" for w, h in sorted(sizes) if (w, h) != self.format.size)
            notes.append(
                f"The picture size changes within the file ({others}); such frames are scaled to fit"
                f" {self.format.width} × {self.format.height}."
            )
        if demux_error is not None:
            notes.append(f"The file cannot be read to its end ({demux_error}); what comes before is used.")
        return tuple(notes)


def stream_facts(decoding: Decoding, first: VideoFrame) -> StreamFacts:
    """The facts from an opened stream and its first decoded frame."""
    stream = decoding.stream
    time_base = stream.time_base or Fraction(1, 1)
    rate = stream.average_rate or stream.guessed_rate
    promised = stream.frames or None
    if promised is None and rate:
        seconds = _seconds(decoding)
        promised = round(seconds * rate) or None if seconds else None
    orientation, notes = _orientation(first)
    others = len(decoding.container.streams.video) - 1
    if others > 0:
        notes.append(f"The file has {others + 1} video streams; the first default one is used.")
    aspect = stream.sample_aspect_ratio
    if aspect and aspect != 1:
        notes.append(
            f"Its pixels are not square ({aspect.numerator}:{aspect.denominator}); only the view is stretched,"
            " coordinates are those of the stored pixels."
        )
    return StreamFacts(
        format=StreamFormat(
            codec=stream.codec_context.codec.canonical_name,
            width=first.width,
            height=first.height,
            orientation=orientation,
            rate=(rate.numerator, rate.denominator) if rate else None,
        ),
        time_base=(time_base.numerator, time_base.denominator),
        promised_frames=promised,
        counted_by_header=bool(stream.frames),
        notes=tuple(notes),
    )


def _seconds(decoding: Decoding) -> float | None:
    if decoding.stream.duration and decoding.stream.time_base:
        return float(decoding.stream.duration * decoding.stream.time_base)
    duration = decoding.container.duration
    return duration / 1_000_000 if duration else None


def _orientation(first: VideoFrame) -> tuple[Orientation, list[str]]:
    try:
        matrix = struct.unpack("<9i", bytes(first.side_data["DISPLAYMATRIX"]))  # pyright: ignore
    except (KeyError, struct.error):
        return UPRIGHT, []
    orientation = from_matrix(matrix)
    if orientation is None:
        return UPRIGHT, ["Its rotation makes no sense and is ignored; the picture is shown as stored."]
    if orientation.mirrored:
        return orientation, [f"The file asks for a mirrored picture, rotated by {orientation.degrees}° before."]
    if orientation.degrees:
        return orientation, [f"The picture is rotated by {orientation.degrees}° clockwise, as the file asks."]
    return orientation, []
