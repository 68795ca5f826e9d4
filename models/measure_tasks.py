"""How good a network's tags and embeddings are, what they cost, and how far one gets without them.

    python models/measure_tasks.py NETWORK.safetensors --datasets DATASETS [--clips 12]

Prints one JSON object. Tags: mean average precision and F1 over voc20/val, beside tags made of the best box of every
class. Embeddings: whether a found object's vector finds the same object in a later frame of an unseen rendered clip
and of mot-tud-campus, beside colours of the boxes, their overlap and chance. Cost: the same network with and without
these outputs, run in turns, on one thread.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.boxes import iou_matrix
from yolor_studio.demo.scene import SceneSpec, render_scene
from yolor_studio.detect.detector import Detector, Findings
from yolor_studio.detect.library import find_model
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.safetensors_io import SavedNetwork, load_network
from yolor_studio.yolor.tasks import without_tasks
from yolor_studio.yolor.weights import Weights

FIRST_CLIP = 700
"""The first seed of the clips for measuring; training uses seeds from a million on."""
GAPS = (5, 12, 24)
"""Frames (24 or 25 a second) between two in which the same objects are looked for."""
OVERLAP = 0.5
Array = NDArray[np.float64]
Frame = tuple[int, NDArray[np.uint8], list[tuple[int, int, list[float]]]]
"""Its number, RGB, and (identity, kind, box as x, y, w, h) of what is in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The true objects of one frame that the network found."""

    identities: NDArray[np.int64]
    kinds: NDArray[np.int64]
    boxes: Array
    """As x, y, w, h."""
    vectors: Array
    colours: Array
    missed: int


def both_forms(network: SavedNetwork, folder: Path) -> tuple[Path, Path]:
    """The network as ONNX, with everything and for boxes alone."""
    bare = without_tasks(network.description)
    files = folder / "all.onnx", folder / "boxes.onnx"
    for description, file in zip((network.description, bare), files, strict=True):
        plan = build_plan(description)
        weights = Weights({name: network.weights[name] for name in plan.shapes()}, network.weights.bn_eps)
        model = build_onnx(
            plan, weights, names=network.names, licence="", source_hash="", size=network.size, half_storage=True
        )
        file.write_bytes(model.SerializeToString())
    return files


def tags(detector: Detector, datasets: Path) -> dict[str, object]:
    """Over voc20/val; a class of which a picture has difficult objects alone does not count there."""
    truth = json.loads((datasets / "voc20" / "val.json").read_text("utf-8"))
    names = list(detector.entry.classes)
    column = {each["id"]: names.index(each["name"]) for each in truth["categories"]}
    row = {image["id"]: number for number, image in enumerate(truth["images"])}
    there = np.zeros((len(row), len(names)), np.bool_)
    doubtful = np.zeros_like(there)
    for box in truth["annotations"]:
        (doubtful if box["ignore"] else there)[row[box["image_id"]], column[box["category_id"]]] = True
    scores, by_box = np.zeros(there.shape), np.zeros(there.shape)
    for image in truth["images"]:
        seen = detector.see([picture(datasets / "voc20" / "val" / image["file_name"])], min_score=0.001)[0]
        assert seen.tags is not None
        scores[row[image["id"]]] = seen.tags
        sure = seen.predictions.classes >= 0
        np.maximum.at(by_box[row[image["id"]]], seen.predictions.classes[sure], seen.predictions.scores[sure])
    counted = there | ~doubtful
    return {
        "pictures": len(row),
        "tags": rated(scores, there, counted),
        "best box of the class": rated(by_box, there, counted),
        "always the same guess": rated(np.tile(there.mean(0), (len(row), 1)), there, counted),
    }


def picture(file: Path) -> NDArray[np.uint8]:
    """RGB of a file that is known to be a picture."""
    bgr = cv2.imread(str(file))
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def rated(scores: Array, there: NDArray[np.bool_], counted: NDArray[np.bool_]) -> dict[str, float]:
    """The mean over classes of average precision, and the best F1 of one limit for all classes with that limit."""
    precisions = [
        average_precision(values[use], right[use])
        for values, right, use in zip(scores.T, there.T, counted.T, strict=True)
    ]
    flat, right = scores[counted], there[counted]
    order = np.argsort(-flat)
    hits = np.cumsum(right[order])
    f1 = 2 * hits / (np.arange(1, len(flat) + 1) + right.sum())
    best = int(f1.argmax())
    at_half = (flat >= 0.5).sum() + right.sum()
    return {
        "mAP": round(float(np.mean(precisions)), 4),
        "F1": round(float(f1[best]), 4),
        "limit": round(float(flat[order][best]), 3),
        "F1 at 0.5": round(float(2 * (right & (flat >= 0.5)).sum() / at_half), 4),
    }


def average_precision(scores: Array, right: NDArray[np.bool_]) -> float:
    """The mean precision at every right one; equal scores count as one."""
    return float(np.mean([right[scores >= score].mean() for score in scores[right]])) if right.any() else 0.0


def clip_frames(seed: int) -> Iterator[Frame]:
    """The frames of a rendered clip that are looked at, with what is well to be seen."""
    spec = SceneSpec(seed=seed, width=640, height=360, frames=96, fps=24.0)
    kinds: dict[str, int] = {}
    for number, (rgb, truth) in enumerate(render_scene(spec)):
        clear = [seen for seen in truth if seen.visible > 0.5 and not seen.barely_visible]
        if looked_at(number):
            yield (
                number,
                rgb,
                [
                    (t.track_id, kinds.setdefault(t.category, len(kinds)), [t.box.x, t.box.y, t.box.w, t.box.h])
                    for t in clear
                ],
            )


def campus_frames(folder: Path) -> Iterator[Frame]:
    """The same of a MOTChallenge sequence of persons."""
    rows = np.loadtxt(folder / "gt" / "gt.txt", delimiter=",")
    for number, file in enumerate(sorted((folder / "img1").glob("*.jpg"))):
        if looked_at(number):
            here = rows[rows[:, 0] == number + 1]
            yield number, picture(file), [(int(row[1]), 0, row[2:6].tolist()) for row in here]


def looked_at(number: int) -> bool:
    """A raster in which every gap has its pairs."""
    return number % GAPS[1] in (0, GAPS[0])


def found_in(detector: Detector, rgb: NDArray[np.uint8], truth: Sequence[tuple[int, int, list[float]]]) -> Found:
    """Every true object's best prediction, where one covers it well enough; no prediction stands for two."""
    seen: Findings = detector.see([rgb])[0]
    boxes = seen.predictions.boxes.astype(np.float64)
    overlap = iou_matrix(xyxy([box for _, _, box in truth]), xyxy(boxes)) if len(boxes) and truth else np.zeros((0, 0))
    pairs: list[tuple[int, int]] = []
    while overlap.size and overlap.max() >= OVERLAP:
        which, row = np.unravel_index(int(overlap.argmax()), overlap.shape)
        pairs.append((int(which), int(row)))
        overlap[which], overlap[:, row] = 0, 0
    rows = [row for _, row in pairs]
    assert seen.embeddings is not None
    return Found(
        np.array([truth[which][0] for which, _ in pairs], np.int64),
        np.array([truth[which][1] for which, _ in pairs], np.int64),
        boxes[rows],
        seen.embeddings[rows].astype(np.float64),
        np.array([colours(rgb, box) for box in boxes[rows]]).reshape(len(rows), -1),
        len(truth) - len(pairs),
    )


