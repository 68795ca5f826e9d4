"""What other detectors think of the boxes that people drew: soft classes for a training of the bundled YOLOR-N.

    python models/teachers.py PICTURES --teacher MODEL --teacher MODEL

A box teaches its own class and, half as much, what the teachers see in its place: that a cow looks somewhat like a
horse is more than "cow" says. Nothing else of the teachers is used: neither their weights nor boxes of their own.
PICTURES is what `make_yolor_n.py prepare` wrote; the result is `taught.npy` in it. A teacher is any model that the
program can run (`yolor-studio models list`), whose classes are matched by name.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from yolor_studio.core.boxes import iou_matrix, xyxy_to_xywh
from yolor_studio.core.class_names import match_classes
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import find_model
from yolor_studio.train.batches import Batch
from yolor_studio.train.loss import Targets
from yolor_studio.train.objective import BoxObjective
from yolor_studio.train.recipe import Recipe
from yolor_studio.train.samples import NumberedBoxes, PictureStore
from yolor_studio.yolor.plan import Plan

log = logging.getLogger("teachers")
FILE = "taught.npy"
SHARE = 0.5
"""Of what a box teaches, so much is the teachers' opinion."""
SAME_THING = 0.45
"""A teacher's prediction is about a box from this IoU on."""
BEST = 5
"""So many predictions speak for a teacher, each as loud as its score and IoU allow."""


class Teacher:
    """One detector, asked about given boxes."""

    def __init__(self, model: str, classes: Sequence[str]) -> None:
        self._detector = Detector(find_model(model))
        matched = match_classes(self._detector.entry.classes, dict(enumerate(classes)))
        self._columns = [(theirs, ours) for theirs, ours in matched.items()]
        self._classes = len(classes)

    def opinions(self, rgb: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """[boxes, C] how likely each class is, the likeliest 1; all 0 where the teacher sees nothing."""
        height, width = rgb.shape[:2]
        letterbox = self._detector.letterbox(width, height)
        image = np.empty((1, letterbox.height, letterbox.width, 3), np.uint8)
        letterbox.apply(rgb, image[0])
        found, scores = (output[0] for output in self._detector.infer(image))
        seen = scores.max(1) > 0.02
        found, scores = letterbox.to_picture(found[seen]), scores[seen]
        opinions = np.zeros((len(boxes), self._classes), np.float32)
        overlaps = iou_matrix(xyxy_to_xywh(boxes), found)
        for number, overlap in enumerate(overlaps):
            loud = np.where(overlap > SAME_THING, overlap * scores.max(1), 0)
            best = loud.argsort()[::-1][:BEST]
            summed = (loud[best, None] * scores[best] / scores[best].max(1, keepdims=True)).sum(0)
            for theirs, ours in self._columns:
                opinions[number, ours] = summed[theirs] if len(best) else 0
        return opinions / opinions.max(1, keepdims=True).clip(1e-6)


def ask(folder: Path, teachers: Sequence[Teacher]) -> NDArray[np.float32]:
    """[boxes of the store, C] what each box is to teach of each class; its own class alone where no teacher sees it."""
    store, numbers = PictureStore(folder), NumberedBoxes(folder)
    taught = np.eye(store.classes, dtype=np.float32)[store.box_classes]
    photographs = [index for index in range(len(store)) if not store.native(index)]
    for count, index in enumerate(photographs, 1):
        opinions = sum(teacher.opinions(store.pixels(index), store.labels(index).boxes) for teacher in teachers)
        highest = np.max(opinions, 1, initial=0, keepdims=True)
        rows = numbers.labels(index).classes[highest[:, 0] > 0]
        taught[rows] += SHARE * ((opinions / highest.clip(1e-6))[highest[:, 0] > 0] - taught[rows])
        if count % 1000 == 0:
            log.info("%d of %d pictures", count, len(photographs))
    return taught


class TaughtObjective(BoxObjective):
    """Boxes that teach what `ask` found, from batches of NumberedBoxes."""

    def __init__(self, plan: Plan, recipe: Recipe, *, device: torch.device, pictures: int, folder: Path) -> None:
        """`pictures`: in a whole batch; `folder`: of the store."""
        super().__init__(plan, recipe, device=device, pictures=pictures)
        self._taught = torch.from_numpy(np.load(folder / FILE).astype(np.float32)).to(device)
        self._classes = torch.from_numpy(PictureStore(folder).box_classes).to(device)

    def targets(self, batch: Batch) -> Targets:
        """See BoxObjective."""
        found = super().targets(batch)
        return replace(found, classes=self._classes[found.classes], wanted=self._taught[found.classes])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--teacher", action="append", required=True, help="a model's name or file")
    args = parser.parse_args()
    classes = find_model(None).classes
    taught = ask(args.pictures, [Teacher(model, classes) for model in args.teacher])
    np.save(args.pictures / FILE, taught.astype(np.float16))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main()
