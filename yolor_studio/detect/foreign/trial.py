"""Running a file once before it is wrapped: what it answers settles what its declaration leaves open."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.devices import open_session
from yolor_studio.detect.foreign.signature import Signature

_SECONDS = 60.0
_GREY = 0.45


class Trial:
    """A file that can be run on a grey picture, on the CPU and for a minute at most; it is loaded when first needed."""

    def __init__(self, path: Path, signature: Signature) -> None:
        self._path = path
        self._signature = signature
        self._session: Any = None
        self.why = ""
        """What stopped the last run."""

    def run(self, height: int, width: int) -> list[NDArray[Any]] | None:
        """Its outputs for a picture of this size, None if it does not run at it; ModelError if it does not load."""
        if self._session is None:
            self._session = open_session(str(self._path), "cpu", lambda session: None).session
        import onnxruntime as ort

        options = ort.RunOptions()
        timer = threading.Timer(_SECONDS, lambda: setattr(options, "terminate", True))
        timer.start()
        try:
            return self._session.run(None, self._inputs(height, width), options)
        except Exception as error:  # onnxruntime raises its own, undocumented kinds
            if not timer.is_alive():
                raise ModelError(f"{self._path.name} did not answer within {_SECONDS:.0f} s.") from error
            self.why = (str(error).strip().splitlines() or [""])[0][:200]
            return None
        finally:
            timer.cancel()

    def _inputs(self, height: int, width: int) -> dict[str, NDArray[Any]]:
        batch = self._signature.batch or 1
        kind = np.float16 if self._signature.half else np.float32
        values = {
            "scale_factor": np.ones((batch, 2), np.float32),
            "im_shape": np.full((batch, 2), (height, width), np.float32),
            "orig_target_sizes": np.full((batch, 2), (width, height), np.int64),
        }
        inputs: dict[str, NDArray[Any]] = {name: values[name] for name in self._signature.companions}
        return {self._signature.image: np.full((batch, 3, height, width), _GREY, kind), **inputs}
