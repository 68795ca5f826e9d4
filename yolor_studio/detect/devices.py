"""Choosing where a model runs: by trying it, not by what the runtime was compiled with."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yolor_studio.core.errors import ModelError, UsageError

_PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_TITLES = {"tensorrt": "TensorRT", "cuda": "CUDA", "coreml": "CoreML", "cpu": "CPU"}
DEVICES = ("auto", *_PROVIDERS)
"""What `--device` takes. "auto" leaves TensorRT out: building its engine takes minutes, so a person asks for it."""
_AUTO = ("cuda", "coreml", "cpu")


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has run once on the device that it names."""

    session: Any
    """An onnxruntime.InferenceSession."""
    device: str
    """"cuda", "cpu" and so on."""
    title: str
    """For people: "CUDA", "CPU, 2 threads"."""
    notice: str | None
    """One sentence when a better device was wanted and could not be used."""


def cpu_threads() -> int:
    """Threads for inference: all cores that we may use but one, which decodes and draws the window."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return max(cores - 1, 1)


def check_device(device: str) -> None:
    """Raise UsageError unless `device` is a name that `open_session` knows."""
    if device not in DEVICES:
        raise UsageError(f"Unknown device {device!r}. Choose one of {', '.join(DEVICES)}.")


def open_session(model: str | bytes, device: str, probe: Callable[[Any], None]) -> OpenSession:
    """Open `model` (a path, or the bytes of an ONNX file) on `device` or, for "auto", the first that works.

    `probe` runs the session once; a device counts only when that succeeds there. A named device that fails falls back
    to the CPU, with a notice. Raises UsageError for an unknown name, ModelError when not even the CPU can run it.
    """
    import onnxruntime as ort

    check_device(device)
    ort.set_default_logger_severity(4)
    failures: list[str] = []
    for name in _AUTO if device == "auto" else dict.fromkeys((device, "cpu")):
        reason = _missing(name, ort)
        if reason is None:
            try:
                session = _create(ort, model, name)
                probe(session)
                title = f"CPU, {_count(cpu_threads(), 'thread')}" if name == "cpu" else _TITLES[name]
                return OpenSession(session, name, title, _notice(failures, title))
            except Exception as error:  # onnxruntime raises its own, undocumented kinds
                reason = _first_line(error)
                if name == "cpu":
                    raise ModelError(f"The model cannot be run: {reason}.") from error
        # A machine without a GPU is no reason to complain, unless the GPU was asked for.
        if device != "auto" or _present(name):
            failures.append(f"{_TITLES[name]} cannot be used ({reason})")
    raise ModelError("The model cannot be run on any device of this machine.")


def describe_devices() -> list[tuple[str, str | None]]:
    """Each known device with None if it can be tried here, else what is missing."""
    import onnxruntime as ort

    return [(name, _missing(name, ort)) for name in _PROVIDERS]


def _create(ort: Any, model: str | bytes, name: str) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = cpu_threads()
    options.inter_op_num_threads = 1
    # Spinning threads win a few per cent of a run and take them from the window.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if name in ("cuda", "tensorrt") and hasattr(ort, "preload_dlls"):
        ort.preload_dlls(directory="")
    providers = [_PROVIDERS[name]] + ([] if name == "cpu" else [_PROVIDERS["cpu"]])
    session = ort.InferenceSession(model, options, providers=providers)
    if session.get_providers()[0] != _PROVIDERS[name]:
        raise ModelError("its libraries did not load")
    return session


def _missing(name: str, ort: Any) -> str | None:
    if _PROVIDERS[name] not in ort.get_available_providers():
        return "the installed onnxruntime is built without it"
    if not _present(name):
        return "no such device was found"
    return None


def _present(name: str) -> bool:
    if name in ("cuda", "tensorrt"):
        library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
        try:
            driver = ctypes.CDLL(library)
            count = ctypes.c_int(0)
            return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
        except (OSError, AttributeError):
            return False
    return name != "coreml" or sys.platform == "darwin"


def _notice(failures: list[str], title: str) -> str | None:
    return f"{'; '.join(failures)}. Running on {title} instead." if failures else None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
