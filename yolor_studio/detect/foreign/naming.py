"""Class names: those of a file given by hand, those inside the model or beside it, or else numbers; and what their
number says of how the model is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from yolor_studio.detect.foreign.reading import Reading
from yolor_studio.detect.foreign.signature import Signature
from yolor_studio.detect.names import all_names, by_number, read_names

MAX_CLASSES = 10_000
"""The most classes a model may have: every candidate carries a score for each."""


def names_inside(signature: Signature) -> tuple[str, ...] | None:
    """Class names in the metadata: exports write a Python dict or list as text."""
    value = signature.value("names")
    listed = [value.get(index) for index in range(len(value))] if isinstance(value, dict) else value
    if not isinstance(listed, list) or not listed:
        return None
    names = tuple(item for item in listed if isinstance(item, str))
    return names if len(names) == len(listed) else None


def choose(
    signature: Signature, readings: Sequence[Reading], *, given: Path | None, inside: tuple[str, ...] | None
) -> tuple[Reading, tuple[str, ...], tuple[str, ...]]:
    """The one reading that the names agree with, the names, and what a person is told of them.

    ModelError where several readings stay, or none.
    """
    counts = {reading.classes for reading in readings}
    if given is not None:
        if len(counts) == 1 and None not in counts:
            read_names(given, readings[0].classes or 0)
        inside = all_names(given)
    fitting = [r for r in readings if inside is None or r.classes is None or r.classes == len(inside)]
    if not fitting:
        # YOLOv5 and YOLOR write names that make no sense often enough; their shape alone says what they are.
        fitting = [reading for reading in readings if not reading.sure_of_names]
    if not fitting:
        holder = "it" if given is None else given.name
        raise signature.unusable(
            f"can be read as {_listed(readings)}, but {holder} holds {len(inside or ())} class names"
        )
    if len(fitting) > 1:
        raise signature.unusable(
            f"can be read as {_listed(fitting)}, and nothing in it tells which: give its class names with --names"
        )
    reading = fitting[0]
    if reading.classes is None and inside is None:
        raise signature.unusable(
            f"is {reading.layout}, which does not tell how many classes it has, and it holds no class names: give them "
            "with --names"
        )
    reading = replace(reading, classes=len(inside or ()) if reading.classes is None else reading.classes)
    classes = reading.classes or 0
    if classes > MAX_CLASSES:
        raise signature.unusable(f"has {classes:,} classes, where up to {MAX_CLASSES:,} are run")
    if inside is not None and len(inside) == classes:
        return reading, inside, ()
    told = f"It holds no class names, so they are called 'class 0' to 'class {classes - 1}'; give --names."
    return reading, by_number(classes), (told,)


def _listed(readings: Sequence[Reading]) -> str:
    return " or ".join(f"{r.layout}{'' if r.classes is None else f' of {r.classes} classes'}" for r in readings)
