"""Reading an open project, from any thread."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import (
    Category,
    ClassMap,
    FrameBox,
    FrameState,
    Keyframe,
    Layer,
    Media,
    Object,
    Predictions,
    Rejection,
    ShownPredictions,
)
from yolor_studio.project import (
    box_tables,
    histograms,
    history,
    indexes,
    layers,
    queries,
    settings,
    shown,
    states,
    whole_tables,
)
from yolor_studio.project.box_tables import BoxTable
from yolor_studio.project.edit_base import stored_path
from yolor_studio.project.histograms import Histograms
from yolor_studio.project.other_file import labels_beyond
from yolor_studio.project.places import Place
from yolor_studio.project.queries import Counts
from yolor_studio.project.states import StateTable
from yolor_studio.project.store import Store, told
from yolor_studio.project.whole_tables import WholeTable


class ProjectReader:
    """The reading half of a Project: nothing is kept in memory, every call asks the file."""

    path: Path
    folder: Path
    _store: Store
    _histograms: Histograms

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with told(self.path), self._store.one_moment() as connection:
            yield connection

    def media(self) -> list[Media]:
        """The media in the order in which they were added."""
        with self._reading() as db:
            return queries.all_media(db)

    def get_media(self, media_id: int) -> Media:
        """One media."""
        with self._reading() as db:
            return queries.one_media(db, media_id)

    def find_media(self, path: Path) -> Media | None:
        """The media of this file or folder, None when the project has none."""
        whole = Path(os.path.abspath(path))
        with self._reading() as db:
            for stored in {stored_path(whole, self.folder), whole.as_posix()}:
                if (media := queries.media_at(db, stored)) is not None:
                    return media
        return None

    def media_path(self, media: Media) -> Path:
        """Where the media's file or folder lies, as an absolute path."""
        return Path(os.path.normpath(self.folder / media.path))

    def labels_beyond(self, media_id: int, frames: int) -> int:
        """How many labels (keyframes, rejections, frame states) of the media are on frames from `frames` on."""
        with self._reading() as db:
            return labels_beyond(db, media_id, frames)

    def categories(self) -> list[Category]:
        """The categories by id."""
        with self._reading() as db:
            return queries.all_categories(db)

    def get_category(self, category_id: int) -> Category:
        """One category."""
        with self._reading() as db:
            return queries.one_category(db, category_id)

    def objects(self, media_id: int) -> list[Object]:
        """The media's objects by id."""
        with self._reading() as db:
            return queries.objects_of(db, media_id)

    def get_object(self, object_id: int) -> Object:
        """One object."""
        with self._reading() as db:
            return queries.one_object(db, object_id)

    def keyframes(self, object_id: int) -> list[Keyframe]:
        """The object's keyframes, rising in frame."""
        with self._reading() as db:
            return queries.keyframes_of(db, object_id)

    def boxes_at(self, media_id: int, frame: int) -> list[FrameBox]:
        """The boxes of all objects at the frame, by object id, interpolation applied."""
        with self._reading() as db:
            return queries.boxes_at(db, media_id, frame)

    def object_frames(self, media_id: int) -> NDArray[np.int64]:
        """The frames with at least one object's box, rising."""
        with self._reading() as db:
            return box_tables.object_frames(db, media_id)

    def box_table(self, media_id: int, frames: Sequence[int] | None = None) -> BoxTable:
        """Every box of the media, or those on the given frames, as numpy columns: the quick way for many."""
        with self._reading() as db:
            return box_tables.box_table(db, media_id, frames)

    def whole_table(self) -> WholeTable:
        """Every object and box of the project as numpy columns: the quick way to many media or objects."""
        with self._reading() as db:
            return whole_tables.whole_table(db)

    def iter_boxes(self, media_id: int, frames: Sequence[int] | None = None) -> Iterator[tuple[int, list[FrameBox]]]:
        """(frame, its boxes) rising in frame, for frames that have any, of all or of the given ones."""
        with self._reading() as db:
            found = box_tables.iter_boxes(db, media_id, frames)
        yield from found

    def frame_state(self, media_id: int, frame: int) -> FrameState:
        """What a person declared about the frame."""
        with self._reading() as db:
            return states.read_state(db, media_id, frame)

    def frame_states(self, media_id: int) -> dict[int, FrameState]:
        """The states of the frames that are not untouched, rising in frame."""
        with self._reading() as db:
            return states.read_states(db, media_id)

    def state_table(self) -> StateTable:
        """The states of all media's frames that are not untouched, as numpy columns."""
        with self._reading() as db:
            return states.state_table(db)

    def made_numbers(self) -> dict[int, int]:
        """Category id -> as which of all it was made, from 1, as `StateTable.known` counts."""
        with self._reading() as db:
            return states.made_numbers(db)

    def reviewed_before(self, category_id: int) -> dict[int, NDArray[np.int64]]:
        """Media id -> its frames that were reviewed when there was no such category yet, so that nobody looked for
        it there; reviewing them again takes them off."""
        with self._reading() as db:
            queries.one_category(db, category_id)
            return states.reviewed_before(db, category_id)

    def rejections(self, media_id: int, frame: int | None = None) -> list[Rejection]:
        """The media's rejections, or those of one frame, by id."""
        with self._reading() as db:
            return queries.rejections(db, media_id, frame)

    def counts(self) -> Counts:
        """How much there is; quick however many objects there are."""
        with self._reading() as db:
            return queries.counts(db)

    # Layers and predictions

    def layers(self) -> list[Layer]:
        """The layers, oldest first."""
        with self._reading() as db:
            return layers.all_layers(db)

    def get_layer(self, layer_id: int) -> Layer:
        """One layer."""
        with self._reading() as db:
            return layers.one_layer(db, layer_id)

    def is_complete(self, layer_id: int) -> bool:
        """Whether the layer's run came to its end (`finish_layer`)."""
        with self._reading() as db:
            return layers.is_complete(db, layer_id)

    def shown_layer(self) -> Layer | None:
        """The layer that is shown: the chosen one, else the newest."""
        with self._reading() as db:
            layer_id = layers.shown_layer(db)
            return None if layer_id is None else layers.one_layer(db, layer_id)

    def predictions(self, layer_id: int, media_id: int, frame: int) -> Predictions | None:
        """The layer's predictions on the frame, None where its run has not been."""
        with self._reading() as db:
            return layers.read(db, layer_id, media_id, frame=frame)

    def visited_frames(self, layer_id: int, media_id: int) -> NDArray[np.int64]:
        """The frames where the layer's run has been, rising."""
        with self._reading() as db:
            return layers.visited_frames(db, layer_id, media_id)

    def visited_table(self, layer_id: int) -> NDArray[np.int64]:
        """[N, 2] media id and frame of everything where the layer's run has been, by media and frame."""
        with self._reading() as db:
            return layers.visited_table(db, layer_id)

    def iter_predictions(self, layer_id: int, media_id: int) -> Iterator[tuple[int, Predictions]]:
        """(frame, predictions) of every visited frame, rising in frame."""
        with told(self.path):
            yield from layers.iterate(self._store.reader(), layer_id, media_id)

    def class_map(self, layer_id: int) -> ClassMap:
        """The class map of the layer's model; classes never mapped are absent."""
        with self._reading() as db:
            return layers.class_map(db, layers.one_layer(db, layer_id).model)

    def shown(
        self, media_id: int, frame: int, *, min_score: float | None = None, layer_id: int | None = None
    ) -> ShownPredictions:
        """The predictions that a person sees on the frame, of the shown layer or the given one. `min_score` stands in
        for the project's score limit; a category's own limit holds in either case."""
        with self._reading() as db:
            return shown.shown(db, media_id, frame, min_score=min_score, layer_id=layer_id)

    def score_histogram(self, layer_id: int, media_id: int | None = None, bins: int = 38) -> NDArray[np.int64]:
        """[bins] how many predictions of mapped classes have their first score in each part of 0.05..1."""
        with self._reading() as db:
            layer = layers.one_layer(db, layer_id)
            if media_id is None or self._store.read_only:  # of what another process writes nothing is heard
                return histograms.of_layer(db, layer, media_id, bins=bins)
            return self._histograms.of_media(db, layer, media_id, bins=bins)

    def media_index(self, media_id: int) -> bytes | None:
        """The stored index of a video's frames, None when none was built yet."""
        with self._reading() as db:
            return indexes.read_index(db, media_id)

    # Settings

    def setting(self, key: str, default: Any) -> Any:
        """A JSON value stored in the project, else the default."""
        with self._reading() as db:
            return settings.read(db, key, default)

    def score_limit(self) -> float:
        """Predictions under this score are not shown."""
        return float(self.setting(settings.SCORE_LIMIT, settings.DEFAULT_SCORE_LIMIT))

    def category_score_limits(self) -> dict[int, float]:
        """Category id -> the limit that stands in for the general one."""
        with self._reading() as db:
            return settings.category_score_limits(db)

    # History

    def undo_name(self) -> str | None:
        """The name of the edit that Undo would take back."""
        with self._reading() as db:
            step = history.next_undo(db)
        return None if step is None else step.name

    def redo_name(self) -> str | None:
        """The name of the edit that Redo would do again."""
        with self._reading() as db:
            step = history.next_redo(db)
        return None if step is None else step.name

    def undo_place(self) -> Place | None:
        """(media id, frame) where the next undo changes something; None when that is no frame."""
        with self._reading() as db:
            step = history.next_undo(db)
        return None if step is None else step.place

    def redo_place(self) -> Place | None:
        """(media id, frame) where the next redo changes something; None when that is no frame."""
        with self._reading() as db:
            step = history.next_redo(db)
        return None if step is None else step.place
