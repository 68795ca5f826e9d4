"""How fast a model should learn on when it knows the classes already: one table's rows of docs/measurements.md.

    python tests/bench/known_classes.py DATASETS CASE [--rates .004 .001] [--steps 300] [--size 192] [--seed 1]

CASE, of pictures that the bundled model was not trained on (DATASETS holds mot-tud-stadtmitte, mot-tud-campus, voc20
and bccd):

street  60 of the first 120 frames of TUD-Stadtmitte, whose persons the model knows; measured on the last 40 frames
        of the same clip and on TUD-Campus, another street
voc     100 pictures of one half of voc20/val with its 20 classes; measured on 120 of the other
mixed   60 of those and 15 pictures of blood cells, so that about half of the boxes are of classes that are new
cells   the 50 pictures of blood cells that come first, whose classes are all new

The recipe is what `train` takes for so many pictures, but for the rate and the number of steps. Nothing is chosen by
these measurements: `end` is after the last step. Prints a JSON line a run: AP50 and AP of the start, of the worst and
the best measurement on the way and of the end, and CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from loop_bccd import CELLS, coco

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.resources import shipped
from yolor_studio.jobs.training_data import Picture
from yolor_studio.jobs.validation import Validation
from yolor_studio.media import open_media
from yolor_studio.train.batches import Batches
from yolor_studio.train.device import start_from
from yolor_studio.train.presets import AT_ONCE, preset_for, recipe_of
from yolor_studio.train.samples import Labels, PictureStore, balanced_weights, write_store
from yolor_studio.train.surgery import transplant
from yolor_studio.train.trainer import Trainer
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.rebuild import with_classes
from yolor_studio.yolor.safetensors_io import load_network

_MEASUREMENTS = 4


@dataclass(frozen=True, slots=True)
class Case:
    """What is learned from and what is measured on, by name."""

    classes: tuple[str, ...]
    learned: Iterable[Picture]
    tests: Mapping[str, Iterable[Picture]]


def labels(rows: Sequence[Sequence[float]], classes: Sequence[int], crowd: Sequence[bool], names: int) -> Labels:
    """Of a picture in which everything is labelled; rows: x, y, width, height."""
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Labels(boxes, np.array(classes, np.int64), np.array(crowd, np.bool_), np.ones(names, np.bool_))


def street(folder: Path, clip: str, frames: Iterable[int]) -> Iterator[Picture]:
    """Persons of a MOTChallenge clip; their boxes end at the picture's edge."""
    rows = np.loadtxt(folder / f"mot-{clip}" / "gt" / "gt.txt", delimiter=",")
    with open_media(folder / f"mot-{clip}" / f"{clip}.mp4") as source:
        for frame, rgb in source.frames(frames):
            corners = rows[rows[:, 0] == frame + 1][:, 2:6]
            corners[:, 2:] += corners[:, :2]
            corners = corners.clip(0, [*rgb.shape[1::-1]] * 2)
            corners[:, 2:] -= corners[:, :2]
            yield rgb, labels(corners.tolist(), [0] * len(corners), [False] * len(corners), 1)


def voc(
    folder: Path, images: Sequence[dict[str, Any]], boxes: Sequence[dict[str, Any]], names: int, *, test: bool
) -> Iterator[Picture]:
    """Difficult things are learned, and neither missed nor made up where it is measured."""
    for image in images:
        mine = [box for box in boxes if box["image_id"] == image["id"]]
        with open_media(folder / image["file_name"]) as source:
            rgb = source.read(0)
        kinds = [box["category_id"] - 1 for box in mine]
        yield rgb, labels([box["bbox"] for box in mine], kinds, [test and bool(b["ignore"]) for b in mine], names)


