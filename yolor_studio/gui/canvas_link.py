"""Between the session and the canvas: shows the frame in view with its boxes, and turns gestures into edits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent

from yolor_studio.core.entities import Box, Category, Change, FrameBox, Media, MediaKind
from yolor_studio.core.errors import StudioError
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.canvas import BoxRef, Canvas, CanvasBox
from yolor_studio.gui.editing import Editor, Offer
from yolor_studio.gui.frames import FrameLoader, FramePicture, MediaFile
from yolor_studio.gui.panels.objects_model import ObjectRow, score_text
from yolor_studio.gui.selection import Selection
from yolor_studio.gui.session import Session

if TYPE_CHECKING:
    from yolor_studio.media import Presence

__all__ = ["CanvasLink"]

PREFETCH = 2
"""Frames decoded ahead after a step."""
HURRIED_BELOW = 90
"""Milliseconds between two frames under which a person is not looking at each."""
READ_AHEAD_AFTER = 20
"""Milliseconds after which frames ahead of one that was in memory are read: first that one is painted, undisturbed."""
_BOX_TABLES = frozenset(
    {"objects", "keyframes", "rejections", "layers", "predictions", "class_maps", "settings", "categories"}
)


class CanvasLink(QObject):
    """Keeps the canvas on the frame in view. The boxes change together with the picture that they belong to."""

    boxes_shown = Signal(list, list)
    """(objects, predictions) as ObjectRow lists, whenever they may have changed."""
    picture_shown = Signal(object)
    """The FramePicture on the canvas now."""
    failed = Signal(str)
    category_missing = Signal(object)
    """A box was drawn in a project without categories: (Box)."""
    offered = Signal(object)
    """The Offer on the canvas, None when there is none."""

    def __init__(
        self, session: Session, selection: Selection, editor: Editor, *, canvas: Canvas, bridge: Bridge
    ) -> None:
        super().__init__(canvas)
        self._session, self._selection, self._editor, self._canvas = session, selection, editor, canvas
        self._loader = FrameLoader(bridge.sink(self._arrived, urgent=True))
        self._shown: tuple[int, int] | None = None
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._since_asked = QElapsedTimer()
        self._ahead.timeout.connect(self._read_ahead)
        self._pixels: NDArray[np.uint8] | None = None
        """The pixels on the canvas, by which a frame that arrives again is known."""
        """The place whose picture the canvas shows."""
        self._offers: list[Offer] = []
        self._files: dict[int, MediaFile] = {}
        self._absent: dict[int, Presence] = {}
        """The media that were found to be missing or changed."""
        self._last_position = -1
        session.place_changed.connect(self._load)
        session.changed.connect(self._on_change)
        session.category_changed.connect(self._show_draft_colour)
        selection.changed.connect(self._select_on_canvas)
        selection.hover_changed.connect(lambda: canvas.set_hovered(selection.hovered))
        canvas.selection_changed.connect(self._selected_on_canvas)
        canvas.hovered.connect(selection.hover)
        canvas.drawn.connect(self._draw)
        canvas.changed.connect(lambda ref, box: self._edit(lambda: editor.change(ref, box)))
        canvas.moved_together.connect(lambda pairs: self._edit(lambda: editor.change_many(pairs)))
        canvas.nudged.connect(lambda pairs: self._edit(lambda: editor.nudged(pairs)))
        canvas.missed.connect(lambda at: self.offer(*at))
        canvas.accept_requested.connect(self._accept)
        canvas.reject_requested.connect(lambda ref: self._edit(lambda: editor.reject([ref.id])))
        canvas.installEventFilter(self)
        self._show_draft_colour()
        self._load()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a prediction is offered, Enter takes it, Tab asks for the next one and Esc drops it."""
        if not self._offers or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                return self.take_offer()
            case Qt.Key.Key_Tab:
                self.next_offer()
                return True
            case Qt.Key.Key_Escape:
                return self.drop_offer()
            case _:
                return False

    def close(self) -> None:
        """Stop reading."""
        self._ahead.stop()
        self._loader.close()

    def show_boxes(self) -> None:
        """Bring the canvas and the list in line with the project."""
        if self._session.current is None:
            self._canvas.set_boxes([], [])
            self.boxes_shown.emit([], [])
            return
        objects, object_rows = self._object_boxes()
        predictions, prediction_rows = self._prediction_boxes()
        predictions.extend(self._offer_boxes())
        if self.absent is not None:
            self._canvas.set_boxes([], [])
        elif self._shown == (self._session.current.id, self._session.frame):
            self._canvas.set_boxes(objects, predictions)
            self._canvas.select(self._selection.refs)
        self.boxes_shown.emit(object_rows, prediction_rows)

    # Offers

    def offer(self, x: float, y: float) -> None:
        """Offer the best hidden prediction under a point of the picture; nothing there drops what was offered."""
        self._set_offers(self._editor.offers(x, y))

    def next_offer(self) -> None:
        """Offer the next prediction under the same point."""
        self._set_offers([*self._offers[1:], *self._offers[:1]])

    def drop_offer(self) -> bool:
        """Take the offer away; whether there was one."""
        had = bool(self._offers)
        self._set_offers([])
        return had

    def take_offer(self, category_id: int | None = None) -> bool:
        """Turn the offer into an object; whether there was one."""
        if not self._offers:
            return False
        offer = self._offers[0]
        self._offers = []
        self._edit(lambda: self._editor.take_offer(offer, category_id))
        self.offered.emit(None)
        return True

    @property
    def shown_place(self) -> tuple[int, int] | None:
        """The (media id, frame) whose picture is on the canvas; None without one."""
        return self._shown

    @property
    def absent(self) -> Presence | None:
        """What became of the file of the media in view, where its own one is not there; None otherwise."""
        media = self._session.current
        return self._absent.get(media.id) if media is not None else None

    def look_again(self, media_id: int) -> None:
        """Open this media anew: its file may be there, or another one, by now."""
        self._files.pop(media_id, None)
        self._absent.pop(media_id, None)
        self._loader.forget(media_id)
        if self._session.current is not None and self._session.current.id == media_id:
            self._load()

    @property
    def has_offer(self) -> bool:
        """Whether a prediction is offered."""
        return bool(self._offers)

    def _set_offers(self, offers: list[Offer]) -> None:
        if offers or self._offers:
            self._offers = offers
            self.show_boxes()
            self.offered.emit(offers[0] if offers else None)

    # Pictures

    def _file(self, media: Media | None) -> MediaFile | None:
        if media is None:
            return None
        if media.id not in self._files:
            project = self._session.project
            self._files[media.id] = MediaFile(media, project.media_path(media), project.media_index(media.id))
        return self._files[media.id]

    def _load(self) -> None:
        self._offers = []
        file = self._file(self._session.current)
        if file is None:
            self._shown = None
            self._canvas.set_picture(None, key=None)
            self.show_boxes()
            return
        prefetch = PREFETCH if file.media.kind is not MediaKind.IMAGE else 0
        picture = self._loader.request(file, self._session.frame, prefetch=prefetch)
        if picture is not None:
            self._arrived(picture)
            if prefetch:
                # Somebody who plays or holds a key down needs the next frame more than this one's quick painting.
                hurried = self._since_asked.isValid() and self._since_asked.elapsed() < HURRIED_BELOW
                self._ahead.start(0 if hurried else READ_AHEAD_AFTER)
        else:
            self._ahead.stop()  # the request reads ahead by itself
        self._since_asked.start()

    def _read_ahead(self) -> None:
        file = self._file(self._session.current)
        if file is not None and file.media.kind is not MediaKind.IMAGE:
            self._loader.read_ahead(file, self._session.frame, PREFETCH)

    def _arrived(self, picture: FramePicture) -> None:
        media = self._session.current
        if media is None or (picture.media_id, picture.frame) != (media.id, self._session.frame):
            return
        if picture.presence is not None:
            self._absent[media.id] = picture.presence
        else:
            self._absent.pop(media.id, None)
        place = (picture.media_id, picture.frame)
        size = (media.width, media.height)
        if place == self._shown and picture.bgra is not None and picture.bgra is self._pixels:
            self.picture_shown.emit(
                picture
            )  # the reader's own word on a frame that was in memory: only its time is new
            return
        self._shown, self._pixels = place, picture.bgra
        self._canvas.set_picture(picture.bgra, key=place, size=size if picture.bgra is not None else None)
        self.show_boxes()
        self.picture_shown.emit(picture)
        if media.kind is MediaKind.IMAGE:
            self._load_neighbour(media)

    def _load_neighbour(self, media: Media) -> None:
        """Decode the picture to which a person is likely to go next; stepping to it then takes no time."""
        order = self._session.media
        here = order.index(media)
        step = -1 if here < self._last_position else 1
        self._last_position = here
        neighbour = order[here + step] if 0 <= here + step < len(order) else None
        file = self._file(neighbour)
        if file is not None and file.media.kind is MediaKind.IMAGE:
            self._loader.request(file, 0)

    # What the canvas shows

    def _category(self, category_id: int) -> Category:
        return self._session.category(category_id) or Category(category_id, "?")

    def _object_boxes(self) -> tuple[list[CanvasBox], list[ObjectRow]]:
        boxes: list[CanvasBox] = []
        listed: list[ObjectRow] = []
        for item in self._session.boxes():
            category = self._category(item.object.category_id)
            if category.visible:
                boxes.append(self._canvas_box(item, category))
            listed.append(
                ObjectRow(
                    BoxRef("object", item.object.id),
                    category.name,
                    category.colour,
                    category.visible,
                    item.box,
                    number=item.object.track_id,
                    occluded=item.occluded,
                    keyframe=item.keyframe,
                    origin=item.origin,
                    score=item.score,
                    ignore=item.object.ignore,
                )
            )
        return boxes, listed

    @staticmethod
    def _canvas_box(item: FrameBox, category: Category) -> CanvasBox:
        return CanvasBox(
            item.object.id,
            item.box,
            category.colour,
            f"{category.name} {item.object.track_id}",
            occluded=item.occluded,
            keyframe=item.keyframe,
        )

    def _prediction_boxes(self) -> tuple[list[CanvasBox], list[ObjectRow]]:
        boxes: list[CanvasBox] = []
        listed: list[ObjectRow] = []
        shown = self._session.shown()
        if shown is None:
            return boxes, listed
        for row, corners, category_id, score, doubt in zip(
            shown.rows.tolist(),
            shown.boxes.tolist(),
            shown.categories.tolist(),
            shown.scores.tolist(),
            shown.doubts.tolist(),
            strict=True,
        ):
            category, box = self._category(category_id), Box(*corners)
            if category.visible:
                label = f"{category.name} {score_text(score)}"
                boxes.append(CanvasBox(row, box, category.colour, label, dashed=True))
            listed.append(
                ObjectRow(
                    BoxRef("prediction", row),
                    category.name,
                    category.colour,
                    category.visible,
                    box,
                    score=score,
                    doubt=doubt,
                )
            )
        return boxes, listed

    def _offer_boxes(self) -> list[CanvasBox]:
        if not self._offers:
            return []
        offer = self._offers[0]
        category = self._category(offer.category_id)
        label = f"{category.name} {score_text(offer.score)}?"
        return [CanvasBox(offer.row, offer.box, category.colour, label, dashed=True, offered=True)]

    def _show_draft_colour(self) -> None:
        if self._session.category_id is not None:
            self._canvas.set_draft_colour(self._category(self._session.category_id).colour)

    # Gestures

    def _draw(self, box: Box) -> None:
        if self._session.category_id is None:
            self.category_missing.emit(box)
        else:
            self._edit(lambda: self._editor.draw(box))

    def _accept(self, ref: BoxRef) -> None:
        if self._offers and ref.id == self._offers[0].row:
            self.take_offer()
        else:
            self._edit(lambda: self._editor.accept([ref.id]))

    def _edit(self, edit: Callable[[], object]) -> None:
        try:
            edit()
        except StudioError as error:
            self.show_boxes()
            self.failed.emit(str(error))

    def _selected_on_canvas(self) -> None:
        self._selection.set(self._canvas.selection())

    def _select_on_canvas(self) -> None:
        if self._canvas.selection() != self._selection.refs:
            self._canvas.select(self._selection.refs)

    def _on_change(self, change: Change) -> None:
        if "media" in change.tables:
            self._forget_changed_media()
        media = self._session.current
        if media is None or not change.tables & _BOX_TABLES or not change.concerns(media.id, self._session.frame):
            return
        if self._offers and change.tables & {"predictions", "layers", "settings", "class_maps"}:
            self._offers = []
            self.offered.emit(None)
        self.show_boxes()

    def _forget_changed_media(self) -> None:
        for media_id, file in list(self._files.items()):
            media = self._session.media_by_id(media_id)
            if media == file.media and media is not None:
                continue
            del self._files[media_id]
            if media is None or _read_from(media) != _read_from(file.media):
                self._absent.pop(media_id, None)
                self._loader.forget(media_id)
        current = self._session.current
        if current is not None and current.id not in self._files:
            self._load()


def _read_from(media: Media) -> tuple[object, ...]:
    """What decides which pictures a media has."""
    return media.path, media.fingerprint, media.files, media.frames, media.verified
