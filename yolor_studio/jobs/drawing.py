"""A picture with the boxes that a model found, to be looked at outside the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Predictions
from yolor_studio.core.palette import colour_of, ink_on

_FONT_SIZE = 0.45


def with_boxes(rgb: NDArray[np.uint8], found: Predictions, names: Sequence[str]) -> NDArray[np.uint8]:
    """A copy of RGB [H, W, 3] with a box and "name .87" for each prediction, the best ones on top."""
    import cv2

    drawn = rgb.copy()
    for row in reversed(range(len(found))):
        x, y, width, height = (float(value) for value in found.boxes[row])
        index = int(found.classes[row, 0])
        colour, ink = _rgb(colour_of(index)), _rgb(ink_on(index))
        corners = (round(x), round(y)), (round(x + width) - 1, round(y + height) - 1)
        cv2.rectangle(drawn, *corners, (0, 0, 0), 4)
        cv2.rectangle(drawn, *corners, colour, 2)
        text = f"{_ascii(names[index])} {found.scores[row, 0]:.2f}".replace(" 0.", " .")
        _label(drawn, text, corners[0], ground=colour, ink=ink)
    return drawn


def _label(
    drawn: NDArray[np.uint8],
    text: str,
    corner: tuple[int, int],
    *,
    ground: tuple[int, int, int],
    ink: tuple[int, int, int],
) -> None:
    import cv2

    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _FONT_SIZE, 1)
    left = min(max(corner[0], 0), max(drawn.shape[1] - width - 6, 0))
    bottom = corner[1] if corner[1] > height + 6 else corner[1] + height + 6
    cv2.rectangle(drawn, (left, bottom - height - 6), (left + width + 6, bottom), ground, cv2.FILLED)
    cv2.putText(drawn, text, (left + 3, bottom - 4), cv2.FONT_HERSHEY_SIMPLEX, _FONT_SIZE, ink, 1, cv2.LINE_AA)


def _ascii(name: str) -> str:
    """OpenCV's letters are ASCII."""
    return name.encode("ascii", "replace").decode()


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