def xyxy(boxes: Sequence[Sequence[float]] | Array) -> Array:
    """x, y, w, h -> x1, y1, x2, y2."""
    array = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.concatenate([array[:, :2], array[:, :2] + array[:, 2:]], 1)


def colours(rgb: NDArray[np.uint8], box: Array) -> Array:
    """The square root of the 4 x 4 x 4 histogram of what lies in a box: its dot product is Bhattacharyya's measure."""
    x, y, right, bottom = xyxy(box)[0].round().astype(int).clip(0)
    inside = np.ascontiguousarray(rgb[y : max(bottom, y + 1), x : max(right, x + 1)])
    counts = cv2.calcHist([inside], [0, 1, 2], None, [4, 4, 4], [0, 256] * 3).ravel().astype(np.float64)
    return np.sqrt(counts / max(counts.sum(), 1))


@dataclass(slots=True)
class Retrieval:
    """Gathers how well one likeness finds the same things."""

    right: list[bool]
    same: list[float]
    other: list[float]
    other_of_kind: list[float]

    def take(self, likeness: Array, before: Found, after: Found) -> None:
        same = before.identities[:, None] == after.identities
        kind = before.kinds[:, None] == after.kinds
        self.right += [bool(same[row, likeness[row].argmax()]) for row in np.flatnonzero(same.any(1))]
        self.same += likeness[same].tolist()
        self.other += likeness[~same].tolist()
        self.other_of_kind += likeness[~same & kind].tolist()

    def told(self) -> dict[str, float]:
        return {
            "rank 1": round(float(np.mean(self.right)), 4),
            "AUC": auc(self.same, self.other),
            "AUC within a class": auc(self.same, self.other_of_kind),
        }


