"""The ways of YOLOR's own detect.py and test.py, to the digit, for people who check numbers.

What a person works with is letterbox.py and suppress.py; docs/decisions/0012 says what differs and why.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from yolor_studio.core.boxes import xyxy_to_xywh
from yolor_studio.core.entities import Predictions
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.letterbox import PADDING_GREY, Letterbox
from yolor_studio.detect.suppress import suppress

DETECT_SCORE, DETECT_IOU = 0.4, 0.5
"""detect.py keeps scores above the one and suppresses overlaps above the other."""
TEST_SCORE, TEST_IOU = 0.001, 0.65
"""The same of test.py."""
MAX_BOXES = 300
"""The most boxes of a picture."""
MULTIPLE = 64
"""Input sides are multiples of this, in pixels, whatever the network's stride."""
_CLASS_OFFSET = 4096
_BATCH = 32
_RECT_PAD = 0.5
_TOP = 3


def input_multiple(stride: int) -> int:
    """What input sides are multiples of: the official 64, or the model's own stride where 64 does not fit it."""
    return MULTIPLE if MULTIPLE % stride == 0 else stride


def checked_size(size: int, multiple: int) -> int:
    """The input size rounded up to a multiple (check_img_size)."""
    return math.ceil(size / multiple) * multiple


@dataclass(frozen=True, slots=True)
class DetectLetterbox(Letterbox):
    """letterbox() as detect.py calls it: scaled to fit, by rounding, and padded to the next multiple."""

    @classmethod
    def fit(cls, picture_width: int, picture_height: int, *, size: int, multiple: int) -> DetectLetterbox:
        """The input for a picture of this size."""
        ratio = min(size / picture_height, size / picture_width)
        width, height = (max(round(side * ratio), 1) for side in (picture_width, picture_height))
        across, down = (size - width) % multiple / 2, (size - height) % multiple / 2
        return cls(
            picture_width,
            picture_height,
            width=width + round(across - 0.1) + round(across + 0.1),
            height=height + round(down - 0.1) + round(down + 0.1),
            scaled_width=width,
            scaled_height=height,
            left=round(across - 0.1),
            top=round(down - 0.1),
        )

    def apply(self, rgb: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """As Letterbox.apply, by linear interpolation whatever the scale."""
        import cv2

        _place(self, rgb, out, cv2.INTER_LINEAR)

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """scale_coords and .round(): the border is taken as the float that it was before it became whole pixels, so
        that boxes are off by up to half a pixel, and corners are whole numbers."""
        gain = min(self.height / self.picture_height, self.width / self.picture_width)
        pad = (self.width - self.picture_width * gain) / 2, (self.height - self.picture_height * gain) / 2
        corners = _unmapped(xyxy, gain, pad, self)
        return xyxy_to_xywh(corners.round()).astype(np.float32)


@dataclass(frozen=True, slots=True)
class RectLetterbox(Letterbox):
    """load_image() and letterbox() as test.py calls them: the longest side scaled to the size, the other cut to whole
    pixels, then padded to the shape of the batch."""

    @classmethod
    def fit(cls, picture_width: int, picture_height: int, *, size: int, shape: tuple[int, int]) -> RectLetterbox:
        """The input of `shape` (height, width) for a picture of this size."""
        ratio = size / max(picture_height, picture_width)
        width, height = picture_width, picture_height
        if ratio != 1:
            width, height = max(int(width * ratio), 1), max(int(height * ratio), 1)
        across, down = (shape[1] - width) / 2, (shape[0] - height) / 2
        return cls(
            picture_width,
            picture_height,
            width=shape[1],
            height=shape[0],
            scaled_width=width,
            scaled_height=height,
            left=round(across - 0.1),
            top=round(down - 0.1),
        )

    def apply(self, rgb: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """As Letterbox.apply, by areas where the picture shrinks."""
        import cv2

        shrinks = max(self.scaled_width, self.scaled_height) < max(self.picture_width, self.picture_height)
        _place(self, rgb, out, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """scale_coords with ratio_pad: both axes by the ratio of the heights, nothing rounded."""
        gain = self.scaled_height / self.picture_height
        pad = (self.width - self.scaled_width) / 2, (self.height - self.scaled_height) / 2
        corners = _unmapped(xyxy, gain, pad, self)
        size = corners[:, 2:] - corners[:, :2]
        # The corner is worked out from the centre, as in the official code: the third decimal may hang on it.
        return np.concatenate(((corners[:, :2] + corners[:, 2:]) / 2 - size / 2, size), axis=1)


def rect_shapes(sizes: ArrayLike, *, size: int, multiple: int = MULTIPLE) -> NDArray[np.int64]:
    """Input shapes [N, 2] (height, width) of pictures [N, 2] (width, height): batches of 32 by rising height over
    width, each as long as its extreme picture needs and half a multiple more, rounded up."""
    pictures = np.asarray(sizes, np.float64).reshape(-1, 2)
    aspects = pictures[:, 1] / pictures[:, 0]
    order = aspects.argsort()
    shapes = np.zeros((len(pictures), 2), np.int64)
    for start in range(0, len(order), _BATCH):
        batch = order[start : start + _BATCH]
        lowest, highest = aspects[batch].min(), aspects[batch].max()
        sides = np.array((highest, 1) if highest < 1 else (1, 1 / lowest) if lowest > 1 else (1, 1))
        shapes[batch] = np.ceil(sides * size / multiple + _RECT_PAD).astype(np.int64) * multiple
    return shapes


def multi_label(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    min_score: float,
    iou: float,
    agnostic: bool = False,
    only: Collection[int] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """non_max_suppression(): (rows, classes) of what stays, best first, of boxes [K, 4] (x1, y1, x2, y2) and scores
    [K, C] (objectness times class).

    Every box is a detection of each class whose score is strictly above `min_score` (of the classes in `only`). Boxes
    are moved by their class times 4,096 px, all by 0 where `agnostic`, and go when they overlap a better one by
    strictly more than `iou`; 300 stay.
    """
    rows, classes = np.nonzero(scores > min_score)
    if only is not None:
        wanted = np.isin(classes, list(only))
        rows, classes = rows[wanted], classes[wanted]
    order = np.argsort(-scores[rows, classes], kind="stable")
    rows, classes = rows[order], classes[order]
    offsets = np.zeros(len(rows), np.float32) if agnostic else (classes * _CLASS_OFFSET).astype(np.float32)
    kept = suppress(boxes[rows] + offsets[:, None], iou, most=MAX_BOXES)
    return rows[kept], classes[kept]


class DetectPy(Detector):
    """A detector that prepares, suppresses and rounds as detect.py does."""

    def letterbox(self, width: int, height: int) -> Letterbox:
        """The input for pictures of this size."""
        multiple = input_multiple(self.entry.stride)
        return DetectLetterbox.fit(width, height, size=checked_size(self.size, multiple), multiple=multiple)

    def finish(
        self, boxes: NDArray[np.float32], scores: NDArray[np.float32], letterbox: Letterbox, *, min_score: float
    ) -> Predictions:
        """One frame's detections, one per box and class."""
        return _predictions(boxes, scores, letterbox, min_score=min_score, iou=DETECT_IOU)


class TestPy:
    """Runs a detector over a data set as test.py does: an input's shape depends on all pictures of the set."""

    __test__ = False  # no test of pytest's, for all its name

    def __init__(self, detector: Detector, sizes: ArrayLike) -> None:
        """`sizes` [N, 2] are width and height of the pictures that will come."""
        self._detector = detector
        stride, multiple = detector.entry.stride, input_multiple(detector.entry.stride)
        # A model of fixed size, or one that fits pictures itself, sees the square that the official code makes
        # without its rectangles.
        square = stride in (1, detector.entry.size)
        self._size = checked_size(detector.size, stride if square else multiple)
        self._shapes = rect_shapes(sizes, size=self._size, multiple=multiple)
        if square:
            self._shapes[:] = self._size

    def predict(self, index: int, rgb: NDArray[np.uint8]) -> Predictions:
        """The detections of picture `index` [H, W, 3], one per box and class."""
        height, width = rgb.shape[:2]
        high, wide = self._shapes[index].tolist()
        letterbox = RectLetterbox.fit(width, height, size=self._size, shape=(high, wide))
        image = np.empty((1, high, wide, 3), np.uint8)
        letterbox.apply(rgb, image[0])
        boxes, scores = self._detector.infer(image)
        return _predictions(boxes[0], scores[0], letterbox, min_score=TEST_SCORE, iou=TEST_IOU)

    @staticmethod
    def written(detections: NDArray[np.float64]) -> NDArray[np.float64]:
        """Detections [N, 7] (picture, category, x, y, w, h, score) as test.py writes them into its JSON file: 3
        decimals of a pixel, 5 of a score."""
        # Python's round is exact, numpy's is not.
        rows = [(*row[:2], *(round(value, 3) for value in row[2:6]), round(row[6], 5)) for row in detections.tolist()]
        return np.array(rows, np.float64).reshape(-1, 7)


def _predictions(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], letterbox: Letterbox, *, min_score: float, iou: float
) -> Predictions:
    rows, classes = multi_label(boxes, scores, min_score=min_score, iou=iou)
    top_classes = np.full((len(rows), _TOP), -1, np.int16)
    top_scores = np.zeros((len(rows), _TOP), np.float32)
    top_classes[:, 0], top_scores[:, 0] = classes, scores[rows, classes]
    return Predictions(letterbox.to_picture(boxes[rows]), top_classes, top_scores, np.full(len(rows), -1, np.int32))


def _place(letterbox: Letterbox, rgb: NDArray[np.uint8], out: NDArray[np.uint8], interpolation: int) -> None:
    import cv2

    size = (letterbox.scaled_width, letterbox.scaled_height)
    if rgb.shape[1::-1] != size:
        rgb = cv2.resize(rgb, size, interpolation=interpolation).astype(np.uint8, copy=False)
    out[:] = PADDING_GREY
    out[letterbox.top : letterbox.top + size[1], letterbox.left : letterbox.left + size[0]] = rgb


def _unmapped(
    xyxy: NDArray[np.float32], gain: float, pad: tuple[float, float], letterbox: Letterbox
) -> NDArray[np.float32]:
    corners = (xyxy - np.array(pad * 2, np.float32)) / np.float32(gain)
    corners[:, 0::2] = corners[:, 0::2].clip(0, letterbox.picture_width)
    corners[:, 1::2] = corners[:, 1::2].clip(0, letterbox.picture_height)
    return corners
