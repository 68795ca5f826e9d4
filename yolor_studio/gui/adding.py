"""Adding media so that the first picture is there at once, however many follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.adding import add_media
from yolor_studio.jobs.events import Event, Result
from yolor_studio.project import Project

__all__ = ["add_showing_first"]

MANY = 50
"""From this number of media on, the first one is entered before the others are measured."""


def add_showing_first(project: Project, paths: Sequence[Path], cancel: CancelToken) -> Iterator[Event]:
    """Enter the media under `paths`; of many in a project without any, the first one alone and at once.

    Last Result(Added), of all of them.
    """
    from yolor_studio.media import discover

    if not project.media():
        found = [item for item in discover(paths) if item.error is None]
        if len(found) >= MANY:
            yield from (event for event in add_media(project, [found[0].path], cancel) if not isinstance(event, Result))
    yield from add_media(project, paths, cancel)
