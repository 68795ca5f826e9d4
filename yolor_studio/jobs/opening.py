"""Opening a project's media with what the project knows of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.media import Presence, Source, open_media, presence
from yolor_studio.project import Project


def opener(project: Project) -> Callable[[Media], Source]:
    """What opens a media of the project, with the index that the project holds; it raises MediaError, also for a file
    that is another one than was added: nothing shall be drawn, learned or written on the wrong pictures."""

    def open_source(media: Media) -> Source:
        path = project.media_path(media)
        if (refusal := wrong_file(media, path, presence(media, path))) is not None:
            raise refusal
        index = project.media_index(media.id) if media.kind is MediaKind.VIDEO else None
        return open_media(path, index=index, files=media.files)

    return open_source


def wrong_file(media: Media, path: Path, found: Presence) -> MediaError | None:
    """Why the media must not be opened at `path`, by what was found there; None where its own file is."""
    match found:
        case Presence.MISSING:
            return MediaError(
                f"{media.name} was not found at {path}; what was done on it is kept."
                " Find it with File > Find missing media, or with `yolor-studio relink`."
            )
        case Presence.CHANGED:
            return MediaError(
                f"{media.name} is another file than the one that was labelled, and boxes would be on the wrong"
                " pictures; what was done on it is kept. Put the old file back, or open the media in the window to see"
                " what has changed and to use it anyway."
            )
        case Presence.THERE:
            return None
