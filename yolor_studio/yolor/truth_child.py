"""The child process of `truth.raw_maps`: `python -m yolor_studio.yolor.truth_child`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yolor_studio.core.child import answer


def _run(request: Any) -> str:
    """Write the raw maps of the network for the images; returns torch's version."""
    import numpy as np
    import torch

    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.safetensors_io import load_network

    saved = load_network(Path(request["network"]))
    network = Network(build_plan(saved.description), bn_eps=saved.weights.bn_eps).eval()
    network.load_weights(saved.weights.arrays)
    images = torch.from_numpy(np.load(request["images"])).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        maps = [head.numpy() for head in network(images)]
    np.savez(request["maps"], **{f"head{number:03d}": head for number, head in enumerate(maps)})
    return torch.__version__.split("+")[0]


if __name__ == "__main__":
    answer(_run)
