"""What can be done to a project inside one edit. Rows are written at once; the recorder notes them for undo."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from yolor_studio.core.boxes import fit_box
from yolor_studio.core.entities import (
    Box,
    Fingerprint,
    FrameState,
    Keyframe,
    Media,
    MediaKind,
    Object,
    Origin,
    Predictions,
)
from yolor_studio.core.errors import ProjectError
from yolor_studio.core.tracks import box_at, keyframe_before
from yolor_studio.project import batches, layers, queries, rows, shown, states
from yolor_studio.project.recorder import Recorder
from yolor_studio.project.schema import bin_of

_MEDIA_FIELDS = frozenset(
    {"name", "path", "step", "kind", "width", "height", "frames", "fps", "fingerprint", "verified", "files", "info"}
)
_CATEGORY_FIELDS = frozenset({"name", "supercategory", "colour", "hotkey", "visible"})


class EditBuilder:
    """One edit under way, from `project.edit(...)`. Every method raises ProjectError when what it is asked for is not
    possible; the whole edit is then taken back."""

    def __init__(self, connection: sqlite3.Connection, recorder: Recorder, *, folder: Path, batch: int = 0) -> None:
        self._db = connection
        self._recorder = recorder
        self._folder = folder
        self._batch = batch
        self._media: dict[int, Media] = {}
        self._categories: set[int] = set()

    # Media

    def add_media(
        self,
        kind: MediaKind,
        path: Path,
        *,
        name: str,
        width: int,
        height: int,
        frames: int,
        fps: float | None,
        fingerprint: Fingerprint,
        verified: bool,
        files: Sequence[str] = (),
        info: Mapping[str, Any] = rows.NOTHING,
    ) -> int:
        """Refer to a media; a name in use gets " (2)" and so on. Returns its id."""
        values = (
            MediaKind(kind).value,
            stored_path(path, self._folder),
            self._free_name(name),
            width,
            height,
            frames,
            fps,
            *fingerprint,
            verified,
            rows.to_json(list(files)),
            rows.to_json(dict(info)),
            self._batch,
        )
        # A media's facts and predictions outlive an undo: undoing takes it off the list and deletes nothing.
        with self._recorder.paused():
            media_id = self._insert(
                "INSERT INTO media (kind, path, name, width, height, frames, fps, size, digest, verified, files, info,"
                " batch, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                values,
            )
        self._db.execute("UPDATE media SET removed = 0 WHERE id = ?", (media_id,))
        return media_id

    def remove_media(self, media_id: int) -> None:
        """Take a media off the project's list; nothing of it is deleted."""
        self._media_of(media_id)
        self._db.execute("UPDATE media SET removed = 1 WHERE id = ?", (media_id,))
        del self._media[media_id]

    def update_media(self, media_id: int, **fields: Any) -> None:
        """Change a media's step, name, path (a Path), fingerprint or what was found in it (any field of Media)."""
        media = self._media_of(media_id)
        self._refuse_unknown(fields, _MEDIA_FIELDS)
        columns = dict(fields)
        if "name" in columns and columns["name"] != media.name:
            columns["name"] = self._free_name(columns["name"])
        if "path" in columns:
            columns["path"] = stored_path(Path(columns["path"]), self._folder)
        if "fingerprint" in columns:
            columns["size"], columns["digest"] = columns.pop("fingerprint")
        if "kind" in columns:
            columns["kind"] = MediaKind(columns["kind"]).value
        if columns.get("step", 1) < 1:
            raise ProjectError(f"A working step of {columns['step']} is not possible; the least is 1.")
        for key, plain in (("files", list), ("info", dict)):
            if key in columns:
                columns[key] = rows.to_json(plain(columns[key]))
        self._update("media", media_id, columns)
        self._media.pop(media_id)

    def _free_name(self, name: str) -> str:
        wanted = name.strip() or "media"
        free, number = wanted, 1
        while self._db.execute(
            "SELECT 1 FROM media WHERE name = ? AND removed = 0"
            " AND batch NOT IN (SELECT id FROM hidden_batch WHERE state <> 'pending')",
            (free,),
        ).fetchone():
            number += 1
            free = f"{wanted} ({number})"
        return free

    # Categories

    def add_category(
        self,
        name: str,
        *,
        supercategory: str = "",
        colour: int | None = None,
        hotkey: str | None = None,
        id: int | None = None,  # noqa: A002 - the word of the product
    ) -> int:
        """A new category, by default in the first colour not in use; returns its id."""
        name = self._free_category_name(name, but=None)
        if id is not None and (id < 1 or self._db.execute("SELECT 1 FROM category WHERE id = ?", (id,)).fetchone()):
            raise ProjectError(f"The category id {id} is in use already or under 1; ids are never given twice.")
        if colour is None:
            used = {row[0] for row in self._db.execute("SELECT colour FROM live_category")}
            colour = next(number for number in range(len(used) + 1) if number not in used)
        return self._insert(
            "INSERT INTO category (id, name, supercategory, colour, hotkey, batch) VALUES (?, ?, ?, ?, ?, ?)",
            (id, name, supercategory, colour, hotkey, self._batch),
        )

    def update_category(self, category_id: int, **fields: Any) -> None:
        """Change a category's name, supercategory, colour, hotkey or visible; its id stays."""
        self._category(category_id)
        self._refuse_unknown(fields, _CATEGORY_FIELDS)
        if "name" in fields:
            fields["name"] = self._free_category_name(fields["name"], but=category_id)
        self._update("category", category_id, fields)

    def delete_category(self, category_id: int, *, into: int | None = None) -> None:
        """Delete a category; one that objects or rejections use only with another one that takes them over."""
        self._category(category_id)
        if batches.any_pending(self._db):
            raise ProjectError("Categories cannot be deleted or merged while an import or a bulk edit is running.")
        with self._recorder.paused():
            batches.forget_category(self._db, category_id)
        if into is None:
            self._refuse_used(category_id)
        elif into == category_id:
            raise ProjectError("A category cannot be merged into itself.")
        else:
            self._category(into)
            for table in ("object", "rejection"):
                self._db.execute(f"UPDATE {table} SET category_id = ? WHERE category_id = ?", (into, category_id))
        self._db.execute("UPDATE class_map SET category_id = ? WHERE category_id = ?", (into, category_id))
        self._db.execute("DELETE FROM category WHERE id = ?", (category_id,))
        self._categories.discard(category_id)

    def merge_categories(self, source: int, into: int) -> None:
        """Give all that is `source` to `into`, class maps too, and delete `source`; no id changes."""
        self.delete_category(source, into=into)

    def _refuse_used(self, category_id: int) -> None:
        for table, what in (("object", "objects"), ("rejection", "rejections")):
            sql = f"SELECT count(*) FROM {table} WHERE category_id = ?"
            count = self._db.execute(sql, (category_id,)).fetchone()[0]
            if count:
                name = queries.one_category(self._db, category_id).name
                raise ProjectError(
                    f"The category “{name}” is used by {count} {what}; choose a category that takes them over."
                )

    def _free_category_name(self, name: str, *, but: int | None) -> str:
        name = name.strip()
        if not name:
            raise ProjectError("A category needs a name.")
        row = self._db.execute("SELECT id FROM live_category WHERE name = ?", (name,)).fetchone()
        if row is not None and row[0] != but:
            raise ProjectError(f"There is a category “{name}” already.")
        return name

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
        media = self._media_of(media_id)
        self._category(category_id)
        self._check_frame(media, frame)
        fitted = self._fit(media, box)
        object_id = self._insert(
            "INSERT INTO object (media_id, category_id, track_id, ignore, attributes, first_frame, last_frame, bin,"
            " batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                media_id,
                category_id,
                self._take_track_id(track_id),
                ignore,
                rows.to_json(dict(attributes)) if attributes else "{}",
                frame,
                frame,
                bin_of(frame, frame),
                self._batch,
            ),
        )
        self._write_keyframe(
            Keyframe(object_id, frame, fitted, occluded, interpolate, Origin(origin), keyframe_attributes, score),
            media_id,
        )
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
        thing, keyframes = self._object(object_id)
        media = self._media_of(thing.media_id)
        self._check_frame(media, frame)
        near = keyframe_before(keyframes, frame)
        here = near is not None and near.frame == frame
        if near is not None and not here and box_at(keyframes, frame) is None:
            near = None
        if attributes is None:
            attributes = near.attributes if near is not None and here else rows.NOTHING
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
            thing.media_id,
        )
        self._refresh_life(object_id)

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
        attributes = near.attributes if near.frame == frame else rows.NOTHING
        self._write_keyframe(
            Keyframe(near.object_id, frame, box, near.occluded, interpolate, near.origin, attributes, near.score),
            media_id,
        )

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
        made = []
        for row in self._checked_rows(found, rows):
            made.append(
                self.add_object(
                    media_id,
                    self._mapped(categories, found, row) if category_id is None else category_id,
                    frame,
                    Box(*found.boxes[row].tolist()) if box is None else box,
                    origin=Origin.MODEL if box is None else Origin.HUMAN,
                    score=float(found.scores[row, 0]),
                )
            )
        return made

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
        return self._insert(
            "INSERT INTO rejection (media_id, frame, category_id, x, y, w, h, batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (media_id, frame, category_id, *self._fit(media, box), self._batch),
        )

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

    # Helpers

    def _insert(self, sql: str, values: tuple[Any, ...]) -> int:
        identity = self._db.execute(sql, values).lastrowid
        assert identity is not None
        return identity

    def _update(self, table: str, identity: int, columns: Mapping[str, Any]) -> None:
        if columns:
            names = ", ".join(f"{column} = ?" for column in columns)
            self._db.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*columns.values(), identity))

    def _refuse_unknown(self, fields: Mapping[str, Any], known: frozenset[str]) -> None:
        if unknown := sorted(set(fields) - known):
            raise TypeError(f"no such field: {', '.join(unknown)}; there are {', '.join(sorted(known))}")

    def _media_of(self, media_id: int) -> Media:
        if media_id not in self._media:
            self._media[media_id] = self._find_media(media_id)
        return self._media[media_id]

    def _find_media(self, media_id: int) -> Media:
        return queries.one_media(self._db, media_id)

    def _category(self, category_id: int) -> None:
        if category_id not in self._categories:
            self._find_category(category_id)
            self._categories.add(category_id)

    def _find_category(self, category_id: int) -> None:
        queries.one_category(self._db, category_id)

    def _object(self, object_id: int) -> tuple[Object, list[Keyframe]]:
        return queries.one_object(self._db, object_id), queries.keyframes_of(self._db, object_id)

    def _check_frame(self, media: Media, frame: int) -> None:
        if frame < 0 or (media.verified and frame >= media.frames):
            raise ProjectError(f"“{media.name}” has {media.frames} frames, counted from 0; there is no frame {frame}.")

    def _fit(self, media: Media, box: Box) -> Box:
        try:
            return fit_box(Box(*box), media.width, media.height)
        except (TypeError, ValueError) as error:
            raise ProjectError(f"A box needs four finite numbers x, y, w, h; {tuple(box)} was given.") from error

    def _take_track_id(self, wanted: int | None) -> int:
        row = self._db.execute("SELECT value FROM counter WHERE name = 'track'").fetchone()
        last = row[0] if row else 0
        if wanted is None:
            wanted = last + 1
        elif wanted < 0 or self._db.execute("SELECT 1 FROM object WHERE track_id = ?", (wanted,)).fetchone():
            raise ProjectError(f"The track id {wanted} is in use already; track ids are unique in the project.")
        if wanted > last:
            self._db.execute(
                "INSERT INTO counter VALUES ('track', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (wanted,),
            )
        return wanted

    def _write_keyframe(self, keyframe: Keyframe, media_id: int) -> None:
        self._db.execute(
            "INSERT INTO keyframe (object_id, frame, pts, x, y, w, h, occluded, interpolate, origin, attributes, score)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object_id, frame) DO UPDATE SET"
            " pts = excluded.pts, x = excluded.x, y = excluded.y, w = excluded.w, h = excluded.h,"
            " occluded = excluded.occluded, interpolate = excluded.interpolate, origin = excluded.origin,"
            " attributes = excluded.attributes, score = excluded.score",
            (
                keyframe.object_id,
                keyframe.frame,
                None,
                *keyframe.box,
                keyframe.occluded,
                keyframe.interpolate,
                keyframe.origin.value,
                rows.to_json(dict(keyframe.attributes)) if keyframe.attributes else "{}",
                keyframe.score,
            ),
        )

    def _refresh_life(self, object_id: int) -> None:
        first, last = self._db.execute(
            "SELECT min(frame), max(frame) FROM keyframe WHERE object_id = ?", (object_id,)
        ).fetchone()
        self._db.execute(
            "UPDATE object SET first_frame = ?1, last_frame = ?2, bin = ?3 WHERE id = ?4"
            " AND (first_frame <> ?1 OR last_frame <> ?2)",
            (first, last, bin_of(first, last), object_id),
        )


def stored_path(path: Path, folder: Path) -> str:
    """The path as it is stored: relative to the project's folder where both lie near each other, POSIX separators."""
    whole = Path(os.path.abspath(path))
    try:
        relative = Path(os.path.relpath(whole, folder))
    except ValueError:  # another drive
        return whole.as_posix()
    return (whole if relative.parts[:3] == ("..", "..", "..") else relative).as_posix()
