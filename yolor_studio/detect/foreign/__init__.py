"""ONNX files of other programs: recognised by their shapes and metadata, and wrapped into the contract, so that all run
one way. One file per layout; `wrapping.wrap` is the way in."""

from yolor_studio.detect.foreign.paddle_config import settings_beside
from yolor_studio.detect.foreign.wrapping import wrap

__all__ = ["settings_beside", "wrap"]