def cells(folder: Path, split: str, count: int, *, first: int, names: int) -> Iterator[Picture]:
    """BCCD's pictures of a split, whose classes come after `first` others."""
    stems = sorted((folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split())[:count]
    content = coco(folder, stems)
    for stem, image in zip(stems, content["images"], strict=True):
        mine = [box for box in content["annotations"] if box["image_id"] == image["id"]]
        with open_media(folder / "JPEGImages" / f"{stem}.jpg") as source:
            rgb = source.read(0)
        kinds = [first + box["category_id"] - 1 for box in mine]
        yield rgb, labels([box["bbox"] for box in mine], kinds, [False] * len(mine), names)


def case_of(name: str, datasets: Path) -> Case:
    """See the top of this file."""
    if name == "street":
        tests = {
            "same clip": street(datasets, "tud-stadtmitte", range(140, 179, 2)),
            "other street": street(datasets, "tud-campus", range(0, 71, 2)),
        }
        return Case(("person",), street(datasets, "tud-stadtmitte", range(0, 120, 2)), tests)
    bccd, pictures = datasets / "bccd", datasets / "voc20" / "val"
    if name == "cells":
        learned = cells(bccd, "train", 50, first=0, names=len(CELLS))
        return Case(CELLS, learned, {"cells": cells(bccd, "test", 36, first=0, names=len(CELLS))})
    content = json.loads(pictures.with_suffix(".json").read_text())
    images, boxes = content["images"], content["annotations"]
    images = [images[place] for place in np.random.default_rng(0).permutation(len(images))]
    known = tuple(category["name"] for category in content["categories"])
    classes, count = (known, 100) if name == "voc" else (known + CELLS, 60)
    names = len(classes)
    tests = {"voc": voc(pictures, images[200:320], boxes, names, test=True)}
    learned = [voc(pictures, images[:count], boxes, names, test=False)]
    if name == "mixed":
        learned.append(cells(bccd, "train", 15, first=len(known), names=names))
        tests["cells"] = cells(bccd, "test", 36, first=len(known), names=names)
    return Case(classes, (picture for part in learned for picture in part), tests)


def run(
    case: Case, learned: PictureStore, tests: Mapping[str, PictureStore], *, rate: float, args: argparse.Namespace
) -> dict[str, Any]:
    """A row."""
    began = time.process_time()
    start_from(args.seed)
    base = load_network(shipped("models", "yolor-n.safetensors"))
    plan = build_plan(with_classes(base.description, len(case.classes)))
    network = Network(plan, bn_eps=base.weights.bn_eps)
    kept = transplant(network, base.weights.arrays, old=base.names, new=case.classes)
    pictures = len(learned)
    batch = preset_for(pictures).batch
    preset = replace(preset_for(pictures), epochs=args.steps * batch / pictures)
    recipe = recipe_of(preset, pictures=pictures, size=args.size, parameters=plan.parameters)
    recipe = replace(recipe, lr=rate)
    batches = Batches(learned, balanced_weights(learned), batch=batch, seed=args.seed)
    trainer = Trainer(network, batches, recipe, at_once=AT_ONCE)
    measures = {name: Validation(store, trainer.network, size=args.size) for name, store in tests.items()}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in measures}

    def measure() -> None:
        for name, one in measures.items():
            ap, ap50 = one.measure(trainer.ema.values, CancelToken())
            found[name].append((round(ap50, 3), round(ap, 3)))

    measure()
    for report in trainer.run():
        if report.step % max(recipe.steps // _MEASUREMENTS, 1) == 0 or report.step == recipe.steps:
            measure()
    counts = learned.class_counts().sum(0)
    fresh = [row for row, name in enumerate(case.classes) if name not in kept]
    return {
        "case": args.case,
        "rate": rate,
        "steps": recipe.steps,
        "size": args.size,
        "seed": args.seed,
        "pictures": pictures,
        "new boxes": round(float(counts[fresh].sum() / counts.sum()), 2),
        "found": {
            name: {"start": all_[0], "worst": min(all_), "best": max(all_[1:]), "end": all_[-1]}
            for name, all_ in found.items()
        },
        "AP50": {name: [ap50 for ap50, _ in all_] for name, all_ in found.items()},
        "cpu": round(time.process_time() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("case", choices=("street", "voc", "mixed", "cells"))
    parser.add_argument("--rates", type=float, nargs="+", default=[0.004, 0.002, 0.001, 0.0005, 0.00025])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    case = case_of(args.case, args.datasets)
    with tempfile.TemporaryDirectory() as folder:
        learned = write_store(Path(folder, "learned"), case.learned, side=2 * args.size)
        tests = {name: write_store(Path(folder, name), some, side=args.size) for name, some in case.tests.items()}
        for rate in args.rates:
            row = run(case, learned, tests, rate=rate, args=args)
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
