"""What a job tells while it runs; the window, the command line and tests read the same events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Event", "ItemFailed", "Job", "Notice", "Preview", "Progress", "Result", "Started"]


@dataclass(frozen=True, slots=True)
class Started:
    """The job began; `total` counts `unit`s and is None while unknown."""

    title: str
    total: int | None = None
    unit: str = "frames"
    detail: str = ""
    """The device, the target folder or the like."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job is; the latest one wins."""

    done: int
    total: int | None = None
    rate: float | None = None
    """Units per second over the last seconds."""
    eta: float | None = None
    """Seconds left."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """This frame has something new to show; the latest one wins."""

    media_id: int
    frame: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for a person, told once: a device fell back, a class was ignored."""

    text: str


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """One picture or record failed; the job goes on, and these are listed at its end."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """The job's outcome, its last event."""

    value: Any


Event = Started | Progress | Preview | Notice | ItemFailed | Result
Job = Iterator[Event]
