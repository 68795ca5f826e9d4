"""What can be done to a project inside one edit. Rows are written at once; the recorder notes them for undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from yolor_studio.core.entities import Box, FrameState, Keyframe, Origin, Predictions, ShownPredictions
from yolor_studio.core.errors import ProjectError
from yolor_studio.core.tracks import box_at, keyframe_before
from yolor_studio.project import layers, queries, rows, shown, states
from yolor_studio.project.edit_lists import ListEdits
from yolor_studio.project.indexes import pts_at
from yolor_studio.project.schema import bin_of


class EditBuilder(ListEdits):
    """One edit under way, from `project.edit(...)`. Every method raises ProjectError when what it is asked for is not
    possible; the whole edit is then taken back."""

    # Objects

    def add_object(
        self,
        media_id: int,
        category_id: int,
        frame: int,
        box: Box,
        *,
        origin: Origin = Origin.HUMAN,
        occluded: bool = False,
        interpolate: bool = False,
        ignore: bool = False,
        attributes: Mapping[str, Any] = rows.NOTHING,
        keyframe_attributes: Mapping[str, Any] = rows.NOTHING,
        score: float | None = None,
        track_id: int | None = None,
    ) -> int:
        """A new object with one keyframe, its box cut to the picture; returns its id. A given track id must be free."""
        first = Keyframe(0, frame, box, occluded, interpolate, Origin(origin), keyframe_attributes, score)
        return self.add_track(media_id, category_id, [first], ignore=ignore, attributes=attributes, track_id=track_id)

    def add_track(
        self,
        media_id: int,
        category_id: int,
        keyframes: Sequence[Keyframe],
        *,
        ignore: bool = False,
        attributes: Mapping[str, Any] = rows.NOTHING,
        track_id: int | None = None,
    ) -> int:
        """A new object with these keyframes, at least one and none on the same frame as another, whose `object_id` is
        not looked at and whose boxes are cut to the picture; returns its id. A given track id must be free."""
        media = self._media_of(media_id)
        self._category(category_id)
        frames = {keyframe.frame for keyframe in keyframes}
        if not frames or len(frames) < len(keyframes):
            raise ProjectError(f"{len(keyframes)} keyframes on {len(frames)} frames are no track; nothing was changed.")
        first, last = min(frames), max(frames)
        self._check_frame(media, first)
        self._check_frame(media, last)
        object_id = self._insert(
            "object",
            {
                "media_id": media_id,
                "category_id": category_id,
                "track_id": self._take_track_id(track_id),
                "ignore": ignore,
                "attributes": rows.to_json(dict(attributes)) if attributes else "{}",
                "first_frame": first,
                "last_frame": last,
                "bin": bin_of(first, last),
                "batch": self._batch,
            },
        )
        for keyframe in keyframes:
            fitted = self._fit(media, keyframe.box)
            self._write_keyframe(replace(keyframe, object_id=object_id, box=fitted), media_id)
        return object_id

    def set_keyframe(
        self,
        object_id: int,
        frame: int,
        box: Box,
        *,
        occluded: bool | None = None,
        interpolate: bool | None = None,
        origin: Origin = Origin.HUMAN,
        attributes: Mapping[str, Any] | None = None,
        score: float | None = None,
    ) -> None:
        """Set the object's box on a frame. What is None stays as it is there: as on this keyframe, else as on the
        interpolated stretch around it, else off and empty."""
        media = self._media_of(self._media_id_of(object_id))
        self._check_frame(media, frame)
        near = self._standing(object_id, frame)
        if attributes is None:
            attributes = rows.NOTHING if near is None else near.attributes
        self._write_keyframe(
            Keyframe(
                object_id,
                frame,
                self._fit(media, box),
                bool(near and near.occluded) if occluded is None else occluded,
                bool(near and near.interpolate) if interpolate is None else interpolate,
                Origin(origin),
                attributes,
                score,
            ),
            media.id,
        )
        self._refresh_life(object_id)

    def _standing(self, object_id: int, frame: int) -> Keyframe | None:
        """The keyframe that the object's box on the frame comes from, None where it has no box."""
        near = self._keyframe_before(object_id, frame)
        if near is None or near.frame == frame or (near.interpolate and self._last_frame(object_id) > frame):
            return near
        return None

    def delete_box(self, object_id: int, frame: int) -> None:
        """Take the object's box off one frame and no other: inside an interpolated stretch this makes a gap. The
        object goes with its last keyframe."""
        thing, keyframes = self._object(object_id)
        if box_at(keyframes, frame) is None:
            return
        before = [keyframe for keyframe in keyframes if keyframe.frame < frame]
        here = [keyframe for keyframe in keyframes if keyframe.frame == frame]
        after = [keyframe for keyframe in keyframes if keyframe.frame > frame]
        if not before and not after:
            self.delete_object(object_id)
            return
        if after and (here or before)[-1].interpolate:
            self._resume_after(keyframes, frame, thing.media_id)
        if before and before[-1].interpolate:
            self._stop_before(keyframes, frame, thing.media_id)
        self._db.execute("DELETE FROM keyframe WHERE object_id = ? AND frame = ?", (object_id, frame))
        self._refresh_life(object_id)

    def _resume_after(self, keyframes: list[Keyframe], frame: int, media_id: int) -> None:
        if not any(keyframe.frame == frame + 1 for keyframe in keyframes):
            self._pin(keyframes, frame + 1, media_id, interpolate=True)

    def _stop_before(self, keyframes: list[Keyframe], frame: int, media_id: int) -> None:
        self._pin(keyframes, frame - 1, media_id, interpolate=False)

    def _pin(self, keyframes: list[Keyframe], frame: int, media_id: int, *, interpolate: bool) -> None:
        """Set a keyframe on what the box is there anyway."""
        near, box = keyframe_before(keyframes, frame), box_at(keyframes, frame)
        assert near is not None
        assert box is not None
        self._write_keyframe(replace(near, frame=frame, box=box, interpolate=interpolate), media_id)

    def delete_object(self, object_id: int) -> None:
        """Delete an object with all its keyframes."""
        self._object(object_id)
        self._db.execute("DELETE FROM keyframe WHERE object_id = ?", (object_id,))
        self._db.execute("DELETE FROM object WHERE id = ?", (object_id,))

    def update_object(
        self,
        object_id: int,
        *,
        category_id: int | None = None,
        ignore: bool | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Change an object's category, ignore flag or attributes; None leaves it."""
        queries.one_object(self._db, object_id)
        columns: dict[str, Any] = {}
        if category_id is not None:
            self._category(category_id)
            columns["category_id"] = category_id
        if ignore is not None:
            columns["ignore"] = ignore
        if attributes is not None:
            columns["attributes"] = rows.to_json(dict(attributes))
        self._update("object", object_id, columns)

    # Predictions

    def accept(
        self,
        media_id: int,
        frame: int,
        layer_id: int,
        rows: Sequence[int],
        *,
        category_id: int | None = None,
        box: Box | None = None,
    ) -> list[int]:
        """Make objects from rows of the layer's predictions; returns their ids. With `box` they were corrected by hand
        and their origin is human; `category_id` stands in for the class map's."""
        found, categories = self._predictions(media_id, frame, layer_id)
        return [
            self.add_object(
                media_id,
                self._mapped(categories, found, row) if category_id is None else category_id,
                frame,
                Box(*found.boxes[row].tolist()) if box is None else box,
                origin=Origin.MODEL if box is None else Origin.HUMAN,
                score=float(found.scores[row, 0]),
            )
            for row in self._checked_rows(found, rows)
        ]

    def accept_selected(self, media_id: int, frame: int, found: ShownPredictions) -> int:
        """Make objects of what is shown on the frame, without the doubts, which stay shown; returns how many."""
        sure = ~found.doubts
        for box, category_id, score in zip(
            found.boxes[sure].tolist(), found.categories[sure].tolist(), found.scores[sure].tolist(), strict=True
        ):
            self.add_object(media_id, category_id, frame, Box(*box), origin=Origin.MODEL, score=score)
        return int(sure.sum())

    def reject(self, media_id: int, frame: int, layer_id: int, rows: Sequence[int]) -> None:
        """Write that these rows of the layer's predictions are wrong; it lasts over re-runs."""
        found, categories = self._predictions(media_id, frame, layer_id)
        for row in self._checked_rows(found, rows):
            self.add_rejection(media_id, frame, self._mapped(categories, found, row), Box(*found.boxes[row].tolist()))

    def add_rejection(self, media_id: int, frame: int, category_id: int, box: Box) -> int:
        """Write that there is no such thing in this place; returns the rejection's id."""
        media = self._media_of(media_id)
        self._category(category_id)
        self._check_frame(media, frame)
        row: dict[str, Any] = {"media_id": media_id, "frame": frame, "category_id": category_id, "batch": self._batch}
        row["pts"] = pts_at(self._db, media_id, frame)
        return self._insert("rejection", {**row, **self._fit(media, box)._asdict()})

    def delete_rejection(self, rejection_id: int) -> None:
        """Take back a rejection."""
        if not self._db.execute("DELETE FROM rejection WHERE id = ?", (rejection_id,)).rowcount:
            raise ProjectError(f"There is no rejection {rejection_id} in this project.")

    def set_class(self, layer_id: int, class_index: int, category_id: int | None) -> None:
        """Map a class of the layer's model to a category, or to None: ignored."""
        layer = layers.one_layer(self._db, layer_id)
        if category_id is not None:
            self._category(category_id)
        self._db.execute(
            "INSERT INTO class_map (model, class_index, category_id) VALUES (?, ?, ?)"
            " ON CONFLICT (model, class_index) DO UPDATE SET category_id = excluded.category_id",
            (layer.model, class_index, category_id),
        )

    def _predictions(self, media_id: int, frame: int, layer_id: int) -> tuple[Predictions, list[int]]:
        found = layers.read(self._db, layer_id, media_id, frame=frame)
        if found is None:
            raise ProjectError(f"The model has not been on frame {frame} of this media.")
        return found, shown.category_lookup(self._db, layer_id).tolist()

    def _checked_rows(self, found: Predictions, wanted: Sequence[int]) -> list[int]:
        numbers = [int(row) for row in wanted]
        if any(not 0 <= row < len(found) for row in numbers):
            raise ProjectError(f"The frame has {len(found)} predictions; {numbers} were asked for.")
        return numbers

    def _mapped(self, categories: list[int], found: Predictions, row: int) -> int:
        index = int(found.classes[row, 0])
        category_id = categories[index] if 0 <= index < len(categories) else -1
        if category_id < 0:
            raise ProjectError(f"The model's class {index} maps to no category; choose one first.")
        return category_id

    # Frame states

    def set_frame_state(self, media_id: int, frames: Iterable[int], state: FrameState) -> None:
        """Declare frames reviewed, skipped or untouched."""
        media = self._media_of(media_id)
        numbers = [int(frame) for frame in frames]
        if numbers:
            self._check_frame(media, min(numbers))
            self._check_frame(media, max(numbers))
        states.write_states(self._db, media_id, numbers, state=FrameState(state))
