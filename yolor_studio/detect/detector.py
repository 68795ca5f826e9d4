"""A model ready to run: pictures in, predictions out."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Predictions
from yolor_studio.core.errors import Cancelled, ModelError, UsageError
from yolor_studio.detect.devices import OpenSession, open_session
from yolor_studio.detect.letterbox import Letterbox
from yolor_studio.detect.library import ModelEntry
from yolor_studio.detect.model_check import read_model
from yolor_studio.detect.suppress import candidates_to_predictions, choose_candidates
from yolor_studio.yolor.contract import BOXES, EMBEDDINGS, INPUT, SCORES, TAGS

MIN_SCORE = 0.05
"""Predictions under this are not kept, so that the score slider reaches down to it without another run."""
MAX_SIZE = 4096
"""The longest input side, in pixels: a larger one would take the machine's memory rather than find more."""
_GPU_BATCH = 16


def input_size(entry: ModelEntry, wanted: int | None) -> int:
    """The longest input side in pixels: `wanted`, or the model's own. UsageError when no input can have it."""
    if wanted is not None and not entry.stride <= wanted <= MAX_SIZE:
        raise UsageError(f"The input size must be {entry.stride} to {MAX_SIZE:,} pixels; found {wanted:,}.")
    return entry.size if wanted is None else wanted


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All that a model says about one picture."""

    predictions: Predictions
    tags: NDArray[np.float32] | None
    """[classes], how surely each class is anywhere in the picture; None where the model has no tags."""
    embeddings: NDArray[np.float32] | None
    """[predictions, length], a vector of length 1 for each; None where the model has none."""


class Detector:
    """Owns one inference session; `infer` belongs to one thread at a time, `terminate` to any."""

    def __init__(
        self, entry: ModelEntry, *, device: str = "auto", size: int | None = None, more_tasks: bool = False
    ) -> None:
        """Open the model and run it once; `size` overrides the model's own longest side in pixels. Without `more_tasks`
        nothing is computed for tags and embeddings, whether or not the model has them.

        Raises ModelError when it cannot be run or does not keep the contract, UsageError for an impossible size.
        """
        self.entry = entry
        self.size = input_size(entry, size)
        self._more: list[str] = []
        self._opened: OpenSession = open_session(_file(entry, more_tasks=more_tasks), device, self._probe)
        # Re-entrant, because Ctrl-C calls `terminate` from a signal handler on the thread that may be holding it.
        self._lock = threading.RLock()
        self._running: Any = None
        self._terminated = False
        self.run_seconds = 0.0
        """Time spent in session.run, for the summary of a run."""

    @property
    def device(self) -> str:
        """The device in use, for people: "CUDA" or "CPU, 1 thread"."""
        return self._opened.title

    @property
    def notice(self) -> str | None:
        """One sentence if a better device was wanted and could not be used."""
        return self._opened.notice

    @property
    def batch(self) -> int:
        """Pictures per run that suit the device; some exports fix it."""
        return self.entry.batch or (1 if self._opened.device == "cpu" else _GPU_BATCH)

    @property
    def session(self) -> Any:
        """The onnxruntime session, for benchmarks that need the bare floor."""
        return self._opened.session

    def letterbox(self, width: int, height: int) -> Letterbox:
        """The input shape for pictures of this size."""
        return Letterbox.rectangular(width, height, size=self.size, stride=self.entry.stride)

    def infer(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run on uint8 [N, H, W, 3] letterboxed RGB -> boxes [N, K, 4] and scores [N, K, C].

        Raises Cancelled after `terminate`. Halves the batch when the device runs out of memory.
        """
        boxes, scores = self._run(images, [BOXES, SCORES])
        return boxes, scores

    def _run(self, images: NDArray[np.uint8], outputs: list[str]) -> list[NDArray[np.float32]]:
        fixed = self.entry.batch or len(images)
        if len(images) > fixed:
            runs = [self._run(images[start : start + fixed], outputs) for start in range(0, len(images), fixed)]
            return [np.concatenate(parts) for parts in zip(*runs, strict=True)]
        missing = fixed - len(images)
        if missing > 0:
            padding = np.zeros((missing, *images.shape[1:]), np.uint8)
            return [found[:-missing] for found in self._run(np.concatenate((images, padding)), outputs)]
        import onnxruntime as ort

        options = ort.RunOptions()
        with self._lock:
            if self._terminated:
                raise Cancelled
            self._running = options
        started = time.perf_counter()
        try:
            return self._opened.session.run(outputs, {INPUT: images}, options)
        except Exception as error:  # onnxruntime raises its own, undocumented kinds
            if self._terminated:
                raise Cancelled from None
            if len(images) > 1 and not self.entry.batch and _is_out_of_memory(error):
                half = len(images) // 2
                halves = self._run(images[:half], outputs), self._run(images[half:], outputs)
                return [np.concatenate(parts) for parts in zip(*halves, strict=True)]
            raise ModelError(f"The model failed on a picture: {str(error).splitlines()[0][:300]}") from error
        finally:
            with self._lock:
                self._running = None
            self.run_seconds += time.perf_counter() - started

    def terminate(self) -> None:
        """Stop the run under way and refuse later ones; from any thread."""
        with self._lock:
            self._terminated = True
            if self._running is not None:
                self._running.terminate = True

    def finish(
        self, boxes: NDArray[np.float32], scores: NDArray[np.float32], letterbox: Letterbox, *, min_score: float
    ) -> Predictions:
        """What one picture's answer of `infer`, boxes [K, 4] and scores [K, C], comes to: one box per thing."""
        return candidates_to_predictions(boxes, scores, letterbox, min_score=min_score)

    def predict(self, rgb: NDArray[np.uint8], *, min_score: float = MIN_SCORE) -> Predictions:
        """What the model sees in one picture, uint8 [H, W, 3]."""
        return self.predict_all([rgb], min_score=min_score)[0]

    def predict_all(self, pictures: Sequence[NDArray[np.uint8]], *, min_score: float = MIN_SCORE) -> list[Predictions]:
        """What the model sees in pictures of one size, run as one batch."""
        images, letterbox = self._letterboxed(pictures)
        boxes, scores = self.infer(images)
        return [self.finish(b, s, letterbox, min_score=min_score) for b, s in zip(boxes, scores, strict=True)]

    def see(self, pictures: Sequence[NDArray[np.uint8]], *, min_score: float = MIN_SCORE) -> list[Findings]:
        """The same predictions, with the pictures' tags and the predictions' embeddings where the model has them and
        was opened with `more_tasks`."""
        images, letterbox = self._letterboxed(pictures)
        names = [BOXES, SCORES, *self._more]
        found = dict(zip(names, self._run(images, names), strict=True))
        findings: list[Findings] = []
        for n in range(len(pictures)):
            predictions, rows = choose_candidates(found[BOXES][n], found[SCORES][n], letterbox, min_score=min_score)
            tags = found[TAGS][n] if TAGS in found else None
            findings.append(Findings(predictions, tags, found[EMBEDDINGS][n, rows] if EMBEDDINGS in found else None))
        return findings

    def _letterboxed(self, pictures: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.uint8], Letterbox]:
        height, width = pictures[0].shape[:2]
        letterbox = self.letterbox(width, height)
        images = np.empty((len(pictures), letterbox.height, letterbox.width, 3), np.uint8)
        for picture, image in zip(pictures, images, strict=True):
            letterbox.apply(picture, image)
        return images, letterbox

    def _probe(self, session: Any) -> None:
        side = self.entry.stride
        blank = np.zeros((self.entry.batch or 1, side, side, 3), np.uint8)
        self._more = [output.name for output in session.get_outputs() if output.name in (TAGS, EMBEDDINGS)]
        names = [BOXES, SCORES, *self._more]
        found = dict(zip(names, session.run(names, {INPUT: blank}), strict=True))
        boxes, scores, classes = found[BOXES], found[SCORES], len(self.entry.classes)
        if boxes.ndim != 3 or boxes.shape[2] != 4 or scores.shape != (*boxes.shape[:2], classes):
            raise ModelError(f"it has {classes} classes and gives boxes {boxes.shape} and scores {scores.shape}")
        if TAGS in found and found[TAGS].shape != (len(boxes), classes):
            raise ModelError(f"it has {classes} classes and gives tags {found[TAGS].shape}")
        if EMBEDDINGS in found and (found[EMBEDDINGS].ndim != 3 or found[EMBEDDINGS].shape[:2] != boxes.shape[:2]):
            raise ModelError(f"it gives boxes {boxes.shape} and embeddings {found[EMBEDDINGS].shape}")


def _file(entry: ModelEntry, *, more_tasks: bool) -> str | bytes:
    """The model to open: its path, or the file's bytes without what nobody asked for. onnxruntime computes whatever a
    file gives out, asked for or not, and drops on opening what leads to nothing."""
    if more_tasks or not (entry.tags or entry.embedding):
        return str(entry.path)
    model = read_model(entry.path)
    boxes = [output for output in model.graph.output if output.name in (BOXES, SCORES)]
    del model.graph.output[:]
    model.graph.output.extend(boxes)
    return model.SerializeToString()


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return "out of memory" in text or "failed to allocate" in text or "bad_alloc" in text
