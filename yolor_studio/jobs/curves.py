"""A training's curves as a file of JSON lines, so that they can be drawn when it is over."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from yolor_studio.jobs.events import CurvePoint


class Curves:
    """The points so far, each written as it is added."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist."""
        self._path = path
        self.points: list[CurvePoint] = []

    def add(self, point: CurvePoint) -> CurvePoint:
        """Write the point and hand it on."""
        self.points.append(point)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(_line(point))
        return point

    def cut_after(self, step: int) -> None:
        """Take the file's points up to a step, as a resumed run does; those after it will come again."""
        self.points = [point for point in read_curves(self._path) if point.step <= step]
        self._path.write_bytes(b"".join(map(_line, self.points)))

    def move_to(self, path: Path) -> Path:
        """The finished file, in its place; returns `path`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        os.replace(self._path, path)
        return path


def read_curves(path: Path) -> list[CurvePoint]:
    """The points of a file; none where there is no file, and a line that was cut off is left out."""
    points = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            record = orjson.loads(line)
            step, best = record.pop("step"), record.pop("best", False)
        except (orjson.JSONDecodeError, KeyError, AttributeError):
            continue
        points.append(CurvePoint(step, record, best))
    return points


def _line(point: CurvePoint) -> bytes:
    best = {"best": True} if point.best else {}
    return orjson.dumps({"step": point.step, **point.values, **best}) + b"\n"
