"""A run's state on disk: one safetensors file, its scalars as JSON in the metadata. Nothing in it can execute."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from yolor_studio.core.errors import ModelError

_FORMAT = "yolor-studio training 1"


class Unreadable(ModelError):
    """A checkpoint is damaged, or something else under its name."""


def save(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write the checkpoint beside its place and move it there, so that a killed run leaves the former one whole."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    save_file(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        str(part),
        {"format": _FORMAT, "state": json.dumps(state)},
    )
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    os.replace(part, path)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors (on the CPU) and the state. Raises Unreadable when the file is no checkpoint of ours."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise Unreadable(f"{path.name} is not a checkpoint of a training run.")
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(metadata["state"])  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise Unreadable(f"The checkpoint {path.name} cannot be read ({error}).") from error
