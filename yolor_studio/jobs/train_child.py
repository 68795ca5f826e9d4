"""The child process of `jobs.train`: `python -m yolor_studio.jobs.train_child`."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import serve
from yolor_studio.jobs.event_lines import as_line
from yolor_studio.jobs.training_request import TrainRequest
from yolor_studio.jobs.training_run import run_training


def _train(request: Any, cancel: CancelToken) -> Generator[Any, None, Any]:
    events = run_training(TrainRequest.from_json(request["request"]), Path(request["start"]), cancel)
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            return stop.value.as_json()
        yield as_line(event)


if __name__ == "__main__":
    serve(_train)
