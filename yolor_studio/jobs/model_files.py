"""A trained network as the files of the model list, and names that are free there."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.paths import user_folder
from yolor_studio.core.resources import shipped

if TYPE_CHECKING:
    from yolor_studio.yolor.safetensors_io import SavedNetwork


def export_network(folder: Path, name: str, network: SavedNetwork, *, half: bool = False) -> tuple[Path, Path]:
    """Write NAME.onnx (with `half`, its weights stored as float16) and NAME.safetensors, and return both paths."""
    from yolor_studio.yolor.files import write_atomically
    from yolor_studio.yolor.onnx_graph import build_onnx
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.safetensors_io import save_network

    weights, onnx = folder / f"{name}.safetensors", folder / f"{name}.onnx"
    save_network(weights, network)
    model = build_onnx(
        build_plan(network.description),
        network.weights,
        names=network.names,
        licence=network.licence,
        source_hash=hashlib.sha256(weights.read_bytes()).hexdigest(),
        size=network.size,
        half_storage=half,
    )
    write_atomically(onnx, model.SerializeToString())
    return onnx, weights


def is_taken(name: str) -> bool:
    """Whether a model of this name is in the list, however it is written."""
    folders = (shipped("models"), user_folder("models"))
    return any(path.stem.casefold() == name.casefold() for folder in folders for path in folder.glob("*.onnx"))


def free_name(name: str) -> str:
    """The name, numbered when a model has it already."""
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if not is_taken(one))
