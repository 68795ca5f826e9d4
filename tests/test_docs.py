"""What the documentation lists is what there is."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from yolor_studio.cli.names import COMMANDS as SUBCOMMANDS
from yolor_studio.gui.command_table import COMMANDS
from yolor_studio.project import schema

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ON_THE_CANVAS = {"Tab", "Esc", "Enter"}
DIGITS = set("123456789")


def section(page: str, heading: str) -> str:
    text = (DOCS / page).read_text("utf-8")
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def in_code(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_the_guide_lists_the_keys_that_there_are() -> None:
    listed = {entry.keys[0].replace("Return", "Enter") for entry in COMMANDS if entry.listed and entry.keys}
    assert in_code(section("guide.md", "Keys")) - DIGITS == listed | ON_THE_CANVAS


def test_the_guide_lists_the_commands_that_there_are() -> None:
    named = {words.split()[0] for words in in_code(section("guide.md", "Command line"))}
    assert named >= SUBCOMMANDS


@pytest.mark.parametrize("table", schema.TABLES)
def test_the_project_files_page_has_every_table_and_column(table: str) -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    schema.create_tables(database)
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    database.close()
    parts = (DOCS / "project-file.md").read_text("utf-8").split("\n### ")[1:]
    (part,) = [part for part in parts if f"`{table}`" in part.splitlines()[0]]
    told = {word for code in in_code(part) for word in re.findall(r"\w+", code)}
    assert [column for column in columns if column not in told | {"id"}] == []


def test_every_link_within_the_repository_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "models" / "README.md", *sorted(DOCS.rglob("*.md"))]
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert not broken
