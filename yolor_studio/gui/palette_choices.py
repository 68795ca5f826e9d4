"""What the command palette and the category picker offer for what was typed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from yolor_studio.gui.actions import Needs, keys_text, matching, tr
from yolor_studio.gui.command_table import COMMANDS
from yolor_studio.gui.dialogs.palette import Choice
from yolor_studio.gui.hotkeys import effective_hotkeys

if TYPE_CHECKING:
    from yolor_studio.gui.main_window import MainWindow

__all__ = ["PaletteChoices"]

MOST_MEDIA = 20


class PaletteChoices:
    """Choices of one window, at the moment in which the palette opens."""

    def __init__(self, window: MainWindow, met: Collection[Needs]) -> None:
        self._window = window
        self._session = window.studio.session
        self._met = met

    def all(self, query: str) -> list[Choice]:
        """Commands first, then categories and media; "#204" is a frame. What cannot run now comes last."""
        if query.startswith("#") and query[1:].isdigit():
            return self._frame(int(query[1:]))
        choices = [
            Choice(
                tr(entry.text).rstrip("…"),
                lambda entry=entry: self._window.run_command(entry),
                tr(entry.menu),
                tuple(keys_text(entry)),
                entry.icon,
                enabled=entry.needs in self._met,
            )
            for entry in (matching(COMMANDS, query) if query else COMMANDS)
            if not entry.id.startswith("category.")
        ]
        if query:
            choices += [*self.categories(query), *self._media(query)]
        return sorted(choices, key=lambda choice: not choice.enabled)

    def categories(self, query: str) -> list[Choice]:
        """Categories whose name contains what was typed; those that begin with it first."""
        if self._session is None:
            return []
        wanted, keys = query.strip().casefold(), effective_hotkeys(self._session.categories)
        found = [category for category in self._session.categories if wanted in category.name.casefold()]
        found.sort(key=lambda category: not category.name.casefold().startswith(wanted))
        return [
            Choice(
                category.name,
                lambda category=category: self._window.commands.use_category(category.id),
                tr("Category"),
                (keys[category.id],) if category.id in keys else (),
                colour=category.colour,
            )
            for category in found
        ]

    def _frame(self, frame: int) -> list[Choice]:
        session = self._session
        if session is None:
            return []
        text = tr("Go to frame {frame}").format(frame=f"{frame:,}")
        return [Choice(text, lambda: session.seek(frame), tr("Video"), icon="arrow-right")]

    def _media(self, query: str) -> list[Choice]:
        session = self._session
        if session is None:
            return []
        wanted = query.casefold()
        found = [media for media in session.media if wanted in media.name.casefold()][:MOST_MEDIA]

        def open_(media_id: int) -> None:
            session.go(media_id, session.frame_of(media_id))

        return [Choice(media.name, lambda id_=media.id: open_(id_), icon="film-strip") for media in found]
