"""Edits of the project's lists: its media and its categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Fingerprint, MediaKind
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import batches, queries, rows, states
from yolor_studio.project.edit_base import EditBase, stored_path
from yolor_studio.project.indexes import facts_of
from yolor_studio.project.other_file import TakenOver, take_over

_MEDIA_FIELDS = frozenset(
    {"name", "path", "step", "kind", "width", "height", "frames", "fps", "fingerprint", "verified", "files", "info"}
)
_CATEGORY_FIELDS = frozenset({"name", "supercategory", "colour", "hotkey", "visible"})


class ListEdits(EditBase):
    """The operations on media and categories."""

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
        row = {
            "kind": MediaKind(kind).value,
            "path": stored_path(path, self._folder),
            "name": self._free_name(name),
            "width": width,
            "height": height,
            "frames": frames,
            "fps": fps,
            "size": fingerprint[0],
            "digest": fingerprint[1],
            "verified": verified,
            "files": rows.to_json(list(files)),
            "info": rows.to_json(dict(info)),
            "batch": self._batch,
        }
        return self._insert_media(row)

    def _insert_media(self, row: Mapping[str, Any]) -> int:
        # A media's facts and predictions outlive an undo: undoing takes it off the list and deletes nothing.
        with self._recorder.paused():
            media_id = self._insert("media", {**row, "removed": 1})
        self._update("media", media_id, {"removed": 0})
        return media_id

    def remove_media(self, media_id: int) -> None:
        """Take a media off the project's list; nothing of it is deleted."""
        self._media_of(media_id)
        self._update("media", media_id, {"removed": 1})
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

    def take_other_file(
        self,
        media_id: int,
        path: Path,
        *,
        fingerprint: Fingerprint,
        frames: int,
        width: int,
        height: int,
        fps: float | None,
        info: Mapping[str, Any],
        index: bytes | None = None,
        pts: NDArray[np.int64] | None = None,
    ) -> TakenOver:
        """Put another file in the place of the media's own. Labels stay on their frames, those of frames that the file
        does not have go, and boxes are scaled when its pictures have another size.

        frames: counted by decoding; index, pts: of a video, what its decode gave, pts [frames]."""
        media = self._media_of(media_id)
        if batches.any_pending(self._db):
            raise ProjectError("A large edit is still being written; wait for it or cancel it, then try again.")
        facts = facts_of(frames=frames, verified=True, width=width, height=height, fps=fps, info=info)
        place = {"path": stored_path(path, self._folder), "size": fingerprint.size, "digest": fingerprint.digest}
        self._media.pop(media_id)
        return take_over(self._db, media, columns={**place, **facts}, index=index, pts=pts)

    def _free_name(self, name: str) -> str:
        wanted = name.strip() or "media"
        free, number = wanted, 1
        while self._media_name_taken(free):
            number += 1
            free = f"{wanted} ({number})"
        return free

    def _media_name_taken(self, name: str) -> bool:
        # What a bulk edit under way has taken is taken, though not seen yet.
        sql = (
            "SELECT 1 FROM media WHERE name = ? AND removed = 0"
            " AND batch NOT IN (SELECT id FROM hidden_batch WHERE state <> 'pending')"
        )
        return self._db.execute(sql, (name,)).fetchone() is not None

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
        if id is not None and (id < 1 or self._category_id_taken(id)):
            raise ProjectError(f"The category id {id} is in use already or under 1; ids are never given twice.")
        if colour is None:
            used = self._colours_used()
            colour = next(number for number in range(len(used) + 1) if number not in used)
        row = {"name": name, "supercategory": supercategory, "colour": colour, "hotkey": hotkey, "visible": 1}
        return self._insert_category(row, id)

    def _insert_category(self, row: Mapping[str, Any], wanted: int | None) -> int:
        # Like a media: what an undo hides may still be referred to by a step that waits for its redo.
        with self._recorder.paused():
            if wanted is None or not self._db.execute("SELECT 1 FROM category WHERE id = ?", (wanted,)).fetchone():
                wanted = self._insert("category", {**row, "id": wanted, "removed": 1})
        self.show_category(wanted, row)
        return wanted

    def show_category(self, category_id: int, row: Mapping[str, Any]) -> None:
        """Put a category that is not seen on the list; a name that was taken meanwhile gets " (2)" and so on."""
        name = queries.free_category_name(self._db, row["name"])
        made = states.categories_made(self._db) + 1
        states.set_categories_made(self._db, made)
        self._update("category", category_id, {**row, "name": name, "made": made, "removed": 0})

    def _category_id_taken(self, category_id: int) -> bool:
        return self._db.execute("SELECT 1 FROM live_category WHERE id = ?", (category_id,)).fetchone() is not None

    def _colours_used(self) -> set[int]:
        return {row[0] for row in self._db.execute("SELECT colour FROM live_category")}

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
        if into is None:
            self._refuse_used(category_id)
        elif into == category_id:
            raise ProjectError("A category cannot be merged into itself.")
        else:
            self._category(into)
            for table in ("object", "rejection"):
                self._db.execute(
                    f"UPDATE {table} SET category_id = ? WHERE category_id = ?"
                    " AND batch NOT IN (SELECT id FROM hidden_batch)",
                    (into, category_id),
                )
        self._db.execute("UPDATE class_map SET category_id = ? WHERE category_id = ?", (into, category_id))
        self._update("category", category_id, {"removed": 1})
        self._categories.discard(category_id)

    def merge_categories(self, source: int, into: int) -> None:
        """Give all that is `source` to `into`, class maps too, and delete `source`; no id changes."""
        self.delete_category(source, into=into)

    def _refuse_used(self, category_id: int) -> None:
        for table, what in (("object", "objects"), ("rejection", "rejections")):
            # What belongs to a removed media comes back only after this step is undone.
            sql = f"SELECT count(*) FROM live_{table} WHERE category_id = ? AND media_id IN (SELECT id FROM live_media)"
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
        if self._category_named(name) not in (None, but):
            raise ProjectError(f"There is a category “{name}” already.")
        return name

    def _category_named(self, name: str) -> int | None:
        row = self._db.execute("SELECT id FROM live_category WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]
