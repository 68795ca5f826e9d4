"""A stopped training is dropped by a command: that one, whole, and only where nobody is at it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yolor_studio.cli.main import run
from yolor_studio.jobs.train import can_resume
from yolor_studio.jobs.training_request import CHECKPOINT, training_folder
from yolor_studio.project.lock import ProjectLock

Told = tuple[int, str, str]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]):
    """Run `train` with --discard; returns (exit code, stdout, stderr)."""

    def call(*arguments: str) -> Told:
        code = run(["train", *arguments, "--discard"])
        return code, *capsys.readouterr()

    return call


def stopped(name: str) -> Path:
    folder = training_folder(name)
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "pixels.bin").write_bytes(b"1")
    (folder / CHECKPOINT).write_bytes(b"damaged or not")
    return folder


def test_it_is_dropped_by_name(tell) -> None:
    folder, other = stopped("mine"), stopped("other")
    code, out, _ = tell("--name", "mine", "--json")
    assert (code, json.loads(out)) == (0, {"discarded": "mine"})
    assert not folder.exists()
    assert can_resume("other")
    assert sorted(path.name for path in folder.parent.iterdir()) == [other.name]


def test_it_is_dropped_by_the_line_that_started_it_whatever_became_of_the_data(tell, tmp_path: Path) -> None:
    stopped("street")
    code, out, _ = tell(str(tmp_path / "street.yolor"), "--epochs", "3")
    assert (code, out) == (0, "The stopped training street was dropped.\n")
    assert not can_resume("street")


def test_what_is_not_there_is_told_with_what_is(tell) -> None:
    code, _, err = tell("--name", "mine")
    assert (code, err) == (2, "No stopped training is named mine. Nothing was dropped.\n")
    stopped("b")
    stopped("a")
    assert "named mine; kept are a, b." in tell("--name", "mine")[2]


def test_a_training_that_is_running_is_not_dropped(tell) -> None:
    lock = ProjectLock(stopped("mine"))
    try:
        code, _, err = tell("--name", "mine")
    finally:
        lock.release()
    assert (code, err) == (2, "The training mine is running; stop it first.\n")
    assert can_resume("mine")


@pytest.mark.parametrize("name", ["..", "../models", "/", "a/b", ".", ""])
def test_nothing_but_a_training_is_dropped(tell, name: str) -> None:
    stopped("mine")
    (training_folder("mine").parent.parent / CHECKPOINT).touch()
    assert tell("--name", name)[0] == 1
    assert can_resume("mine")


def test_what_makes_no_sense_is_told(tell) -> None:
    assert tell() == (2, "", "Name the stopped training to drop with --name.\n")
    assert "not both" in tell("--name", "mine", "--resume")[2]
