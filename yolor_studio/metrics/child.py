"""Running a module of ours in a child process: JSON in, JSON out, killed when the job is cancelled."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import StudioError

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])


def run_child(module: str, request: Any, *, cancel: CancelToken | None = None) -> Any:
    """What `python -m module` answers to `request`, both of them JSON values.

    A child keeps pycocotools' memory, its printing and its hold on the interpreter lock away from the window. Raises
    Cancelled when the token is set meanwhile, and StudioError with the child's last line when it fails.
    """
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [_PACKAGE_PARENT, environment.get("PYTHONPATH")]))
    with subprocess.Popen(
        # -P: the folder in which the program was started may hold anybody's numpy.py.
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        if cancel is not None:
            cancel.on_cancel(process.kill)
        answer, complaints = process.communicate(orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY))
    if cancel is not None:
        cancel.check()
    if process.returncode:
        lines = complaints.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"it ended with code {process.returncode}"
        raise StudioError(f"The measurement stopped: {reason}. Nothing was changed.")
    return orjson.loads(answer)


def answer(handle: Callable[[Any], Any]) -> None:
    """The child's side of `run_child`: read the request, keep stdout free of what libraries print, write the answer."""
    request = orjson.loads(sys.stdin.buffer.read())
    with contextlib.redirect_stdout(sys.stderr):
        value = handle(request)
    sys.stdout.buffer.write(orjson.dumps(value))
    sys.stdout.buffer.flush()
