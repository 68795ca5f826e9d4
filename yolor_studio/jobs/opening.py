"""Opening a project's media with what the project knows of it."""

from __future__ import annotations

from collections.abc import Callable

from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.media import Source, open_media
from yolor_studio.project import Project


def opener(project: Project) -> Callable[[Media], Source]:
    """What opens a media of the project, with the index that the project holds; it raises MediaError."""

    def open_source(media: Media) -> Source:
        index = project.media_index(media.id) if media.kind is MediaKind.VIDEO else None
        return open_media(project.media_path(media), index=index, files=media.files)

    return open_source
