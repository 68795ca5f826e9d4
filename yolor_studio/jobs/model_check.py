"""Checking a model: its ONNX file against the network that it was made from, its behaviour, its speed, and a test
picture with what it finds."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import ModelError
from yolor_studio.core.paths import user_folder
from yolor_studio.jobs.events import Event, Progress, Result, Started

if TYPE_CHECKING:
    from yolor_studio.detect.behaviour import Found
    from yolor_studio.detect.detector import Detector
    from yolor_studio.detect.library import ModelEntry
    from yolor_studio.yolor.plan import Plan
    from yolor_studio.yolor.reference import Outputs

_LIMITS = {"maps": 0.01, "boxes": 0.05, "scores": 0.001, "tags": 0.001, "embeddings": 0.001}
"""Float32 networks of the family differ by a hundredth of this; a real mistake by far more."""
_LIMITS_OF_HALVES = {"maps": 0.1, "boxes": 0.5, "scores": 0.01, "tags": 0.01, "embeddings": 0.01}
"""Where the file stores weights as float16, which rounds them."""
_USUAL_MAP = 100.0
"""Trained networks' raw maps stay under this. Float32 has seven digits, so that larger ones have larger errors."""
_WIDEST_LIMIT = 0.25
"""Of what lies between 0 and 1."""
_BEHAVIOUR_LIMIT = 0.001
_TITLES = {
    "maps": "Raw maps",
    "boxes": "Boxes",
    "scores": "Scores",
    "tags": "Tags",
    "embeddings": "Embeddings",
    "again": "The same picture again",
    "batch": "Two pictures at once",
}
_STEPS = 5
_RUNS = 3
_REFERENCE_GFLOPS = 1.0
"""What the numpy reference does in some seconds."""
_SHOWN_FROM = 0.25
_SEED, _FRAME = 9, 150
_MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class Measure:
    """The largest difference of one kind, and how large it may be."""

    name: str
    """ "maps", "boxes", "scores", "tags", "embeddings" (against the network), "again", "batch" (against itself)."""
    value: float
    limit: float
    unit: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is within its limit."""
        return self.value <= self.limit

    @property
    def of_itself(self) -> bool:
        """Whether the model was held against itself and not against its network."""
        return self.name in ("again", "batch")

    @property
    def title(self) -> str:
        """What is measured, for people."""
        return _TITLES[self.name]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found."""

    model: str
    sha256: str
    """Of the ONNX file that was checked."""
    checked: str
    """ISO 8601, local time."""
    device: str
    size: tuple[int, int]
    """Width and height of the input at which the time was measured."""
    seconds: float
    """For one picture, the best of some runs."""
    against: str
    """Who computed the network's own answers; empty where the model has no network to be held against."""
    compared_at: tuple[int, int]
    """Width and height of the input of that comparison; 0 without one."""
    breach: str
    """What breaks the contract; empty when it is kept."""
    measures: tuple[Measure, ...]
    found: tuple[tuple[str, float], ...]
    """Class and score of what it sees in the test picture, best first."""
    picture: Path

    @property
    def ok(self) -> bool:
        """Whether the contract is kept and every difference is within its limit."""
        return not self.breach and all(measure.ok for measure in self.measures)

    def as_json(self) -> dict[str, Any]:
        """For --json and for keeping."""
        measures = [{**asdict(measure), "ok": measure.ok} for measure in self.measures]
        return {**asdict(self), "picture": str(self.picture), "measures": measures, "ok": self.ok}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> CheckReport:
        """Read back what `as_json` gave; raises KeyError, TypeError or ValueError for anything else."""
        values = {name: stored[name] for name in cls.__dataclass_fields__}
        values["measures"] = tuple(
            Measure(entry["name"], float(entry["value"]), float(entry["limit"]), entry["unit"])
            for entry in stored["measures"]
        )
        values["found"] = tuple((str(name), float(score)) for name, score in stored["found"])
        for name in ("size", "compared_at"):
            values[name] = (int(stored[name][0]), int(stored[name][1]))
        return cls(**{**values, "picture": Path(stored["picture"])})


def check_model(
    entry: ModelEntry, cancel: CancelToken, *, out: Path | None = None, device: str = "auto", size: int | None = None
) -> Iterator[Event]:
    """Check a model and draw what it finds in a rendered street into `out`; last Result(CheckReport).

    Without `out` the picture goes to the user's data folder. The report is kept, so that the window can show it again.
    Raises ModelError, UsageError for a wrong device or size, MediaError where `out` cannot be written, Cancelled.
    """
    from yolor_studio.detect import behaviour
    from yolor_studio.detect.detector import Detector
    from yolor_studio.detect.library import network_file
    from yolor_studio.media import save_png

    picture = checks_folder() / f"{entry.name}.png" if out is None else out
    yield Started(f"Checking {entry.name}", _STEPS, "steps")
    detector = Detector(entry, device=device, size=size, more_tasks=True)
    street = _street(detector.size)
    yield Progress(1, _STEPS, note="running it")
    cancel.check()
    images = _letterboxed(detector, street)
    seconds, answer = _timed(detector, images)
    breach = behaviour.breach(answer, pictures=len(images), classes=len(entry.classes))
    measures = [] if breach else _behaviour(detector, images, answer)
    yield Progress(2, _STEPS, note="looking at the test picture")
    cancel.check()
    found = detector.predict(street, min_score=_SHOWN_FROM)
    picture.parent.mkdir(parents=True, exist_ok=True)
    save_png(picture, _drawn(street, found, entry.classes))
    yield Progress(3, _STEPS, note="asking the network itself")
    cancel.check()
    network = network_file(entry)
    compared, against, compared_at = [], "", (0, 0)
    if network is not None and not breach:
        compared, against, compared_at = _compared(entry, network, street, size=detector.size, cancel=cancel)
    report = CheckReport(
        model=entry.name,
        sha256=entry.sha256,
        checked=datetime.datetime.now().isoformat(timespec="seconds"),
        device=detector.device,
        size=(images.shape[2], images.shape[1]),
        seconds=seconds,
        against=against,
        compared_at=compared_at,
        breach=breach,
        measures=(*compared, *measures),
        found=tuple((entry.classes[c], float(s)) for c, s in zip(found.classes[:, 0], found.scores[:, 0], strict=True))[
            :_MOST_LISTED
        ],
        picture=picture.absolute(),
    )
    _keep(report)
    yield Progress(_STEPS, _STEPS)
    yield Result(report)


