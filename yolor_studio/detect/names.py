"""Class names from text files."""

from __future__ import annotations

from pathlib import Path

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.files import read_text


def read_names(path: Path, classes: int) -> tuple[str, ...]:
    """Class names from a file with one a line, blank lines at its end ignored; ModelError if their number is wrong."""
    names = all_names(path)
    if len(names) != classes:
        raise ModelError(f"{path.name} holds {len(names)} class names, but the network has {classes} classes.")
    return names


def all_names(path: Path) -> tuple[str, ...]:
    """As `read_names`, where nothing else tells how many classes there are."""
    text = read_text(path, f"The list of class names {path.name}")
    names = [line.strip() for line in text.rstrip().splitlines()]
    if "" in names:
        raise ModelError(f"Line {names.index('') + 1} of {path.name} is empty, where a class name should stand.")
    return tuple(names)


def names_beside(file: Path, classes: int) -> Path | None:
    """The only *.names file beside a model that fits its number of classes, if there is exactly one."""
    fitting = [path for path in sorted(file.absolute().parent.glob("*.names")) if _fits(path, classes)]
    return fitting[0] if len(fitting) == 1 else None


def by_number(classes: int) -> tuple[str, ...]:
    """Names for classes that have none: "class 0" and so on."""
    return tuple(f"class {index}" for index in range(classes))


def _fits(path: Path, classes: int) -> bool:
    try:
        read_names(path, classes)
    except ModelError:
        return False
    return True
