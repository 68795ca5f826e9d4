"""Networks as safetensors files: the arrays, and with them everything that is needed to build the network again.

The metadata holds `yolor_studio.network` = "1", `cfg` (the description), `names` (JSON list), `size`, `licence`,
`bn_eps`, and whatever else its maker noted. Equal networks give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description, format_cfg, parse_cfg
from yolor_studio.yolor.files import write_atomically
from yolor_studio.yolor.plan import MAIN_BN_EPS, build_plan
from yolor_studio.yolor.weights import Weights

_FORM_KEY = "yolor_studio.network"
_OWN_KEYS = frozenset({_FORM_KEY, "cfg", "names", "size", "licence", "bn_eps"})


@dataclass(frozen=True, slots=True, eq=False)
class SavedNetwork:
    """A network as it lies in a file."""

    description: Description
    weights: Weights
    names: tuple[str, ...]
    """One per class."""
    size: int
    """The input side, in pixels, that it is best used at."""
    licence: str
    notes: Mapping[str, str] = field(default_factory=dict)
    """Further metadata, such as how it was trained."""


def save_network(path: Path, network: SavedNetwork) -> None:
    """Write a network, atomically; ModelError if its parts do not fit each other."""
    plan = build_plan(network.description)
    network.weights.check(plan)
    _check_names(network.names, plan.classes)
    clash = _OWN_KEYS & set(network.notes)
    if clash:
        raise ModelError(f"The note '{min(clash)}' would overwrite what belongs to the network.")
    metadata = {
        _FORM_KEY: "1",
        "cfg": format_cfg(network.description),
        "names": json.dumps(list(network.names), ensure_ascii=False),
        "size": str(network.size),
        "licence": network.licence,
        "bn_eps": repr(float(network.weights.bn_eps)),
        **network.notes,
    }
    arrays = {name: np.asarray(network.weights[name], "<f4", order="C") for name in plan.shapes()}
    write_atomically(path, _encode(arrays, metadata))


def load_network(path: Path, *, description: Description | None = None) -> SavedNetwork:
    """Read a network and check it; ModelError says what is wrong with the file.

    A file without our metadata needs its `description`, and gets batch norm's constant of the main line and class
    names by number.
    """
    arrays, metadata = _read(path)
    try:
        if description is None:
            if "cfg" not in metadata:
                raise ModelError("it holds no network description; give its .cfg with --cfg.")
            description = parse_cfg(metadata["cfg"])
        plan = build_plan(description)
        weights = Weights(arrays, _number(metadata, "bn_eps", MAIN_BN_EPS))
        weights.check(plan)
        names = _names(metadata, plan.classes)
        _check_names(names, plan.classes)
        return SavedNetwork(
            description,
            weights,
            names,
            size=int(_number(metadata, "size", plan.size)),
            licence=metadata.get("licence", ""),
            notes={key: value for key, value in metadata.items() if key not in _OWN_KEYS},
        )
    except ModelError as error:
        raise ModelError(f"{path.name} cannot be used: {error}") from None


def _encode(arrays: Mapping[str, NDArray[np.float32]], metadata: Mapping[str, str]) -> bytes:
    """The safetensors form, written here because the library's writer shuffles the metadata on every run."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    start = 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *(array.tobytes() for array in arrays.values())])


def _read(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
            return arrays, dict(file.metadata() or {})
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (SafetensorError, TypeError, ValueError) as error:
        raise ModelError(f"{path.name} is damaged or no safetensors file: {str(error)[:120]}.") from error


def _number(metadata: Mapping[str, str], key: str, default: float) -> float:
    try:
        value = float(metadata.get(key, default))
    except ValueError:
        value = float("nan")
    if not 0 < value < 1e6:
        raise ModelError(f"its metadata says {key}={metadata.get(key, '')[:40]}, which makes no sense.")
    return value


def _names(metadata: Mapping[str, str], classes: int) -> tuple[str, ...]:
    if "names" not in metadata:
        return tuple(f"class {index}" for index in range(classes))
    try:
        names = json.loads(metadata["names"])
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelError("its class names are not a list of texts.")
    return tuple(names)


def _check_names(names: Sequence[str], classes: int) -> None:
    if len(names) != classes:
        raise ModelError(f"it has {len(names)} class names for {classes} classes.")
