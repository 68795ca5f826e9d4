"""Every edit a person makes in the window, as one undoable step each; testable without a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from yolor_studio.core.boxes import move_box
from yolor_studio.core.entities import Box, FrameBox, FrameState, Media, ShownPredictions
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.navigation import span_from_last_reviewed
from yolor_studio.gui.selection import Selection
from yolor_studio.gui.session import Session

__all__ = ["Editor", "Offer"]

PASTE_OFFSET = 12.0
"""How far, in pixels, a duplicate lies from its original."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A stored prediction under the pointer that the score limit hides, offered in place of drawing."""

    layer_id: int
    row: int
    box: Box
    category_id: int
    score: float


@dataclass(frozen=True, slots=True)
class _Copied:
    category_id: int
    box: Box
    occluded: bool


class Editor:
    """Turns gestures and commands into edits of the project at the place in view."""

    def __init__(self, session: Session, selection: Selection) -> None:
        self._session = session
        self._selection = selection
        self._copied: list[_Copied] = []

    # Boxes

    def draw(self, box: Box) -> int | None:
        """A new object of the category in use, selected; None where there is no media or no category."""
        media, category_id = self._session.current, self._session.category_id
        if media is None or category_id is None:
            return None
        with self._session.project.edit("Draw box") as edit:
            object_id = edit.add_object(media.id, category_id, self._session.frame, box)
        self._selection.set([BoxRef("object", object_id)])
        return object_id

    def change(self, ref: BoxRef, box: Box) -> None:
        """Give a box a new place or size; a prediction becomes an object by it, corrected by hand."""
        self.change_many([(ref, box)])

    def change_many(self, changes: Sequence[tuple[BoxRef, Box]], *, merge: str | None = None) -> None:
        """Give several boxes new places in one step; steps with the same `merge` key within a second are one."""
        media, shown = self._session.current, self._session.shown()
        if media is None or not changes:
            return
        frame = self._session.frame
        selected: set[BoxRef] = set(self._selection.refs)
        with self._session.project.edit("Move box" if len(changes) == 1 else "Move boxes", merge=merge) as edit:
            for ref, box in changes:
                if ref.kind == "object":
                    edit.set_keyframe(ref.id, frame, box)
                elif shown is not None:
                    accepted = edit.accept(media.id, frame, shown.layer_id, [ref.id], box=box)
                    selected.discard(ref)
                    selected.update(BoxRef("object", object_id) for object_id in accepted)
        self._selection.set(selected)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected boxes by some pixels; a run of nudges is one step."""
        media = self._session.current
        if media is None:
            return
        changes = [
            (ref, move_box(box, dx, dy, media.width, media.height)) for ref, box in self._selected_boxes() if box
        ]
        self.nudged(changes)

    def nudged(self, changes: Sequence[tuple[BoxRef, Box]]) -> None:
        """Give boxes the places to which an arrow key moved them; a run of nudges is one step."""
        key = ",".join(f"{ref.kind}{ref.id}" for ref, _ in changes)
        self.change_many(changes, merge=f"nudge {self._session.frame} {key}")

    def recategorise(self, category_id: int) -> None:
        """Give the selected boxes a category; predictions become objects of it."""
        media, shown = self._session.current, self._session.shown()
        refs = self._selection.refs
        if media is None or not refs:
            return
        selected = set(refs)
        with self._session.project.edit("Change category") as edit:
            for object_id in self._selection.object_ids:
                edit.update_object(object_id, category_id=category_id)
            rows = self._selection.prediction_rows
            if rows and shown is not None:
                accepted = edit.accept(media.id, self._session.frame, shown.layer_id, rows, category_id=category_id)
                selected = {ref for ref in selected if ref.kind == "object"}
                selected.update(BoxRef("object", object_id) for object_id in accepted)
        self._selection.set(selected)

    def delete(self, *, whole_objects: bool = False) -> None:
        """Delete the selected boxes of this frame (or their whole objects); selected predictions are rejected."""
        media, shown = self._session.current, self._session.shown()
        if media is None or not self._selection.refs:
            return
        objects, rows = self._selection.object_ids, self._selection.prediction_rows
        name = "Delete object" if whole_objects else "Delete box"
        if len(objects) + len(rows) > 1:
            name = "Delete objects" if whole_objects else "Delete boxes"
        with self._session.project.edit(name if objects else "Reject") as edit:
            for object_id in objects:
                if whole_objects:
                    edit.delete_object(object_id)
                else:
                    edit.delete_box(object_id, self._session.frame)
            if rows and shown is not None:
                edit.reject(media.id, self._session.frame, shown.layer_id, rows)
        self._selection.set(())

    def toggle_occluded(self) -> None:
        """Mark the selected objects' boxes as occluded, or all of them as not when all are."""
        boxes = [box for box in self._session.boxes() if BoxRef("object", box.object.id) in self._selection.refs]
        if not boxes:
            return
        occluded = not all(box.occluded for box in boxes)
        with self._session.project.edit("Occluded" if occluded else "Not occluded") as edit:
            for box in boxes:
                edit.set_keyframe(box.object.id, self._session.frame, box.box, occluded=occluded, origin=box.origin)

    # Copies

    def copy(self) -> int:
        """Remember the selected boxes for pasting; how many there are."""
        categories = self._categories_of_selected()
        occluded = {box.object.id for box in self._session.boxes() if box.occluded}
        self._copied = [
            _Copied(categories[ref], box, ref.kind == "object" and ref.id in occluded)
            for ref, box in self._selected_boxes()
            if ref in categories
        ]
        return len(self._copied)

    def paste(self) -> int:
        """Put the remembered boxes on this frame as new objects, at their old place; how many there were."""
        return self._add_copies("Paste", self._copied)

    def duplicate(self) -> int:
        """Put copies of the selected objects a little beside them; how many there were."""
        kept, media = self._copied, self._session.current
        self.copy()
        copies, self._copied = self._copied, kept
        if media is None:
            return 0
        moved = [
            _Copied(
                copy.category_id,
                move_box(copy.box, PASTE_OFFSET, PASTE_OFFSET, media.width, media.height),
                copy.occluded,
            )
            for copy in copies
        ]
        return self._add_copies("Duplicate", moved)

    def repeat_previous(self) -> int:
        """Set the boxes of the previous frame on the working step here too, on the same objects; how many.

        Objects that already have a box here are left alone. Among pictures the neighbour's boxes become new objects.
        """
        media = self._session.current
        if media is None:
            return 0
        frame = self._session.frame
        if frame == 0:
            return self._add_copies("Repeat previous frame", self._boxes_of_previous_media(media))
        previous = self._session.project.boxes_at(media.id, max(frame - media.step, 0))
        present = {box.object.id for box in self._session.boxes()}
        missing = [box for box in previous if box.object.id not in present]
        if not missing:
            return 0
        with self._session.project.edit("Repeat previous frame") as edit:
            for box in missing:
                edit.set_keyframe(box.object.id, frame, box.box, occluded=box.occluded)
        self._selection.set(BoxRef("object", box.object.id) for box in missing)
        return len(missing)

    def _boxes_of_previous_media(self, media: Media) -> list[_Copied]:
        ids = [item.id for item in self._session.media]
        position = ids.index(media.id)
        if position == 0:
            return []
        before = self._session.media[position - 1]
        boxes = self._session.project.boxes_at(before.id, before.frames - 1)
        return [_Copied(box.object.category_id, box.box, box.occluded) for box in boxes]

    def _add_copies(self, name: str, copies: Sequence[_Copied]) -> int:
        media = self._session.current
        if media is None or not copies:
            return 0
        with self._session.project.edit(name) as edit:
            added = [
                edit.add_object(media.id, copy.category_id, self._session.frame, copy.box, occluded=copy.occluded)
                for copy in copies
                if self._session.category(copy.category_id) is not None
            ]
        self._selection.set(BoxRef("object", object_id) for object_id in added)
        return len(added)

    # Predictions

    def accept(self, rows: Sequence[int]) -> list[int]:
        """Turn these shown predictions into objects; their ids."""
        media, shown = self._session.current, self._session.shown()
        if media is None or shown is None or not rows:
            return []
        with self._session.project.edit("Accept") as edit:
            accepted = edit.accept(media.id, self._session.frame, shown.layer_id, rows)
        kept = {ref for ref in self._selection.refs if ref.kind == "object"}
        self._selection.set(kept | {BoxRef("object", object_id) for object_id in accepted})
        return accepted

    def accept_shown(self) -> int:
        """Turn the shown predictions of this frame into objects, but for doubts; how many were accepted."""
        media, shown = self._session.current, self._session.shown()
        if media is None or shown is None or not len(shown):
            return 0
        with self._session.project.edit("Accept visible") as edit:
            accepted = edit.accept_selected(media.id, self._session.frame, shown)
        self._drop_predictions_from_selection()
        return accepted

    def accept_shown_and_review(self) -> int:
        """Accept what is shown, but for doubts, and mark the frame reviewed, in one step; how many were accepted."""
        media, shown = self._session.current, self._session.shown()
        if media is None:
            return 0
        frame, accepted = self._session.frame, 0
        with self._session.project.edit("Accept and review") as edit:
            if shown is not None and len(shown):
                accepted = edit.accept_selected(media.id, frame, shown)
            edit.set_frame_state(media.id, [frame], FrameState.REVIEWED)
        self._drop_predictions_from_selection()
        return accepted

    def reject(self, rows: Sequence[int]) -> None:
        """Say that these shown predictions are wrong here; it lasts over further runs."""
        media, shown = self._session.current, self._session.shown()
        if media is None or shown is None or not rows:
            return
        with self._session.project.edit("Reject") as edit:
            edit.reject(media.id, self._session.frame, shown.layer_id, rows)
        self._drop_predictions_from_selection()

    def reject_shown(self) -> int:
        """Reject every shown prediction of this frame; how many there were."""
        shown = self._session.shown()
        count = len(shown) if shown is not None else 0
        if shown is not None and count:
            self.reject(shown.rows.tolist())
        return count

    def offers(self, x: float, y: float) -> list[Offer]:
        """The stored predictions over this point that only the score limit hides, the best first."""
        media, shown = self._session.current, self._session.shown()
        if media is None or shown is None:
            return []
        stored = self._session.project.shown(media.id, self._session.frame, min_score=0.0)
        left, top, width, height = stored.boxes.reshape(-1, 4).T
        under = (left <= x) & (x <= left + width) & (top <= y) & (y <= top + height)
        under &= ~np.isin(stored.rows, shown.rows)
        offers = [
            Offer(
                stored.layer_id,
                int(stored.rows[at]),
                Box(*map(float, stored.boxes[at])),
                int(stored.categories[at]),
                float(stored.scores[at]),
            )
            for at in np.flatnonzero(under)
        ]
        return sorted(offers, key=lambda offer: -offer.score)

    def take_offer(self, offer: Offer, category_id: int | None = None) -> int | None:
        """Turn an offered prediction into an object, of `category_id` when given; its id."""
        media = self._session.current
        if media is None:
            return None
        category = category_id or offer.category_id
        with self._session.project.edit("Accept offered box") as edit:
            accepted = edit.accept(media.id, self._session.frame, offer.layer_id, [offer.row], category_id=category)
        self._selection.set(BoxRef("object", object_id) for object_id in accepted)
        return accepted[0] if accepted else None

    # Review

    def set_state(self, state: FrameState) -> int:
        """Give the frame in view a state; how many predictions are still shown on it, and so left out."""
        media = self._session.current
        if media is None:
            return 0
        shown = self._session.shown()
        with self._session.project.edit(_STATE_NAMES[state]) as edit:
            edit.set_frame_state(media.id, [self._session.frame], state)
        return len(shown) if shown is not None and state is FrameState.REVIEWED else 0

    def set_states(self, media: Media, frames: Iterable[int], state: FrameState) -> int:
        """Give many frames a state, in one step; how many they are."""
        return self._session.project.review(media.id, list(frames), state)

    def review_from_last(self) -> int:
        """Mark everything from the last reviewed frame to here as reviewed; how many frames changed."""
        media = self._session.current
        if media is None:
            return 0
        states = self._session.project.frame_states(media.id)
        span = span_from_last_reviewed(states, self._session.frame, step=media.step)
        return self.set_states(media, span, FrameState.REVIEWED) if span else 0

    def review_media(self) -> int:
        """Mark the whole media as reviewed, on its working step, apart from skipped frames; how many changed."""
        media = self._session.current
        if media is None:
            return 0
        states = self._session.project.frame_states(media.id)
        frames = [frame for frame in range(0, media.frames, media.step) if frame not in states]
        return self.set_states(media, frames, FrameState.REVIEWED) if frames else 0

    # The history

    def undo(self) -> str | None:
        """Take back the last edit after going to the frame that it changed; its name, None when there is none."""
        return self._replay(backwards=True)

    def redo(self) -> str | None:
        """Do the last undone edit again after going to the frame that it changed; its name, None without one."""
        return self._replay(backwards=False)

    def _replay(self, *, backwards: bool) -> str | None:
        project = self._session.project
        name = project.undo_name() if backwards else project.redo_name()
        if name is None:
            return None
        place = project.undo_place() if backwards else project.redo_place()
        if place is not None:
            self._session.go(*place)
        (project.undo if backwards else project.redo)()
        if place is not None:
            self._session.go(*place)  # the media itself may have come back only now
        self._keep_existing_selection()
        return name

    # Helpers

    def _selected_boxes(self) -> list[tuple[BoxRef, Box]]:
        boxes = [(BoxRef("object", item.object.id), item.box) for item in self._session.boxes()]
        shown = self._session.shown()
        if shown is not None:
            boxes.extend(
                (BoxRef("prediction", int(row)), Box(*map(float, box)))
                for row, box in zip(shown.rows, shown.boxes, strict=True)
            )
        return [(ref, box) for ref, box in boxes if ref in self._selection.refs]

    def _categories_of_selected(self) -> dict[BoxRef, int]:
        objects: list[FrameBox] = self._session.boxes()
        categories = {BoxRef("object", box.object.id): box.object.category_id for box in objects}
        shown: ShownPredictions | None = self._session.shown()
        if shown is not None:
            for row, category in zip(shown.rows, shown.categories, strict=True):
                categories[BoxRef("prediction", int(row))] = int(category)
        return categories

    def _drop_predictions_from_selection(self) -> None:
        self._selection.set(ref for ref in self._selection.refs if ref.kind == "object")

    def _keep_existing_selection(self) -> None:
        present = {BoxRef("object", box.object.id) for box in self._session.boxes()}
        self._selection.set(ref for ref in self._selection.refs if ref in present)


_STATE_NAMES = {
    FrameState.REVIEWED: "Mark reviewed",
    FrameState.UNTOUCHED: "Mark not reviewed",
    FrameState.SKIPPED: "Skip frame",
}
