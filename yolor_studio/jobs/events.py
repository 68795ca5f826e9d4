"""What a job tells while it runs; the window, the command line and tests read the same events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BYTES", "CurvePoint", "Event", "ItemFailed", "Job", "Notice", "Preview", "Progress", "Result", "Started"]

BYTES = "bytes"
"""The unit of downloads, which people read as MB."""


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
class CurvePoint:
    """A point of a training's curves; whoever draws them keeps all. A resumed training tells its earlier ones first.

    While it learns `values` has "loss" and its parts "box", "objectness", "classes", and "rate" (the learning rate),
    means over the steps since the point before. When it was measured on the pictures kept apart it has "AP" and
    "AP50", at step 0 those of the starting point.
    """

    step: int
    """Steps done."""
    values: Mapping[str, float]
    best: bool = False
    """Whether these are the best weights so far, which are kept."""


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


Event = Started | Progress | Preview | CurvePoint | Notice | ItemFailed | Result
Job = Iterator[Event]
