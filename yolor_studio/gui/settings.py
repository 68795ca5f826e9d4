"""What the window remembers between runs: one typed schema; the file holds only what differs from the defaults."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from yolor_studio.core.paths import user_folder

__all__ = ["RecentProject", "Settings", "thumbnails_folder"]

Theme = Literal["system", "dark", "light"]
MAX_RECENT = 12


def thumbnails_folder() -> Path:
    """Where the pictures of recent projects lie."""
    return user_folder("thumbnails")


@dataclass(frozen=True, slots=True)
class RecentProject:
    """A project that was open once, as the start page shows it."""

    path: str
    opened: str
    """ISO 8601, local time."""
    media: int = 0
    frames: int = 0
    reviewed: int = 0
    thumbnail: str = ""
    """File name in the thumbnails folder, empty for none."""


@dataclass(slots=True)
class Settings:
    """The window's settings; `load` and `save` keep them in `settings.json`."""

    theme: Theme = "system"
    model: str = ""
    """Name of the model last chosen; empty is the bundled one."""
    device: str = "auto"
    panels: dict[str, bool] = field(default_factory=dict)
    """Which panels are open: "left", "right", "bottom", and the sections of the right one."""
    recent: list[RecentProject] = field(default_factory=list)
    export_folder: str = ""

    @classmethod
    def load(cls) -> Settings:
        """What the file says; a missing or damaged file gives the defaults, value by value."""
        try:
            stored: Any = json.loads(user_folder("settings.json").read_text("utf-8"))
        except (OSError, ValueError):
            return cls()
        return cls._from_json(stored) if isinstance(stored, dict) else cls()

    @classmethod
    def _from_json(cls, stored: dict[str, Any]) -> Settings:
        settings = cls()
        if stored.get("theme") in get_args(Theme):
            settings.theme = stored["theme"]
        for name in ("model", "device", "export_folder"):
            if isinstance(stored.get(name), str):
                setattr(settings, name, stored[name])
        panels = stored.get("panels")
        if isinstance(panels, dict):
            settings.panels = {str(key): bool(value) for key, value in panels.items()}
        recent = stored.get("recent")
        if isinstance(recent, list):
            settings.recent = [entry for item in recent if (entry := _recent_from_json(item))]
        return settings

    def save(self) -> None:
        """Write what differs from the defaults; a folder that cannot be written loses settings, never work."""
        defaults = Settings()
        changed = {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if getattr(self, entry.name) != getattr(defaults, entry.name)
        }
        if "recent" in changed:
            changed["recent"] = [asdict(item) for item in self.recent]
        folder = user_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / "settings.json.new"
            fresh.write_text(json.dumps(changed, indent=1), "utf-8")
            fresh.replace(folder / "settings.json")
        except OSError:
            return

    def remember(self, project: RecentProject) -> None:
        """Put a project first in the list of recent ones."""
        others = [item for item in self.recent if item.path != project.path]
        self.recent = [project, *others][:MAX_RECENT]
        self.save()

    def forget(self, path: str) -> None:
        """Take a project off the list of recent ones."""
        self.recent = [item for item in self.recent if item.path != path]
        self.save()


def _recent_from_json(item: Any) -> RecentProject | None:
    if not isinstance(item, dict) or not isinstance(item.get("path"), str) or not isinstance(item.get("opened"), str):
        return None
    numbers = {key: item[key] for key in ("media", "frames", "reviewed") if isinstance(item.get(key), int)}
    thumbnail = item.get("thumbnail")
    return RecentProject(
        item["path"], item["opened"], thumbnail=thumbnail if isinstance(thumbnail, str) else "", **numbers
    )
