"""A child process for test_core_child: it does what its request says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from typing import Any

from yolor_studio.core import working_time
from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import serve
from yolor_studio.core.errors import Cancelled, FormatError


def handle(request: Any, cancel: CancelToken) -> Generator[Any, None, Any]:
    for number in range(request.get("events", 0)):
        sys.stdout.write("a library talks\n")
        os.write(1, b"and so does its C code\n")
        yield {"number": number}
    match request["then"]:
        case "answer":
            return request["value"]
        case "say how long it worked":
            working_time.monotonic = lambda: float(os.path.exists(request["file"]))
            yield "x" * 1_000_000
            return working_time.working_time()
        case "refuse":
            raise FormatError("This is no file of ours.")
        case "crash":
            raise ValueError("nobody foresaw this")
        case "exit":
            sys.stderr.write("noise " * 20_000)
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), 9)
        case "wait":
            with open(request["file"], "w") as file:
                file.write(str(os.getpid()))
            while not cancel.cancelled:
                time.sleep(0.01)
            raise Cancelled("Stopped in my own way.")
    return None


if __name__ == "__main__":
    serve(handle)
