"""Errors that a person reads: one sentence that says what happened, what was kept and what to do."""

from __future__ import annotations


class StudioError(Exception):
    """Something a person can be told in one sentence; the command line exits with 1 and prints it."""


class UsageError(StudioError):
    """A wrong argument; the command line exits with 2."""


class MediaError(StudioError):
    """An image, video or sequence cannot be opened or a frame of it cannot be read."""


class ModelError(StudioError):
    """A network description, weights or an ONNX file is broken, unknown or does not fit."""


class ProjectError(StudioError):
    """A project file cannot be opened or written, or an edit is not allowed."""


class FormatError(StudioError):
    """An annotation file is malformed, or an export failed its check."""


class Cancelled(StudioError):
    """A person stopped a job; what was finished is kept. The command line exits with 130."""

    def __init__(self, sentence: str = "Stopped. What was finished is kept.") -> None:
        super().__init__(sentence)