def auc(high: Sequence[float], low: Sequence[float]) -> float:
    """How often one of `high` is above one of `low`; equal ones count half."""
    ordered = np.sort(np.asarray(low))
    below, upto = np.searchsorted(ordered, high, "left"), np.searchsorted(ordered, high, "right")
    return round(float((below + upto).mean() / 2 / max(len(ordered), 1)), 4)


def embeddings(detector: Detector, clips: Sequence[Iterator[Frame]]) -> dict[str, object]:
    """Of every object found in both frames of a pair, all gaps together."""
    ways = {name: Retrieval([], [], [], []) for name in ("embedding", "colours of the box", "overlap of the boxes")}
    chance: list[float] = []
    objects = missed = 0
    for frames in clips:
        found = {number: found_in(detector, rgb, truth) for number, rgb, truth in frames}
        objects += sum(len(each.identities) for each in found.values())
        missed += sum(each.missed for each in found.values())
        for start, before in found.items():
            for gap in GAPS:
                after = found.get(start + gap)
                if after is None or not len(before.identities) or not len(after.identities):
                    continue
                ways["embedding"].take(before.vectors @ after.vectors.T, before, after)
                ways["colours of the box"].take(before.colours @ after.colours.T, before, after)
                ways["overlap of the boxes"].take(iou_matrix(xyxy(before.boxes), xyxy(after.boxes)), before, after)
                chance += [1 / len(after.identities)] * int(np.isin(before.identities, after.identities).sum())
    told: dict[str, object] = {name: way.told() for name, way in ways.items()}
    return {
        "objects found": objects,
        "not found": missed,
        "questions": len(chance),
        "chance": round(float(np.mean(chance)), 4),
        **told,
    }


def cost(everything: Path, boxes: Path, network: SavedNetwork, *, runs: int = 60) -> dict[str, object]:
    """Medians of a run on one thread, in turns; and whether the boxes are equal to the bit."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = {
        file: ort.InferenceSession(str(file), options, ["CPUExecutionProvider"]) for file in (everything, boxes)
    }
    rng = np.random.default_rng(1)
    image = cv2.resize(rng.integers(0, 256, (26, 26, 3), np.uint8), (network.size, network.size))[None]
    spent: dict[Path, list[float]] = {file: [] for file in sessions}
    found = {}
    for _ in range(runs + 5):
        for file, session in sessions.items():
            began = time.thread_time()
            found[file] = session.run(["boxes", "scores"] if file == boxes else None, {"images": image})
            spent[file].append(time.thread_time() - began)
    medians = {file: float(np.median(times[5:])) * 1000 for file, times in spent.items()}
    equal = all(np.array_equal(a, b) for a, b in zip(found[everything], found[boxes], strict=False))
    return {
        "size": network.size,
        "ms with tags and embeddings": round(medians[everything], 2),
        "ms for boxes alone": round(medians[boxes], 2),
        "boxes and scores equal to the bit": equal,
        "bytes": [everything.stat().st_size, boxes.stat().st_size],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=12)
    args = parser.parse_args()
    network = load_network(args.network)
    with tempfile.TemporaryDirectory() as folder:
        everything, boxes = both_forms(network, Path(folder))
        detector = Detector(find_model(str(everything)), device="cpu", more_tasks=True)
        campus = campus_frames(args.datasets / "mot-tud-campus")
        clips = [clip_frames(seed) for seed in range(FIRST_CLIP, FIRST_CLIP + args.clips)]
        told = {
            "cost": cost(everything, boxes, network),
            "tags on voc20/val": tags(detector, args.datasets),
            "embeddings on unseen clips": embeddings(detector, clips),
            "embeddings on mot-tud-campus": embeddings(detector, [campus]),
        }
    logging.getLogger(__name__).info("%s", json.dumps(told, indent=1))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
