"""Child processes: what they tell arrives, however they end, and nobody leaves one behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import ChildDied, run_child, stream_child
from yolor_studio.core.errors import Cancelled, FormatError

KIT = "child_kit"


@pytest.fixture(autouse=True)
def _kit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def drained(lines: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    told = []
    while True:
        try:
            told.append(next(lines))
        except StopIteration as stop:
            return told, stop.value


def gone(process: int, seconds: float = 5.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{process}/stat").exists() and Path(f"/proc/{process}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    return False


def waiting(file: Path) -> int:
    while not file.exists() or not file.read_text():
        time.sleep(0.02)
    return int(file.read_text())


def test_events_and_the_answer_arrive_whatever_libraries_print() -> None:
    value = {"text": "größe", "rows": [1.5] * 50_000}
    told, answer = drained(stream_child(KIT, {"events": 3, "then": "answer", "value": value}))
    assert told == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert answer == value
    assert run_child(KIT, {"events": 2, "then": "answer", "value": value}) == value


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"then": "refuse"}, FormatError, "no file of ours"),
        ({"then": "crash"}, ChildDied, "ValueError: nobody foresaw this"),
        ({"then": "exit"}, ChildDied, "noise"),
        ({"then": "kill"}, ChildDied, "killed by signal 9, as happens when memory runs out"),
    ],
)
def test_how_a_child_fails_is_told(request_: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        run_child(KIT, request_)
    with pytest.raises(error, match=words):
        drained(stream_child(KIT, {"events": 1, **request_}))


def test_a_module_that_is_not_there_is_told() -> None:
    with pytest.raises(ChildDied, match="No module named"):
        run_child("no_such_module", {"rows": "x" * 3_000_000})


def test_cancelling_asks_the_child_which_ends_in_its_own_way(tmp_path: Path) -> None:
    cancel = CancelToken()
    lines = stream_child(KIT, {"events": 1, "then": "wait", "file": str(tmp_path / "pid")}, cancel=cancel)
    next(lines)
    process = waiting(tmp_path / "pid")
    cancel.cancel()
    with pytest.raises(Cancelled, match="in my own way"):
        next(lines)
    assert gone(process)


def test_closing_the_stream_kills_the_child(tmp_path: Path) -> None:
    lines = stream_child(KIT, {"events": 1, "then": "wait", "file": str(tmp_path / "pid")})
    next(lines)
    process = waiting(tmp_path / "pid")
    lines.close()
    assert gone(process)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = (
        "from yolor_studio.core.child import stream_child\n"
        f"list(stream_child({KIT!r}, {{'then': 'wait', 'file': {str(file)!r}}}))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) as parent:
        process = waiting(file)
        parent.kill()
    assert gone(process)


def test_a_child_stands_still_while_its_parent_is_paused(tmp_path: Path) -> None:
    """On the child's clock a second goes by when a file appears: in the middle of a line that nobody takes."""
    request = {"then": "say how long it worked", "file": str(tmp_path / "second")}
    with subprocess.Popen(
        [sys.executable, "-m", KIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        child.stdout.read(1)
        (tmp_path / "second").touch()
        answer = child.stdout.read().splitlines()[-1]
    assert json.loads(answer) == {"answer": 0.0}
