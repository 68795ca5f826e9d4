"""What a network says before anything is folded or exported: the raw outputs that its ONNX file is held against."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import run_child
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import Outputs, outputs
from yolor_studio.yolor.safetensors_io import load_network

KINDS = ("heads", "tags", "embeddings")
"""The fields of Outputs; the child numbers the arrays of each."""


def has_torch() -> bool:
    """Whether `raw_outputs` can run at any size; without torch the numpy reference is for small ones."""
    return find_spec("torch") is not None


def raw_outputs(file: Path, images: NDArray[np.uint8], *, cancel: CancelToken | None = None) -> tuple[Outputs, str]:
    """The raw outputs of the network in a safetensors file for RGB pictures [N, H, W, 3], and who computed them.

    Torch runs in a child process, because it and onnxruntime never share one; where it is missing, the numpy
    reference does it. Raises ModelError for a file that cannot be used, Cancelled, and StudioError if the child dies.
    """
    if not has_torch():
        network = load_network(file)
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float64) / 255
        return outputs(build_plan(network.description), network.weights, planes), "the numpy reference"
    with tempfile.TemporaryDirectory(prefix="yolor-studio-") as folder:
        asked, answered = Path(folder, "images.npy"), Path(folder, "outputs.npz")
        np.save(asked, images)
        request = {"network": str(file.absolute()), "images": str(asked), "outputs": str(answered)}
        version = run_child("yolor_studio.yolor.truth_child", request, cancel=cancel)
        with np.load(answered) as arrays:
            found = {
                kind: [arrays[name].astype(np.float64) for name in arrays.files if name.startswith(kind)]
                for kind in KINDS
            }
            return Outputs(**found), f"PyTorch {version}"
