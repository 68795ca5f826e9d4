"""Batches as a pure function of seed and step, made ahead by other threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.train.augment import Augment, View, mosaic, single
from yolor_studio.train.samples import PictureStore

_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of the run at one picture size."""

    size: int
    """Side of the square training pictures, a multiple of the network's stride."""
    steps: int
    mosaic: float = 1.0
    """The probability of four pictures in one; 0 also varies the pictures less."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N pictures; `*_of` names the picture that a row belongs to. See View for the rest."""

    pixels: NDArray[np.uint8]
    """[N, H, W, 3]"""
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    boxes_of: NDArray[np.int64]
    places: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    places_of: NDArray[np.int64]

    def part(self, first: int, last: int) -> Batch:
        """Pictures `first` up to, without, `last`."""
        boxes = (self.boxes_of >= first) & (self.boxes_of < last)
        places = (self.places_of >= first) & (self.places_of < last)
        return Batch(
            self.pixels[first:last],
            self.boxes[boxes],
            self.classes[boxes],
            self.boxes_of[boxes] - first,
            self.places[places],
            self.unknown[places],
            self.places_of[places] - first,
        )


class Batches:
    """Draws pictures by weight and augments them. Batch k depends on nothing but the seed and k, so that a resumed run
    sees what an unbroken one would have seen."""

    def __init__(
        self,
        store: PictureStore,
        weights: NDArray[np.float64],
        *,
        batch: int,
        seed: int,
        threads: int = 1,
        augment: Augment | None = None,
        final_augment: Augment | None = None,
    ) -> None:
        """weights: [pictures], summing to 1; `threads` make them ahead; `final_augment` holds for stages without
        mosaic."""
        self._store = store
        self._sum = np.cumsum(weights)
        self.pictures = batch
        self._seed = seed
        self._threads = threads
        self._augment = augment or Augment()
        self._final = final_augment or Augment(scale=(0.75, 1.25))

    def at(self, step: int, stage: Stage) -> Batch:
        """The batch of this step."""
        rng = np.random.default_rng([self._seed, step])
        return collate([self._draw(stage, rng) for _ in range(self.pictures)])

    def _draw(self, stage: Stage, rng: np.random.Generator) -> View:
        picks = np.searchsorted(self._sum, rng.random(4) * self._sum[-1], side="right").tolist()
        if stage.mosaic >= 1 or (stage.mosaic > 0 and rng.random() < stage.mosaic):
            return mosaic(self._store, picks, size=stage.size, augment=self._augment, rng=rng)
        augment = self._augment if stage.mosaic else self._final
        return single(self._store, picks[0], size=stage.size, augment=augment, rng=rng)

    def stream(self, stages: Sequence[Stage], start: int) -> Iterator[tuple[int, Batch]]:
        """(step, batch) from step `start` to the end of the last stage."""
        plan = [stage for stage in stages for _ in range(stage.steps)]
        ahead: deque[tuple[int, Future[Batch]]] = deque()
        with ThreadPoolExecutor(self._threads, "augment") as worker:
            try:
                for step in range(start, len(plan)):
                    ahead.append((step, worker.submit(self.at, step, plan[step])))
                    if len(ahead) > _AHEAD + self._threads - 1:
                        done, batch = ahead.popleft()
                        yield done, batch.result()
                while ahead:
                    done, batch = ahead.popleft()
                    yield done, batch.result()
            finally:
                worker.shutdown(wait=False, cancel_futures=True)


def collate(views: Sequence[View]) -> Batch:
    """Views of one size as a batch."""
    order = np.arange(len(views))
    return Batch(
        np.stack([view.pixels for view in views]),
        np.concatenate([view.boxes for view in views]),
        np.concatenate([view.classes for view in views]),
        order.repeat([len(view.boxes) for view in views]),
        np.concatenate([view.places for view in views]),
        np.concatenate([view.unknown for view in views]),
        order.repeat([len(view.places) for view in views]),
    )