def checks_folder() -> Path:
    """Where the reports and test pictures of checks lie; need not exist."""
    return user_folder("checks")


def last_report(entry: ModelEntry) -> CheckReport | None:
    """The report of the last check of this very file, if there was one."""
    try:
        report = CheckReport.from_json(json.loads((checks_folder() / f"{entry.name}.json").read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    return report if report.sha256 == entry.sha256 else None


def _keep(report: CheckReport) -> None:
    from yolor_studio.yolor.files import write_atomically

    write_atomically(checks_folder() / f"{report.model}.json", json.dumps(report.as_json(), default=str).encode())


def _street(size: int) -> NDArray[np.uint8]:
    """A frame of our own street, about as large as the model likes it."""
    from yolor_studio.demo.scene import SceneSpec, render_frame

    width = min(max(size, 960), 1280) // 32 * 32
    rgb, _ = render_frame(SceneSpec(seed=_SEED, width=width, height=width * 9 // 16, frames=312, fps=24.0), _FRAME)
    return rgb


def _letterboxed(detector: Detector, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    letterbox = detector.letterbox(width, height)
    images = np.empty((detector.entry.batch or 1, letterbox.height, letterbox.width, 3), np.uint8)
    for image in images:
        letterbox.apply(rgb, image)
    return images


def _timed(detector: Detector, images: NDArray[np.uint8]) -> tuple[float, Found]:
    from yolor_studio.detect import behaviour

    best, answer = float("inf"), None
    for _ in range(_RUNS):
        began = time.perf_counter()
        answer = behaviour.run(detector.session, images)
        best = min(best, time.perf_counter() - began)
        if best > 2:  # a giant on a processor: once is enough to know
            break
    assert answer is not None
    return best / len(images), answer


def _behaviour(detector: Detector, images: NDArray[np.uint8], answer: Found) -> list[Measure]:
    from yolor_studio.detect import behaviour

    again = behaviour.spread(answer, behaviour.run(detector.session, images))
    measures = [Measure("again", again, _BEHAVIOUR_LIMIT)]
    if not detector.entry.batch:
        pair = np.concatenate((images, images[:, :, ::-1]))
        measures.append(Measure("batch", behaviour.from_batch(detector.session, pair), _BEHAVIOUR_LIMIT))
    return measures


def _compared(
    entry: ModelEntry, network: Path, street: NDArray[np.uint8], *, size: int, cancel: CancelToken
) -> tuple[list[Measure], str, tuple[int, int]]:
    """The differences from the network's own answers, who gave those, and at which input size."""
    from yolor_studio.detect import behaviour, parity
    from yolor_studio.detect.detector import Detector
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.safetensors_io import load_network
    from yolor_studio.yolor.truth import has_torch, raw_outputs

    saved = load_network(network)
    plan = build_plan(saved.description)
    if plan.classes != len(entry.classes):
        raise ModelError(
            f"{network.name} beside {entry.path.name} has {plan.classes} classes and not {len(entry.classes)}: it is "
            "another network than the model was made from."
        )
    size = size if has_torch() else _reference_size(plan, size)
    detector = Detector(entry, device="cpu", size=size, more_tasks=True)
    images = _letterboxed(detector, street)[:1]
    height, width = images.shape[1:3]
    truth, against = raw_outputs(network, images, cancel=cancel)
    found = behaviour.run(detector.session, images)
    worst = parity.differences(plan, truth, found, width=width, height=height)
    raw = parity.raw_maps(entry.path, plan, images)
    if raw is not None:
        pairs = zip(raw, truth.heads, strict=True)
        worst = {"maps": max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs), **worst}
    limits = _limits(truth, halves=parity.keeps_halves(entry.path))
    measures = [Measure(name, value, limits[name], "px" if name == "boxes" else "") for name, value in worst.items()]
    return measures, against, (width, height)


def _limits(truth: Outputs, *, halves: bool) -> dict[str, float]:
    """How far each output may lie from the network's own."""
    largest = max(float(np.abs(head).max()) for head in truth.heads)
    scale = max(largest / _USUAL_MAP, 1.0)
    limits = {name: limit * scale for name, limit in (_LIMITS_OF_HALVES if halves else _LIMITS).items()}
    return {name: limit if name in ("maps", "boxes") else min(limit, _WIDEST_LIMIT) for name, limit in limits.items()}


def _reference_size(plan: Plan, size: int) -> int:
    """The largest side, a multiple of the stride, that the slow reference takes in a bearable time."""
    sides = range(plan.stride, size + 1, plan.stride)
    return max((side for side in sides if plan.gflops(side) <= _REFERENCE_GFLOPS), default=plan.stride)


def _drawn(rgb: NDArray[np.uint8], found: Any, names: tuple[str, ...]) -> NDArray[np.uint8]:
    from yolor_studio.jobs.drawing import with_boxes

    return with_boxes(rgb, found, names)
