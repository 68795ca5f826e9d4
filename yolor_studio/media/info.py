"""What was found about a media: the answer of `yolor-studio info` and the content of the media panel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolor_studio.core.entities import MediaKind


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """One media as displayed: after EXIF orientation, rotation and mirroring, with non-square pixels left as stored."""

    kind: MediaKind
    path: Path
    codec: str
    width: int
    """Of the displayed frame, in pixels."""
    height: int
    frames: int
    """Frames that decode; as long as `verified` is False only what the file promises."""
    constant_rate: bool
    fps: float | None
    """Mean frames per second; None for images and sequences."""
    rotation: int
    """Degrees clockwise applied for display: 0, 90, 180 or 270."""
    notes: tuple[str, ...] = ()
    """Sentences about what is odd."""
    verified: bool = True
    """Whether `frames` was proved by decoding."""

    def as_json(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return {
            "kind": self.kind.value,
            "path": str(self.path),
            "codec": self.codec,
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "constant_rate": self.constant_rate,
            "fps": self.fps,
            "rotation": self.rotation,
            "notes": list(self.notes),
            "verified": self.verified,
        }
