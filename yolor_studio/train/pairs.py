"""Batches in which every thing is seen twice: two views of one picture, or two frames of one clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.train.augment import Augment, View, single
from yolor_studio.train.batches import Batch, Batches, Stage, collate
from yolor_studio.train.samples import NumberedBoxes, PictureStore

STILLS = Augment(scale=(0.7, 1.4), hsv=(0.01, 0.4, 0.3))
"""How the two views of one picture differ; weaker in colour than where only the class counts."""
FRAMES = Augment(scale=(0.85, 1.4), hsv=(0.01, 0.2, 0.15))
"""The same for two frames of a clip, which differ by themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskBatch(Batch):
    """A batch of pairs (pictures 2k and 2k + 1) that also says what is the same thing, and what the picture shows."""

    identities: NDArray[np.int64]
    """[boxes]: equal for the same thing, in whatever picture."""
    shows: NDArray[np.bool_]
    """[N, C]: the classes that are to be seen."""
    decided: NDArray[np.bool_]
    """[N, C]: whether that is known; elsewhere `shows` means nothing."""

    def part(self, first: int, last: int) -> TaskBatch:
        """Pictures `first` up to, without, `last`."""
        less = Batch.part(self, first, last)
        boxes = (self.boxes_of >= first) & (self.boxes_of < last)
        return _with_tasks(less, self.identities[boxes], self.shows[first:last], self.decided[first:last])


class Things:
    """A store's pictures in groups that show the same things: each for itself, or the frames of a clip together."""

    def __init__(
        self,
        folder: Path,
        *,
        groups: NDArray[np.int64] | None = None,
        identities: NDArray[np.int64] | None = None,
        augment: Augment = STILLS,
    ) -> None:
        """groups: [pictures]; identities: [boxes of all pictures in turn], equal for the same thing."""
        self.store = PictureStore(folder)
        self.groups = np.arange(len(self.store)) if groups is None else groups
        self.identities = np.arange(len(self.store.box_classes)) if identities is None else identities
        self.augment = augment
        self._numbered = NumberedBoxes(folder)

    def __len__(self) -> int:
        return len(self.store)

    def partner(self, index: int, rng: np.random.Generator) -> int:
        """Another picture of the same group at random; the same one where it has no other."""
        others = np.flatnonzero(self.groups == self.groups[index])
        others = others[others != index]
        return int(rng.choice(others)) if len(others) else index

    def view(self, index: int, *, size: int, rng: np.random.Generator) -> TaskView:
        """The picture as it is seen once."""
        view = single(self._numbered, index, size=size, augment=self.augment, rng=rng)
        labels, kept = self._numbered.labels(index), view.classes
        lost = np.setdiff1d(labels.classes, kept)
        shows, decided = np.zeros(len(labels.labelled), np.bool_), labels.labelled.copy()
        decided[self.store.box_classes[lost]] = False
        shows[self.store.box_classes[kept]] = True
        return TaskView(
            replace(view, classes=self.store.box_classes[kept]),
            self.identities[kept],
            shows,
            decided | shows,
        )


@dataclass(frozen=True, slots=True, eq=False)
class TaskView:
    """A view, the identities of its boxes, and what it shows; see TaskBatch."""

    view: View
    identities: NDArray[np.int64]
    shows: NDArray[np.bool_]
    decided: NDArray[np.bool_]


class PairBatches(Batches):
    """Draws pictures by weight from several collections, each with a partner. Mosaics are never made."""

    def __init__(self, sources: Sequence[tuple[Things, NDArray[np.float64]]], *, batch: int, seed: int) -> None:
        """`sources`: with the weight of each of their pictures; `batch`: pictures, an even number."""
        super().__init__(
            sources[0][0].store, np.concatenate([weights for _, weights in sources]), batch=batch, seed=seed
        )
        self._things = [things for things, _ in sources]
        self._first = np.concatenate([[0], np.cumsum([len(things) for things in self._things])])
        self._first_identity = np.cumsum([0, *(things.identities.max(initial=0) + 1 for things in self._things)])

    def at(self, step: int, stage: Stage) -> TaskBatch:
        """The batch of this step."""
        rng = np.random.default_rng([self._seed, step])
        picks = np.searchsorted(self._sum, rng.random(self.pictures // 2) * self._sum[-1], side="right")
        seen = [one for pick in picks.tolist() for one in self._pair(pick, stage.size, rng)]
        return _with_tasks(
            collate([one.view for one in seen]),
            np.concatenate([one.identities for one in seen]),
            np.stack([one.shows for one in seen]),
            np.stack([one.decided for one in seen]),
        )

    def _pair(self, pick: int, size: int, rng: np.random.Generator) -> list[TaskView]:
        number = int(np.searchsorted(self._first, pick, side="right")) - 1
        things, index = self._things[number], pick - int(self._first[number])
        both = [things.view(which, size=size, rng=rng) for which in (index, things.partner(index, rng))]
        return [replace(one, identities=one.identities + self._first_identity[number]) for one in both]


def _with_tasks(
    batch: Batch, identities: NDArray[np.int64], shows: NDArray[np.bool_], decided: NDArray[np.bool_]
) -> TaskBatch:
    return TaskBatch(
        batch.pixels,
        batch.boxes,
        batch.classes,
        batch.boxes_of,
        batch.places,
        batch.unknown,
        batch.places_of,
        identities,
        shows,
        decided,
    )
