"""A process that writes to a project until it is killed: `project_victim.py PATH edits|bulk`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from project_helpers import BOX, grid, predictions

from yolor_studio.core.entities import Box
from yolor_studio.project import Project


def tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def write_edits(project: Project, media: int, category: int) -> None:
    """Edits, each told when it is done, beside a thread that writes predictions."""
    layer = project.layers()[0].id

    def run_model() -> None:
        for frame in range(10_000_000):
            project.write_predictions(layer, media, {frame % 5000: predictions(*grid(20))})

    threading.Thread(target=run_model, daemon=True).start()
    for number in range(10_000_000):
        with project.edit(f"Edit {number}") as edit:
            edit.add_object(media, category, number % 5000, BOX)
            edit.add_object(media, category, number % 5000, BOX)
        tell(number)


def write_bulk(project: Project, media: int, category: int) -> None:
    """One bulk edit without an end."""
    with project.bulk_edit("Import") as edit:
        for number in range(10_000_000):
            edit.add_object(media, category, number % 5000, Box(number % 500, 2, 30, 40))
            if number % 1000 == 999:
                tell(number)


if __name__ == "__main__":
    opened = Project.open(Path(sys.argv[1]))
    assert not opened.read_only
    work = {"edits": write_edits, "bulk": write_bulk}[sys.argv[2]]
    work(opened, opened.media()[0].id, opened.categories()[0].id)
