"""How a video's frames look: what an index keeps of the header, so that opening needs no decoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yolor_studio.media.orientation import UPRIGHT, Orientation

MAX_PIXELS = 16_384 * 8_192
"""A frame larger than that is not decoded."""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """The form of the stored frames."""

    codec: str
    width: int
    """Of the first stored frame, before orientation, in pixels."""
    height: int
    orientation: Orientation = UPRIGHT
    rate: tuple[int, int] | None = None
    """The mean frames per second that the header claims, as a fraction."""
    damaged: bool = False
    """Whether some packets did not decode or the decoder guessed parts of a picture."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) as stored."""
        return self.width, self.height

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) as displayed."""
        return self.orientation.size(self.width, self.height)

    def as_json(self) -> dict[str, Any]:
        """The format as plain JSON values."""
        return {
            "codec": self.codec,
            "width": self.width,
            "height": self.height,
            "degrees": self.orientation.degrees,
            "mirrored": self.orientation.mirrored,
            "rate": self.rate,
            "damaged": self.damaged,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> StreamFormat:
        """What `as_json` gave; raises ValueError, KeyError or TypeError when it makes no sense."""
        width, height, degrees = (int(values[name]) for name in ("width", "height", "degrees"))
        if width < 1 or height < 1 or width * height > MAX_PIXELS or degrees not in (0, 90, 180, 270):
            raise ValueError(f"frames of {width} x {height} turned by {degrees}")
        rate = None
        if values["rate"] is not None:
            rate = int(values["rate"][0]), int(values["rate"][1])
            if min(rate) < 1:
                raise ValueError(f"rate {rate}")
        orientation = Orientation(degrees, bool(values["mirrored"]))
        return cls(str(values["codec"]), width, height, orientation, rate, bool(values["damaged"]))
