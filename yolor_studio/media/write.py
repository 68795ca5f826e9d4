"""Writing pictures: atomic, without metadata, under any name the file system takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.core.files import write_whole


def save_png(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write RGB [H, W, 3] as PNG, the very pixels. Raises MediaError when it cannot be written."""
    import cv2

    # Level 1: a third of the time of the default for files a few percent larger.
    _save(path, rgb, ".png", [int(cv2.IMWRITE_PNG_COMPRESSION), 1])


def save_jpeg(path: Path, rgb: NDArray[np.uint8], *, quality: int = 95) -> None:
    """Write RGB [H, W, 3] as JPEG of `quality` 1 to 100. Raises MediaError when it cannot be written."""
    import cv2

    _save(path, rgb, ".jpg", [int(cv2.IMWRITE_JPEG_QUALITY), quality])


def thumbnail(rgb: NDArray[np.uint8], max_side: int) -> NDArray[np.uint8]:
    """[H, W, C] made smaller by area averaging until the longer side is `max_side` pixels; never enlarged."""
    import cv2

    height, width = rgb.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _save(path: Path, rgb: NDArray[np.uint8], suffix: str, options: list[int]) -> None:
    import cv2

    done, data = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        height, width = rgb.shape[:2]
        raise MediaError(f"{path.name} cannot be written: a picture of {width} x {height} does not fit {suffix}.")
    try:
        write_whole(path, data.tobytes())
    except OSError as error:
        raise MediaError(f"{path} cannot be written: {error.strerror or error}. Nothing was changed there.") from error
