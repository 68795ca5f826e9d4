"""What a network says before anything is folded or exported: the raw maps that its ONNX file is held against."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import run_child
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import forward
from yolor_studio.yolor.safetensors_io import load_network


def has_torch() -> bool:
    """Whether `raw_maps` can run at any size; without torch the numpy reference is for small ones."""
    return find_spec("torch") is not None


def raw_maps(
    file: Path, images: NDArray[np.uint8], *, cancel: CancelToken | None = None
) -> tuple[list[NDArray[np.floating]], str]:
    """The heads' raw maps of the network in a safetensors file for RGB pictures [N, H, W, 3], and who computed them.

    Torch runs in a child process, because it and onnxruntime never share one; where it is missing, the numpy
    reference does it. Raises ModelError for a file that cannot be used, Cancelled, and StudioError if the child dies.
    """
    if not has_torch():
        network = load_network(file)
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float64) / 255
        return list(forward(build_plan(network.description), network.weights, planes)), "the numpy reference"
    with tempfile.TemporaryDirectory(prefix="yolor-studio-") as folder:
        asked, answered = Path(folder, "images.npy"), Path(folder, "maps.npz")
        np.save(asked, images)
        request = {"network": str(file.absolute()), "images": str(asked), "maps": str(answered)}
        version = run_child("yolor_studio.yolor.truth_child", request, cancel=cancel)
        with np.load(answered) as maps:
            return [maps[name] for name in maps.files], f"PyTorch {version}"
