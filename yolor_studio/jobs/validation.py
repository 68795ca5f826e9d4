"""How good a network is while it is trained: its own torch inference, the program's suppression, COCO's AP.

torch and onnxruntime never share a process, so that the model's ONNX file cannot be measured here; what is measured is
read, fitted, suppressed and scored as `yolor-studio eval` does, under the usual cap of 100 detections.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.detect.letterbox import Letterbox
from yolor_studio.detect.suppress import candidates_to_predictions
from yolor_studio.metrics import COCO_MAX_DETS

if TYPE_CHECKING:
    from yolor_studio.train.samples import PictureStore
    from yolor_studio.yolor.network import Network

_MIN_SCORE = 0.005
_AT_ONCE = 8


class Validation:
    """Measures weights on the pictures that were kept apart."""

    def __init__(self, store: PictureStore, network: Network, *, size: int) -> None:
        """`size`: the longest side of the input in pixels."""
        from yolor_studio.train.predict import Seer

        self._store = store
        self._seer = Seer(network)
        self._boxes = [
            Letterbox.rectangular(*store.size(index)[::-1], size=size, stride=network.plan.stride)
            for index in range(len(store))
        ]
        self._truth = np.concatenate([_truth_rows(store, index) for index in range(len(store))])

    def __len__(self) -> int:
        return len(self._store)

    @property
    def boxes(self) -> int:
        """Boxes to find; without any there is no AP."""
        return int((self._truth[:, 7] == 0).sum())

    def measure(self, weights: Mapping[str, Any], cancel: CancelToken) -> tuple[float, float]:
        """(AP over IoU .50:.05:.95, AP50) of the network with these weights. Raises Cancelled."""
        # In this process: it is a child already.
        from yolor_studio.metrics.cocoeval import score

        self._seer.load(weights)
        found = [row for rows in self._detections(cancel) for row in rows.tolist()]
        request = {
            "images": len(self),
            "categories": [[number, ""] for number in range(self._store.classes)],
            "truth": self._truth.tolist(),
            "found": found,
            "max_dets": COCO_MAX_DETS,
        }
        with contextlib.redirect_stdout(io.StringIO()):  # pycocotools talks
            scores = score(request)
        return scores.ap or 0.0, scores.ap50 or 0.0

    def _detections(self, cancel: CancelToken) -> Iterator[NDArray[np.float64]]:
        for indices in self._batches():
            cancel.check()
            boxes = [self._boxes[index] for index in indices]
            pixels = np.empty((len(indices), boxes[0].height, boxes[0].width, 3), np.uint8)
            for box, index, row in zip(boxes, indices, pixels, strict=True):
                box.apply(self._store.pixels(index), row)
            for box, index, candidates in zip(
                boxes, indices, self._seer.candidates(pixels, min_score=_MIN_SCORE), strict=True
            ):
                seen = candidates_to_predictions(*candidates, box, min_score=_MIN_SCORE)
                classes = seen.classes[:, 0].astype(np.int64)
                rows = np.column_stack((np.full(len(seen), index + 1), classes + 1, seen.boxes, seen.scores[:, 0]))
                yield rows[self._store.labels(index).labelled[classes]].astype(np.float64)

    def _batches(self) -> Iterator[Sequence[int]]:
        """Pictures whose inputs have one shape, a few at a time."""
        shapes: dict[tuple[int, int], list[int]] = {}
        for index, box in enumerate(self._boxes):
            shapes.setdefault((box.height, box.width), []).append(index)
        for indices in shapes.values():
            for start in range(0, len(indices), _AT_ONCE):
                yield indices[start : start + _AT_ONCE]


def _truth_rows(store: PictureStore, index: int) -> NDArray[np.float64]:
    """[N, 8] picture, category, x, y, w, h, area, crowd; numbered from 1."""
    labels = store.labels(index)
    sides = labels.boxes[:, 2:] - labels.boxes[:, :2]
    return np.column_stack(
        (
            np.full(len(labels.boxes), index + 1),
            labels.classes + 1,
            labels.boxes[:, :2],
            sides,
            sides.prod(1),
            labels.crowd,
        )
    ).astype(np.float64)
