"""The open project and the place in it: what every panel, the canvas and the commands look at."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import islice

import numpy as np
from PySide6.QtCore import QObject, Signal

from yolor_studio.core.entities import Category, Change, FrameBox, FrameState, Media, MediaKind, ShownPredictions
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.navigation import LONG_STEP, next_open_frame, next_place, stepped
from yolor_studio.project import Project

__all__ = ["Session"]

COMMON_IN = 500
"""Frames that are looked at to find the category that is most common."""


class Session(QObject):
    """One open project, the media and frame a person looks at, and the category that new boxes get.

    It has no window; commits on worker threads reach `changed` on the window's thread through the bridge.
    """

    place_changed = Signal()
    changed = Signal(object)
    """A core Change, after everything that Session caches is fresh again."""
    category_changed = Signal()

    def __init__(self, project: Project, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.frame = 0
        self.category_id: int | None = None
        self._bridge = bridge
        self._thread = threading.get_ident()
        self._media_id: int | None = None
        self._last_frames: dict[int, int] = {}
        self._media: dict[int, Media] = {}
        self._categories: dict[int, Category] = {}
        self._unsubscribe = project.subscribe(self._on_commit)
        self._read_media()
        self._read_categories()
        self._restore_place()

    # What there is

    @property
    def media(self) -> Sequence[Media]:
        """Every media of the project, in its order."""
        return tuple(self._media.values())

    @property
    def categories(self) -> Sequence[Category]:
        """Every category, by id."""
        return tuple(self._categories.values())

    @property
    def current(self) -> Media | None:
        """The media in view; None in a project without media."""
        return self._media.get(self._media_id) if self._media_id is not None else None

    def media_by_id(self, media_id: int) -> Media | None:
        """A media of the project, None when it was removed."""
        return self._media.get(media_id)

    def category(self, category_id: int) -> Category | None:
        """A category of the project, None when it was deleted."""
        return self._categories.get(category_id)

    def boxes(self) -> list[FrameBox]:
        """The objects' boxes at the frame in view."""
        return self.project.boxes_at(self._media_id, self.frame) if self._media_id is not None else []

    def shown(self) -> ShownPredictions | None:
        """The predictions that a person sees at the frame in view; None without a layer."""
        if self._media_id is None or self.project.shown_layer() is None:
            return None
        return self.project.shown(self._media_id, self.frame)

    def state(self) -> FrameState:
        """The review state of the frame in view."""
        if self._media_id is None:
            return FrameState.UNTOUCHED
        return self.project.frame_state(self._media_id, self.frame)

    # Where a person is

    def go(self, media_id: int, frame: int = 0) -> None:
        """Show a frame; numbers outside the media are brought inside."""
        media = self._media.get(media_id)
        if media is None:
            return
        frame = stepped(frame, media.frames, by=0, step=1)
        if (media_id, frame) == (self._media_id, self.frame):
            return
        self._media_id, self.frame = media_id, frame
        self._last_frames[media_id] = frame
        self.place_changed.emit()

    def frame_of(self, media_id: int) -> int:
        """The frame of a media that a person saw last, 0 at first."""
        return self._last_frames.get(media_id, 0)

    def seek(self, frame: int) -> None:
        """Show a frame of the media in view."""
        if self._media_id is not None:
            self.go(self._media_id, frame)

    def step(self, by: int, *, long: bool = False) -> None:
        """Go `by` working steps on (long: ten times as far); among pictures, to the neighbour in the list."""
        media = self.current
        if media is None:
            return
        if media.kind is MediaKind.IMAGE:
            ids = list(self._media)
            position = ids.index(media.id) + by * (LONG_STEP if long else 1)
            self.go(ids[min(max(position, 0), len(ids) - 1)])
        else:
            self.seek(stepped(self.frame, media.frames, by=by * (LONG_STEP if long else 1), step=media.step))

    def next_open(self, *, backwards: bool = False, with_predictions: bool = False) -> tuple[int, int] | None:
        """The next (media id, frame) that nobody has reviewed, on each media's working step, round all media.

        With `with_predictions` only frames on which something is shown to be accepted.
        """
        media = self.current
        if media is None:
            return None

        def search(media_id: int, rest: bool) -> int | None:
            target = self._media[media_id]
            if backwards:
                start = self.frame - 1 if rest else target.frames - 1
            else:
                start = self.frame + 1 if rest else 0
            return next_open_frame(
                self.project.frame_states(media_id),
                target.frames,
                step=target.step,
                start=start,
                backwards=backwards,
                wanted=(lambda frame: len(self.project.shown(media_id, frame)) > 0) if with_predictions else None,
            )

        place = next_place(list(self._media), media.id, search, backwards=backwards)
        return None if place == (media.id, self.frame) else place

    def set_category(self, category_id: int | None) -> None:
        """Choose the category that new boxes get."""
        if category_id != self.category_id and (category_id is None or category_id in self._categories):
            self.category_id = category_id
            self.category_changed.emit()

    def choose_common_category(self) -> None:
        """Before anything is drawn, draw with the category that the shown layer found most often in this media."""
        media, layer = self.current, self.project.shown_layer()
        if media is None or layer is None or self.project.counts().objects:
            return
        limit, found = self.project.score_limit(), np.zeros(len(layer.class_names), np.int64)
        for _, predictions in islice(self.project.iter_predictions(layer.id, media.id), COMMON_IN):
            best = predictions.classes[predictions.scores[:, 0] >= limit, 0]
            found += np.bincount(best[best >= 0], minlength=len(found))[: len(found)]
        if found.any():
            self.set_category(self.project.class_map(layer.id).get(int(found.argmax())))

    def set_limit(self, limit: float, category_id: int | None = None) -> None:
        """Show predictions from this score on, in general or for one category."""
        if category_id is None:
            self.project.set_score_limit(limit)
        else:
            self.project.set_category_score_limit(category_id, limit)

    def close(self) -> None:
        """Remember the place and close the project."""
        if self.current is not None and not self.project.read_only:
            self.project.set_setting("window.place", [self._media_id, self.frame])
        self._unsubscribe()
        self.project.close()

    # Keeping up with commits

    def _on_commit(self, change: Change) -> None:
        if threading.get_ident() == self._thread:
            self._take(change)
        else:
            self._bridge.post(self._take, change)

    def _take(self, change: Change) -> None:
        if "media" in change.tables:
            self._read_media()
        if "categories" in change.tables:
            self._read_categories()
        self.changed.emit(change)

    def _read_media(self) -> None:
        self._media = {media.id: media for media in self.project.media()}
        if self._media_id not in self._media:
            self._media_id, self.frame = next(iter(self._media), None), 0
            self.place_changed.emit()
        elif self.current is not None and self.frame >= self.current.frames:
            self.seek(self.current.frames - 1)

    def _read_categories(self) -> None:
        self._categories = {category.id: category for category in self.project.categories()}
        if self.category_id not in self._categories:
            self.category_id = next(iter(self._categories), None)
            self.category_changed.emit()

    def _restore_place(self) -> None:
        place = self.project.setting("window.place", None)
        if isinstance(place, list) and len(place) == 2 and all(isinstance(value, int) for value in place):
            self.go(place[0], place[1])
