"""The schema of a version never changes: people have files of it. A change is a new version with a migration."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from yolor_studio.project import Project
from yolor_studio.project.schema import VERSION

FROZEN = {1: "64488508011b18820176a739640f043af48ec3d1e9019b7b21835756591d4f2d"}
"""Version -> SHA-256 of its schema, spaces apart. Add a line for a new version; never change one."""


def digest(path: Path) -> tuple[int, str]:
    """(version, digest) of a project file's schema."""
    connection = sqlite3.connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        ).fetchall()
    finally:
        connection.close()
    text = "\n".join(f"{kind} {name} {' '.join((sql or '').split())}" for kind, name, sql in rows)
    return version, hashlib.sha256(text.encode()).hexdigest()


def test_the_schema_is_the_frozen_one(tmp_path):
    path = tmp_path / "new.yolor"
    Project.create(path).close()
    version, found = digest(path)
    assert version == VERSION
    assert FROZEN.get(version) == found, (
        "The schema has changed. Projects of this version exist: give the change a new version and a migration, "
        "and add its digest here."
    )
