"""Events of a job as JSON values, for a child process to send and its parent to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from yolor_studio.jobs.events import CurvePoint, Event, ItemFailed, Notice, Preview, Progress, Result, Started

_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (CurvePoint, ItemFailed, Notice, Preview, Progress, Result, Started)
}
_KIND = "event"


def as_line(event: Event) -> dict[str, Any]:
    """The event's fields, and its kind."""
    return {_KIND: type(event).__name__, **asdict(event)}


def from_line(line: Mapping[str, Any]) -> Event:
    """The event that `as_line` was given; a Result's value stays what JSON makes of it."""
    fields = dict(line)
    return _KINDS[fields.pop(_KIND)](**fields)
