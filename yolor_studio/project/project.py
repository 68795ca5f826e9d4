"""The project file as the document: reading from any thread, edits with undo, and the writes of runs."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import (
    Category,
    Change,
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
from yolor_studio.project import history, layers, opening, queries, settings, shown, states
from yolor_studio.project.edit_base import stored_path
from yolor_studio.project.edits import EditBuilder
from yolor_studio.project.layers import ClassMapReport
from yolor_studio.project.places import Place
from yolor_studio.project.predictions import encode
from yolor_studio.project.queries import BoxTable, Counts
from yolor_studio.project.store import told

_SLICE = 64
"""Frames of predictions written in one turn at the gate: some 2 ms."""

_log = logging.getLogger(__name__)


class Project:
    """An open .yolor file; made by `Project.create` and `Project.open`, closed by `close` or `with`.

    Every method may be called from any thread, and raises ProjectError with a sentence when something is not possible.
    """

    def __init__(self, path: Path, opened: opening.Opened) -> None:
        self.path = path
        self.folder = path.parent
        self.read_only = opened.store.read_only
        self.read_only_reason = opened.reason
        self._lock = opened.lock
        self._store = opened.store
        self._observers: list[Callable[[Change], None]] = []
        self._observers_lock = threading.Lock()

    @staticmethod
    def create(path: Path) -> Project:
        """A new, empty project; refuses an existing file."""
        path = Path(os.path.abspath(path))
        return Project(path, opening.create(path))

    @staticmethod
    def open(path: Path, *, read_only: bool = False) -> Project:
        """Open a project; where it cannot be written `read_only` is set, and `read_only_reason` says why."""
        path = Path(os.path.abspath(path))
        return Project(path, opening.open_file(path, read_only=read_only))

    def close(self) -> None:
        """Close the file and let others write it; the second call does nothing."""
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # Observers

    def subscribe(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Have the observer called after every committed write, on the thread that wrote; returns what ends that."""
        with self._observers_lock:
            self._observers.append(observer)

        def unsubscribe() -> None:
            with self._observers_lock:
                if observer in self._observers:
                    self._observers.remove(observer)

        return unsubscribe

    def _tell(self, change: Change) -> None:
        with self._observers_lock:
            observers = tuple(self._observers)
        for observer in observers:
            try:
                observer(change)
            except Exception:  # what was written stands, and the other observers must hear of it
                _log.exception("An observer of %s failed", self.path.name)

    # Reading

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with told(self.path):
            yield self._store.reader()

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
            return queries.object_frames(db, media_id)

    def box_table(self, media_id: int, frames: Sequence[int] | None = None) -> BoxTable:
        """Every box of the media, or those on the given frames, as numpy columns: the quick way for many."""
        with self._reading() as db:
            return queries.box_table(db, media_id, frames)

    def iter_boxes(self, media_id: int, frames: Sequence[int] | None = None) -> Iterator[tuple[int, list[FrameBox]]]:
        """(frame, its boxes) rising in frame, for frames that have any, of all or of the given ones."""
        with self._reading() as db:
            yield from queries.iter_boxes(db, media_id, frames)

    def frame_state(self, media_id: int, frame: int) -> FrameState:
        """What a person declared about the frame."""
        with self._reading() as db:
            return states.read_state(db, media_id, frame)

    def frame_states(self, media_id: int) -> dict[int, FrameState]:
        """The states of the frames that are not untouched, rising in frame."""
        with self._reading() as db:
            return states.read_states(db, media_id)

    def rejections(self, media_id: int, frame: int | None = None) -> list[Rejection]:
        """The media's rejections, or those of one frame, by id."""
        with self._reading() as db:
            return queries.rejections(db, media_id, frame)

    def counts(self) -> Counts:
        """How much there is, from indexes alone."""
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

    def shown_layer(self) -> Layer | None:
        """The layer that is shown: the chosen one, else the newest."""
        with self._reading() as db:
            layer_id = layers.shown_layer(db)
            return None if layer_id is None else layers.one_layer(db, layer_id)

    def set_shown_layer(self, layer_id: int | None) -> None:
        """Choose the layer that is shown; None: the newest."""
        if layer_id is not None:
            self.get_layer(layer_id)
        self._set(settings.SHOWN_LAYER, layer_id, table="layers")

    def predictions(self, layer_id: int, media_id: int, frame: int) -> Predictions | None:
        """The layer's predictions on the frame, None where its run has not been."""
        with self._reading() as db:
            return layers.read(db, layer_id, media_id, frame=frame)

    def visited_frames(self, layer_id: int, media_id: int) -> NDArray[np.int64]:
        """The frames where the layer's run has been, rising."""
        with self._reading() as db:
            return layers.visited_frames(db, layer_id, media_id)

    def iter_predictions(self, layer_id: int, media_id: int) -> Iterator[tuple[int, Predictions]]:
        """(frame, predictions) of every visited frame, rising in frame."""
        with self._reading() as db:
            yield from layers.iterate(db, layer_id, media_id)

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
            return layers.histogram(db, layers.one_layer(db, layer_id), media_id, bins=bins)

    def start_layer(
        self,
        model: str,
        model_hash: str,
        class_names: Sequence[str],
        *,
        min_score: float,
        device: str,
        settings: Mapping[str, Any],
    ) -> int:
        """The layer into which a run writes: the incomplete one of the same model and settings, else a new one, which
        is then shown. Returns its id."""
        with self._store.write(urgent=False, durable=True) as db:
            layer_id = layers.start_layer(
                db, model, model_hash, class_names=class_names, min_score=min_score, device=device, wanted=settings
            )
        self._tell(Change(frozenset({"layers"}), actor="job"))
        return layer_id

    def finish_layer(self, layer_id: int) -> None:
        """The run is complete: the next one of the same model and settings begins a new layer."""
        with self._store.write(urgent=False, durable=True) as db:
            db.execute("UPDATE layer SET complete = 1 WHERE id = ?", (layer_id,))
        self._tell(Change(frozenset({"layers"}), actor="job"))

    def write_predictions(self, layer_id: int, media_id: int, predictions: Mapping[int, Predictions]) -> None:
        """Replace the predictions of these frames; in slices, so that the window's edits overtake."""
        blobs = [(int(frame), encode(found)) for frame, found in predictions.items()]
        for start in range(0, len(blobs), _SLICE):
            part = blobs[start : start + _SLICE]
            with self._store.write(urgent=False, durable=False) as db:
                layers.write(db, layer_id, media_id, part)
            frames = frozenset((media_id, frame) for frame, _blob in part)
            self._tell(Change(frozenset({"predictions"}), frozenset({media_id}), frames, actor="job"))

    def adopt_class_map(self, layer_id: int, class_names: Sequence[str]) -> ClassMapReport:
        """Map the model's classes that are not mapped yet: a project without categories adopts the names as categories
        (one edit); otherwise names match without regard to case and spaces, and the rest is ignored."""
        known = self.class_map(layer_id)
        categories = self.categories()
        adopt = not categories
        ids = {_plain(category.name): category.id for category in reversed(categories)}
        with self.edit("Adopt the model's categories" if adopt else "Match the model's classes", actor="job") as edit:
            for index, name in enumerate(class_names):
                if adopt and index not in known and name.strip() and _plain(name) not in ids:
                    ids[_plain(name)] = edit.add_category(name)
                if index not in known:
                    edit.set_class(layer_id, index, ids.get(_plain(name)))
        mapped = self.class_map(layer_id)
        found = tuple(name for index, name in enumerate(class_names) if mapped.get(index) is not None)
        rest = tuple(name for index, name in enumerate(class_names) if mapped.get(index) is None)
        return ClassMapReport(adopted=found if adopt else (), matched=found, ignored=rest)

    # Settings

    def setting(self, key: str, default: Any) -> Any:
        """A JSON value stored in the project, else the default."""
        with self._reading() as db:
            return settings.read(db, key, default)

    def set_setting(self, key: str, value: Any) -> None:
        """Store a JSON value in the project, outside the undo history."""
        self._set(key, value)

    def score_limit(self) -> float:
        """Predictions under this score are not shown."""
        return float(self.setting(settings.SCORE_LIMIT, settings.DEFAULT_SCORE_LIMIT))

    def set_score_limit(self, value: float) -> None:
        """Set the score under which predictions are not shown."""
        self._set(settings.SCORE_LIMIT, float(value))

    def category_score_limits(self) -> dict[int, float]:
        """Category id -> the limit that stands in for the general one."""
        with self._reading() as db:
            return settings.category_score_limits(db)

    def set_category_score_limit(self, category_id: int, value: float | None) -> None:
        """Give a category a limit of its own; None: the general one."""
        limits = {str(key): limit for key, limit in self.category_score_limits().items() if key != category_id}
        if value is not None:
            limits[str(category_id)] = float(value)
        self._set(settings.CATEGORY_SCORE_LIMITS, limits)

    def _set(self, key: str, value: Any, *, table: str = "settings") -> None:
        with self._store.write(urgent=True, durable=False) as db:
            settings.write(db, key, value)
        self._tell(Change(frozenset({table})))

    # Editing

    @contextmanager
    def edit(self, name: str, *, actor: str = "window", merge: str | None = None) -> Iterator[EditBuilder]:
        """One edit: one transaction, one undo step, nothing stored when nothing changed; an exception takes all back.

        Edits with the same merge key join the one before when they follow within a second.
        """
        change = None
        with self._store.write(urgent=actor == "window", durable=True) as db:
            recorder = self._store.recorder
            assert recorder is not None
            with recorder.recording():
                yield EditBuilder(db, recorder, folder=self.folder)
            if diff := recorder.take():
                change = history.store(db, name, actor=actor, merge=merge, diff=diff)
        if change is not None:
            self._tell(change)

    def undo(self) -> Change | None:
        """Take back the last edit; None when there is none."""
        with self._store.write(urgent=True, durable=True) as db:
            change = history.undo(db)
        if change is not None:
            self._tell(change)
        return change

    def redo(self) -> Change | None:
        """Do the edit undone last again; None when there is none."""
        with self._store.write(urgent=True, durable=True) as db:
            change = history.redo(db)
        if change is not None:
            self._tell(change)
        return change

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

    # Bulk

    def accept_shown(
        self,
        media_id: int,
        frames: Sequence[int] | None,
        *,
        min_score: float | None = None,
        layer_id: int | None = None,
        cancel: CancelToken | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Make objects of the shown predictions of these frames, or of all; one edit. Returns how many."""
        layer = self.shown_layer() if layer_id is None else self.get_layer(layer_id)
        if layer is None:
            return 0
        wanted = self.visited_frames(layer.id, media_id).tolist() if frames is None else [int(f) for f in frames]
        count = 0
        with self.bulk_edit("Accept predictions") as edit:
            for done, frame in enumerate(wanted):
                if cancel is not None:
                    cancel.check()
                found = self.shown(media_id, frame, min_score=min_score, layer_id=layer.id)
                rows = found.rows[~found.doubts].tolist()
                if rows:
                    count += len(edit.accept(media_id, frame, layer.id, rows))
                if progress is not None:
                    progress(done + 1, len(wanted))
        return count

    def review(self, media_id: int, frames: Sequence[int], state: FrameState) -> int:
        """Give the frames a state, as one edit; returns how many had another one."""
        before = self.frame_states(media_id)
        changed = [frame for frame in frames if before.get(frame, FrameState.UNTOUCHED) is not state]
        with self.edit("Mark frames", actor="window") as edit:
            edit.set_frame_state(media_id, changed, state)
        return len(changed)

    @contextmanager
    def bulk_edit(self, name: str, *, actor: str = "job") -> Iterator[EditBuilder]:
        """An edit of any size that others need not wait for."""
        with self.edit(name, actor=actor) as edit:
            yield edit

    # Media indexes

    def media_index(self, media_id: int) -> bytes | None:
        """The stored index of a video's frames, None when none was built yet."""
        with self._reading() as db:
            row = db.execute("SELECT content FROM media_index WHERE media_id = ?", (media_id,)).fetchone()
        return None if row is None else row[0]

    def store_media_index(
        self,
        media_id: int,
        blob: bytes,
        *,
        frames: int,
        verified: bool,
        width: int,
        height: int,
        fps: float | None,
        info: Mapping[str, Any],
        pts: NDArray[np.int64] | None = None,
    ) -> None:
        """Store what a background decode found in a media."""
        from yolor_studio.project.rows import to_json

        with self._store.write(urgent=False, durable=True) as db:
            db.execute(
                "INSERT INTO media_index (media_id, content) VALUES (?, ?)"
                " ON CONFLICT (media_id) DO UPDATE SET content = excluded.content",
                (media_id, blob),
            )
            db.execute(
                "UPDATE media SET frames = ?, verified = ?, width = ?, height = ?, fps = ?, info = ? WHERE id = ?",
                (frames, verified, width, height, fps, to_json(dict(info)), media_id),
            )
        self._tell(Change(frozenset({"media"}), frozenset({media_id}), actor="job"))


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
