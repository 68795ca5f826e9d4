"""The child process of `truth.raw_outputs`: `python -m yolor_studio.yolor.truth_child`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yolor_studio.core.child import answer


def _run(request: Any) -> str:
    """Write the raw outputs of the network for the images; returns torch's version."""
    import numpy as np
    import torch

    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.safetensors_io import load_network
    from yolor_studio.yolor.truth import KINDS

    saved = load_network(Path(request["network"]))
    network = Network(build_plan(saved.description), bn_eps=saved.weights.bn_eps).eval()
    network.load_weights(saved.weights.arrays)
    images = torch.from_numpy(np.load(request["images"])).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        found = network.outputs(images)
    arrays = {
        f"{kind}{number:03d}": array.numpy() for kind in KINDS for number, array in enumerate(getattr(found, kind))
    }
    np.savez(request["outputs"], **arrays)
    return torch.__version__.split("+")[0]


if __name__ == "__main__":
    answer(_run)
