"""The project file as the document: edits with undo, the writes of runs, and the observers of both."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Change, FrameState, Predictions
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import class_maps, history, indexes, layers, opening, queries, settings, shown
from yolor_studio.project.bulk import BulkEdit, sweep
from yolor_studio.project.class_maps import ClassMapReport
from yolor_studio.project.edits import EditBuilder
from yolor_studio.project.histograms import Histograms
from yolor_studio.project.predictions import encode
from yolor_studio.project.reading import ProjectReader
from yolor_studio.project.renumber import Renumbering
from yolor_studio.project.store import told

_SLICE_FRAMES, _SLICE_BYTES = 64, 128 << 10
"""Predictions written in one turn at the gate: some 3 ms."""

SWEEP_SECONDS = 0.5
"""For so long closing a project may take to remove what bulk edits left; the rest goes another time."""

_log = logging.getLogger(__name__)


class Project(ProjectReader):
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
        self._histograms = Histograms()
        self._observers: list[Callable[[Change], None]] = []
        self._observers_lock = threading.Lock()

    @staticmethod
    def create(path: Path) -> Project:
        """A new, empty project; refuses an existing file."""
        path = Path(os.path.realpath(path))
        return Project(path, opening.create(path))

    @staticmethod
    def open(path: Path, *, read_only: bool = False) -> Project:
        """Open a project; where it cannot be written `read_only` is set, and `read_only_reason` says why."""
        path = Path(os.path.realpath(path))
        return Project(path, opening.open_file(path, read_only=read_only))

    def close(self) -> None:
        """Close the file and let others write it; the second call does nothing."""
        if self._store.writer is not None:
            sweep(self._store, seconds=SWEEP_SECONDS)
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
        if "media" in change.tables:
            self._histograms.forget()
        with self._observers_lock:
            observers = tuple(self._observers)
        for observer in observers:
            try:
                observer(change)
            except Exception:  # what was written stands, and the other observers must hear of it
                _log.exception("An observer of %s failed", self.path.name)

    # Runs

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
        for part in _slices((int(frame), encode(found)) for frame, found in predictions.items()):
            with self._store.write(urgent=False, durable=False) as db:
                layers.write(db, layer_id, media_id, part)
            self._histograms.written(layer_id, media_id, (frame for frame, _blob in part))
            frames = frozenset((media_id, frame) for frame, _blob in part)
            self._tell(Change(frozenset({"predictions"}), frozenset({media_id}), frames, actor="job"))

    def adopt_class_map(self, layer_id: int, class_names: Sequence[str]) -> ClassMapReport:
        """Map the model's classes that are not mapped yet: a project without categories adopts the names as categories;
        otherwise names match without regard to case and spaces, and the rest is ignored.

        A run is nobody's edit, so this is outside the undo history; where something is mapped, what had been undone
        can no longer be redone.
        """
        with self._store.write(urgent=False, durable=True) as db:
            recorder = self._store.recorder
            assert recorder is not None
            edit = EditBuilder(db, recorder, folder=self.folder)
            report, changed = class_maps.adopt(db, edit, layer_id, class_names)
            if changed:
                history.cut_redo(db)
        if changed:
            words = {"class_maps", "categories"} if report.adopted else {"class_maps"}
            self._tell(Change(frozenset(words), actor="job"))
        return report

    # Settings, outside the history

    def set_shown_layer(self, layer_id: int | None) -> None:
        """Choose the layer that is shown; None: the newest."""
        if layer_id is not None:
            self.get_layer(layer_id)
        self._set(settings.SHOWN_LAYER, layer_id, table="layers")

    def set_setting(self, key: str, value: Any) -> None:
        """Store a JSON value in the project, outside the undo history."""
        self._set(key, value)

    def set_score_limit(self, value: float) -> None:
        """Set the score under which predictions are not shown."""
        self._set(settings.SCORE_LIMIT, float(value))

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

    @contextmanager
    def bulk_edit(self, name: str, *, actor: str = "import") -> Iterator[BulkEdit]:
        """An edit of any size that holds nobody up: seen and undoable when the block ends, all taken back when it
        fails or the process dies. The edit itself belongs to this thread."""
        self._refuse_read_only()
        edit = BulkEdit(self._store, folder=self.folder)
        try:
            yield edit
            change = edit.complete(name, actor=actor)
        except BaseException:
            edit.abandon()
            raise
        if change is not None:
            self._tell(change)
        sweep(self._store)

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
        """Make objects of the shown predictions of these frames, or of all, as one bulk edit; returns how many objects
        were made.

        A doubt is shown, but a person has to answer each by itself: doubts get no object, are not in the number
        returned, and are what `count_shown` still counts afterwards. `progress` is told frames done and their number.
        """
        return self.accept_shown_of(
            {media_id: frames}, min_score=min_score, layer_id=layer_id, cancel=cancel, progress=progress
        )

    def accept_shown_of(
        self,
        frames: Mapping[int, Sequence[int] | None],
        *,
        min_score: float | None = None,
        layer_id: int | None = None,
        cancel: CancelToken | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """As `accept_shown`, for several media (id -> frames, None for all) in one edit."""
        self._refuse_read_only()
        layer = self.shown_layer() if layer_id is None else self.get_layer(layer_id)
        if layer is None:
            return 0
        wanted = self._visited_of(layer.id, frames)
        total = sum(len(numbers) for numbers in wanted.values())
        made = before = 0
        with self.bulk_edit("Accept predictions", actor="job") as edit, told(self.path):
            db = self._store.reader()  # not one moment: what the window rejects meanwhile is not accepted
            for media_id, numbers in wanted.items():
                for done, frame, found in shown.shown_over(
                    db, media_id, numbers, min_score=min_score, layer_id=layer.id
                ):
                    if cancel is not None:
                        cancel.check()
                    made += edit.accept_selected(media_id, frame, found)
                    if progress is not None:
                        progress(before + done, total)
                before += len(numbers)
        return made

    def count_shown(
        self,
        frames: Mapping[int, Sequence[int] | None],
        *,
        min_score: float | None = None,
        layer_id: int | None = None,
    ) -> int:
        """How many predictions a person sees on these frames (media id -> frames, None for all), doubts included: after
        `accept_shown_of` the same frames show doubts alone."""
        layer = self.shown_layer() if layer_id is None else self.get_layer(layer_id)
        if layer is None:
            return 0
        wanted = self._visited_of(layer.id, frames)
        with self._reading() as db:
            return sum(
                len(found)
                for media_id, numbers in wanted.items()
                for _, _, found in shown.shown_over(db, media_id, numbers, min_score=min_score, layer_id=layer.id)
            )

    def _visited_of(self, layer_id: int, frames: Mapping[int, Sequence[int] | None]) -> dict[int, list[int]]:
        """Media id -> those of the frames, or of all, where the layer's run has been; rising."""
        wanted = {}
        for media_id, numbers in frames.items():
            visited = self.visited_frames(layer_id, media_id).tolist()
            chosen = None if numbers is None else set(map(int, numbers))
            wanted[media_id] = [frame for frame in visited if chosen is None or frame in chosen]
        return wanted

    def review(self, media_id: int, frames: Sequence[int], state: FrameState) -> int:
        """Give the frames a state, as one edit whatever their number; returns how many had another one. A frame that
        is reviewed again is so with the categories of now (`reviewed_before`)."""
        return self.review_of({media_id: frames}, state)

    def review_of(self, frames: Mapping[int, Sequence[int]], state: FrameState) -> int:
        """As `review`, for the frames of several media (id -> frames) in one edit."""
        wanted = {media_id: {int(frame) for frame in numbers} for media_id, numbers in frames.items()}
        changed = 0
        for media_id, numbers in wanted.items():
            before = self.frame_states(media_id)
            changed += sum(before.get(frame, FrameState.UNTOUCHED) is not state for frame in numbers)
        names = {FrameState.REVIEWED: "Mark reviewed", FrameState.SKIPPED: "Skip", FrameState.UNTOUCHED: "Unmark"}
        with self.edit(names[state]) as edit:
            for media_id, numbers in wanted.items():
                edit.set_frame_state(media_id, numbers, state)
        return changed

    # Media indexes

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
    ) -> Renumbering | None:
        """Store what a background decode found in a media, outside the history.

        pts: [frames] timestamps. When they show that labelled frames have other numbers now, the labels follow their
        pictures in one edit, and what happened is returned.
        """
        facts = indexes.facts_of(frames=frames, verified=verified, width=width, height=height, fps=fps, info=info)
        stamps = None if pts is None else np.ascontiguousarray(pts, "<i8")
        with self._store.write(urgent=False, durable=True) as db:
            recorder = self._store.recorder
            assert recorder is not None
            media = queries.one_media(db, media_id)
            change, told = indexes.replace_index(db, recorder, media, content=blob, pts=stamps, facts=facts)
        self._tell(change or Change(frozenset({"media"}), frozenset({media_id}), actor="job"))
        return told

    def _refuse_read_only(self) -> None:
        if self.read_only:
            raise ProjectError(f"{self.path.name} is open for reading only ({self.read_only_reason}).")


def _slices(blobs: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    part: list[tuple[int, bytes]] = []
    size = 0
    for frame, blob in blobs:
        part.append((frame, blob))
        size += len(blob)
        if len(part) == _SLICE_FRAMES or size >= _SLICE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
