"""What a camera adds: a little blur, noise, and light that is never quite steady."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Film"]


@dataclass(frozen=True)
class Film:
    """How pictures are taken."""

    noise: float = 1.6
    """Standard deviation in grey levels."""
    blur: float = 0.0
    """Standard deviation in pixels; 0 is as painted."""
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Multiplies red, green, blue."""
    lift: float = 0.0
    """Added to every channel."""
    flicker: float = 0.0
    """How much the exposure wanders from frame to frame."""
    jpeg: int = 0
    """The quality of JPEG compression, 0 for none."""

    def expose(self, frame: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """The RGB picture as the camera gives it; `rng` is the frame's own."""
        if self.blur > 0.05:
            frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), self.blur), np.uint8)
        exposure = 1.0 + self.flicker * float(rng.uniform(-1, 1))
        if self.gain != (1.0, 1.0, 1.0) or self.lift or self.flicker:
            levels = np.arange(256)[:, None] * (np.array(self.gain) * exposure) + self.lift
            table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None]
            frame = np.asarray(cv2.LUT(frame, table), np.uint8)
        if self.noise > 0.05:
            height, width = frame.shape[:2]
            y, x = int(rng.integers(_SPARE)), int(rng.integers(_SPARE))
            grain = _noise(height, width)[y : y + height, x : x + width]
            grain = cv2.addWeighted(grain, self.noise / _DEVIATION, grain, 0, 0)
            frame = np.asarray(cv2.add(frame, grain, dtype=cv2.CV_8U), np.uint8)
        if self.jpeg:
            frame = _compress(frame, self.jpeg)
        return frame


def _compress(frame: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    bgr = np.ascontiguousarray(frame[..., ::-1])
    _, code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


_DEVIATION = 100
_SPARE = 61
"""Pixels by which the kept noise is larger than a picture, so that every frame cuts it elsewhere."""


@lru_cache(maxsize=2)
def _noise(height: int, width: int) -> NDArray[np.int16]:
    """Noise with a deviation of 100, mostly the same in all channels -> [height + 61, width + 61, 3]."""
    rng = np.random.default_rng([521, height, width])
    shape = (height + _SPARE, width + _SPARE)
    grey = rng.standard_normal((*shape, 1), np.float32) * 0.9
    return np.rint((grey + rng.standard_normal((*shape, 3), np.float32) * 0.45) * _DEVIATION).astype(np.int16)
