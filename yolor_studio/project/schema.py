"""The tables of a project file, its version, and the numbered migrations. docs/project-file.md explains each column."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

APPLICATION_ID = 0x594C5231  # "YLR1"
VERSION = 1

TABLES_1 = """
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE hidden_batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'undone', 'dropped'))
);

CREATE TABLE media (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('image', 'video', 'sequence')),
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    fps REAL,
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    verified INTEGER NOT NULL,
    step INTEGER NOT NULL DEFAULT 1,
    files TEXT NOT NULL DEFAULT '[]',
    info TEXT NOT NULL DEFAULT '{}',
    removed INTEGER NOT NULL DEFAULT 0,
    batch INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX media_by_path ON media (path);
CREATE INDEX media_by_name ON media (name);
CREATE INDEX media_by_batch ON media (batch) WHERE batch <> 0;

CREATE TABLE media_index (
    media_id INTEGER PRIMARY KEY REFERENCES media ON DELETE CASCADE,
    content BLOB NOT NULL,
    pts BLOB
);

CREATE TABLE category (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    supercategory TEXT NOT NULL DEFAULT '',
    colour INTEGER NOT NULL,
    hotkey TEXT,
    visible INTEGER NOT NULL DEFAULT 1,
    made INTEGER NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE object (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    media_id INTEGER NOT NULL REFERENCES media,
    category_id INTEGER NOT NULL REFERENCES category,
    track_id INTEGER NOT NULL,
    ignore INTEGER NOT NULL DEFAULT 0,
    attributes TEXT NOT NULL DEFAULT '{}',
    first_frame INTEGER NOT NULL,
    last_frame INTEGER NOT NULL,
    bin INTEGER NOT NULL,
    batch INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX object_by_place ON object (media_id, bin, first_frame, last_frame);
CREATE INDEX object_by_category ON object (category_id, batch);
CREATE INDEX object_by_track ON object (track_id);
CREATE INDEX object_by_batch ON object (batch) WHERE batch <> 0;

CREATE TABLE tally (
    media_id INTEGER NOT NULL,
    category_id INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    objects INTEGER NOT NULL,
    PRIMARY KEY (media_id, category_id, batch)
) WITHOUT ROWID;
CREATE TRIGGER tally_new AFTER INSERT ON object BEGIN
    INSERT INTO tally VALUES (NEW.media_id, NEW.category_id, NEW.batch, 1)
        ON CONFLICT (media_id, category_id, batch) DO UPDATE SET objects = objects + 1;
END;
CREATE TRIGGER tally_old AFTER DELETE ON object BEGIN
    UPDATE tally SET objects = objects - 1
        WHERE media_id = OLD.media_id AND category_id = OLD.category_id AND batch = OLD.batch;
END;
CREATE TRIGGER tally_change AFTER UPDATE OF category_id ON object WHEN OLD.category_id <> NEW.category_id BEGIN
    UPDATE tally SET objects = objects - 1
        WHERE media_id = OLD.media_id AND category_id = OLD.category_id AND batch = OLD.batch;
    INSERT INTO tally VALUES (NEW.media_id, NEW.category_id, NEW.batch, 1)
        ON CONFLICT (media_id, category_id, batch) DO UPDATE SET objects = objects + 1;
END;

CREATE TABLE keyframe (
    object_id INTEGER NOT NULL REFERENCES object ON DELETE CASCADE,
    frame INTEGER NOT NULL,
    pts INTEGER,
    x REAL NOT NULL,
    y REAL NOT NULL,
    w REAL NOT NULL,
    h REAL NOT NULL,
    occluded INTEGER NOT NULL,
    interpolate INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('human', 'model', 'import')),
    attributes TEXT NOT NULL DEFAULT '{}',
    score REAL,
    PRIMARY KEY (object_id, frame)
) WITHOUT ROWID;

CREATE TABLE rejection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    media_id INTEGER NOT NULL REFERENCES media,
    frame INTEGER NOT NULL,
    category_id INTEGER NOT NULL REFERENCES category,
    pts INTEGER,
    x REAL NOT NULL,
    y REAL NOT NULL,
    w REAL NOT NULL,
    h REAL NOT NULL,
    batch INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX rejection_by_place ON rejection (media_id, frame);
CREATE INDEX rejection_by_category ON rejection (category_id);
CREATE INDEX rejection_by_batch ON rejection (batch) WHERE batch <> 0;

CREATE TABLE frame_state (
    media_id INTEGER NOT NULL REFERENCES media,
    block INTEGER NOT NULL,
    states BLOB NOT NULL,
    known BLOB NOT NULL,
    reviewed INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    PRIMARY KEY (media_id, block)
) WITHOUT ROWID;

CREATE TABLE layer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL,
    model_hash TEXT NOT NULL,
    class_names TEXT NOT NULL,
    min_score REAL NOT NULL,
    device TEXT NOT NULL,
    created TEXT NOT NULL,
    settings TEXT NOT NULL DEFAULT '{}',
    complete INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE prediction (
    id INTEGER PRIMARY KEY,
    layer_id INTEGER NOT NULL REFERENCES layer ON DELETE CASCADE,
    media_id INTEGER NOT NULL REFERENCES media ON DELETE CASCADE,
    frame INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE UNIQUE INDEX prediction_by_place ON prediction (layer_id, media_id, frame);

CREATE TABLE class_map (
    model TEXT NOT NULL,
    class_index INTEGER NOT NULL,
    category_id INTEGER REFERENCES category,
    PRIMARY KEY (model, class_index)
) WITHOUT ROWID;
CREATE INDEX class_map_by_category ON class_map (category_id);

CREATE TABLE edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    actor TEXT NOT NULL,
    merge_key TEXT,
    time REAL NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0,
    batch INTEGER,
    touched TEXT,
    media_id INTEGER,
    frame INTEGER,
    diff BLOB NOT NULL
);
CREATE INDEX edit_by_undone ON edit (undone, id);

CREATE VIEW live_media AS
    SELECT * FROM media WHERE removed = 0 AND batch NOT IN (SELECT id FROM hidden_batch);
CREATE VIEW live_category AS
    SELECT * FROM category WHERE removed = 0;
CREATE VIEW live_object AS
    SELECT * FROM object WHERE batch NOT IN (SELECT id FROM hidden_batch);
CREATE VIEW live_rejection AS
    SELECT * FROM rejection WHERE batch NOT IN (SELECT id FROM hidden_batch);
"""

TABLES = (
    "setting",
    "counter",
    "hidden_batch",
    "media",
    "media_index",
    "category",
    "object",
    "tally",
    "keyframe",
    "rejection",
    "frame_state",
    "layer",
    "prediction",
    "class_map",
    "edit",
)
"""Every table, parents before children."""


def _create(connection: sqlite3.Connection) -> None:
    statement = ""
    for line in TABLES_1.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _create}
"""What brings a file from the version before to this one; a released migration is never changed again."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Bring an empty database to the present version, whole or not at all."""
    _migrate(connection, 0)


def migrate(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Bring an older file to the present version; first its copy is written beside it.

    Returns the copy's path, None when nothing had to be done.
    """
    version = user_version(connection)
    if version >= VERSION:
        return None
    copy = path.with_name(f"{path.stem}-version{version}{path.suffix}")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.stem}-version{version} ({number}){path.suffix}")
    connection.execute("VACUUM INTO ?", (str(copy),))
    _migrate(connection, version)
    return copy


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version + 1, VERSION + 1):
            MIGRATIONS[number](connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def user_version(connection: sqlite3.Connection) -> int:
    """The schema's version that the file carries."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


_LEVELS = (0, 3, 6, 9, 12, 15, 18, 21, 24, 31)
"""Bits by which a frame is shifted to its bin, from single frames up to everything."""


def bin_of(first: int, last: int) -> int:
    """The smallest bin that holds the frames first..last: an index finds an object at a frame through ten of them,
    whatever the length of the video (the scheme of genome browsers: R. Kent et al., 2002)."""
    for level, shift in enumerate(_LEVELS):
        if first >> shift == last >> shift:
            return level << 32 | first >> shift
    raise ValueError(f"Frames {first} to {last} are beyond what a project holds.")


def bins_at(frame: int) -> tuple[int, ...]:
    """Every bin whose objects may stand on the frame."""
    return tuple(level << 32 | frame >> shift for level, shift in enumerate(_LEVELS))


BINS = len(_LEVELS)


def readable(connection: sqlite3.Connection) -> bool:
    """Whether every table and view with every column that this version reads is there."""
    wanted = sqlite3.connect(":memory:", isolation_level=None)
    try:
        create_tables(wanted)
        names = [row[0] for row in wanted.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        return all(_columns(wanted, name) <= _columns(connection, name) for name in names)
    finally:
        wanted.close()


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
