"""relink on the command line: what was found, what is still missing, and what is there but differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.cli.main import run
from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.adding import add_media
from yolor_studio.jobs.runner import run_now
from yolor_studio.media.write import save_png
from yolor_studio.project import Project

Tell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Run a command; returns (exit code, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def picture(path: Path, grey: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_png(path, np.full((20, 30 + grey, 3), grey, np.uint8))
    return path


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A project of three pictures: a was moved and renamed, b has another content there, c is gone."""
    path = tmp_path / "test.yolor"
    with Project.create(path) as project:
        pictures = [picture(tmp_path / f"{name}.png", grey) for name, grey in (("a", 10), ("b", 20), ("c", 30))]
        run_now(add_media(project, pictures, CancelToken()))
    (tmp_path / "new").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "new" / "first.png")
    for name in ("b", "c"):
        (tmp_path / f"{name}.png").unlink()
    picture(tmp_path / "new" / "b.png", 99)
    return path


def test_all_three_are_said_as_json(tell: Tell, moved: Path, tmp_path: Path) -> None:
    code, out, _ = tell("relink", moved, tmp_path / "new", "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "project": str(moved),
            "found": [{"media": "a.png", "path": str(tmp_path / "new" / "first.png")}],
            "missing": ["c.png"],
            "differing": [{"media": "b.png", "path": str(tmp_path / "new" / "b.png")}],
            "complete": True,
        },
    )
    code, out, _ = tell("relink", moved, tmp_path / "new", "--json")
    assert (code, json.loads(out)["found"]) == (1, [])


def test_people_are_told_in_lines(tell: Tell, moved: Path, tmp_path: Path) -> None:
    code, out, err = tell("relink", moved, tmp_path / "new")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "1 media found.",
        f"  a.png: {tmp_path / 'new' / 'first.png'}",
        "1 still missing; what was done on them is kept.",
        "  c.png",
        "1 of which another file has the name; it was not taken, and the window shows what has changed.",
        f"  b.png: {tmp_path / 'new' / 'b.png'}",
        str(moved),
    ]


def test_where_nothing_is_missing_nothing_is_changed(tell: Tell, tmp_path: Path) -> None:
    path = tmp_path / "test.yolor"
    with Project.create(path) as project:
        run_now(add_media(project, [picture(tmp_path / "a.png", 10)], CancelToken()))
    code, out, _ = tell("relink", path, tmp_path)
    assert (code, out.splitlines()[0]) == (0, "Every media is where the project says. Nothing was changed.")


def test_what_cannot_be_is_one_sentence(tell: Tell, moved: Path, tmp_path: Path) -> None:
    code, out, err = tell("relink", moved, tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert err.strip().endswith("nowhere is not a folder; name the folder to look in.")
    with Project.open(moved):
        code, out, err = tell("relink", moved, tmp_path / "new")
    assert (code, out) == (1, "")
    assert "cannot be changed" in err
    assert len(err.splitlines()) == 1


def test_pre_labelling_and_export_name_what_is_missing_and_go_on(
    tell: Tell, tmp_path: Path, brightness_model: Path
) -> None:
    path = tmp_path / "test.yolor"
    here, gone, other = (picture(tmp_path / f"{name}.png", grey) for name, grey in (("a", 10), ("b", 20), ("c", 30)))
    with Project.create(path) as project:
        run_now(add_media(project, [here, gone, other], CancelToken()))
    gone.unlink()
    picture(other, 99)
    code, out, _ = tell("label", here, "--project", path, "--model", brightness_model, "--json")
    assert (code, json.loads(out)["failed"]) == (0, 0)
    assert tell("accept", path)[0] == 0
    assert tell("review", path)[0] == 0
    code, out, _ = tell("export", path, "--include", "all,predictions", "--out", tmp_path / "coco", "--json")
    told = " ".join(json.loads(out)["warnings"])
    assert code == 0
    assert "b.png is missing and left out." in told
    assert "c.png has changed since labelled and is left out" in told
