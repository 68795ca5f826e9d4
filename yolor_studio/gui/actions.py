"""What a command of the window is; menus, shortcuts, palette, tooltips and the key overlay come from their table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence

if TYPE_CHECKING:
    from yolor_studio.gui.commands import Commands

__all__ = ["Command", "Needs", "key_conflicts", "keys_text", "matching", "tr"]


class Needs(Enum):
    """What must be there for a command to be enabled."""

    NOTHING = auto()
    PROJECT = auto()
    """A project that may be read."""
    WORKSPACE = auto()
    """Its workspace in view, not a page in its place."""
    MEDIA = auto()
    """A media in view, which may be only looked at."""
    WRITABLE = auto()
    """A media in view, in a project that this window may write."""
    EDITABLE = auto()
    """The same, with the media's own file there: what cannot be seen is not labelled."""
    SELECTION = auto()
    """Selected boxes that may be edited."""
    PREDICTIONS = auto()
    """Predictions shown in this frame that may be accepted."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that the window can do."""

    id: str
    text: str
    run: Callable[[Commands], object]
    keys: tuple[str, ...] = ()
    """Portable key sequences; the first one is shown."""
    icon: str = ""
    """Name for `looks.icon`, or empty."""
    needs: Needs = Needs.NOTHING
    hint: str = ""
    """One line for the tooltip, where the name is not enough."""
    checkable: bool = False
    repeats: bool = False
    """Whether holding the key down repeats it."""
    separator: bool = False
    """Whether a line stands above it in its menu."""
    listed: bool = True
    """Whether menus list it; the palette and the key overlay always do."""
    menu: str = ""
    """The menu that the table puts it in."""
    canvas_keys: bool = False
    """Whether the canvas itself answers its keys, so that lists and fields can use them too."""


def tr(text: str) -> str:
    """The text in the person's language; the English text where there is no translation."""
    return QCoreApplication.translate("actions", text)


def keys_text(entry: Command) -> list[str]:
    """The parts of a command's first key as the person's keyboard names them: ["Ctrl", "K"]; empty without a key."""
    if not entry.keys:
        return []
    text = QKeySequence(entry.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
    text = text.replace("Return", "Enter")  # as it says on the key
    if text.endswith("++"):
        return [*text[:-2].split("+"), "+"]
    return text.split("+") if text else []


def key_conflicts(commands: Iterable[Command]) -> dict[str, list[str]]:
    """Keys that more than one command claims, with the commands' ids; empty in a sound table."""
    claimed: dict[str, list[str]] = {}
    for entry in commands:
        for key in entry.keys:
            claimed.setdefault(QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText), []).append(
                entry.id
            )
    return {key: ids for key, ids in claimed.items() if len(ids) > 1}


def matching(commands: Iterable[Command], query: str) -> list[Command]:
    """Commands whose name has every word of `query` at the start of a word or inside it; the closest first."""
    words = query.lower().split()
    found = []
    for position, entry in enumerate(commands):
        name = tr(entry.text).lower()
        if all(word in name for word in words):
            starts = sum(name.startswith(word) or f" {word}" in name for word in words)
            found.append((-starts, position, entry))
    return [entry for _, _, entry in sorted(found, key=lambda item: item[:2])]
