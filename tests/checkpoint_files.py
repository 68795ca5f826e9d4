"""Writes PyTorch's checkpoint files without PyTorch: both containers, protocol 2, broken on request."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.layers import Conv, Norm
from yolor_studio.yolor.modules import translate
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.weights import Weights

STORAGES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}


@dataclass
class Name:
    """A class or function by its name."""

    module: str
    name: str


@dataclass
class Call:
    """What a REDUCE with these arguments makes, and its state for BUILD."""

    module: str
    name: str
    arguments: tuple[Any, ...]
    state: Any = None


@dataclass
class Obj:
    """An object of a class, as NEWOBJ and BUILD."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class View:
    """A tensor that shows a run of numbers in a way of its own; without `storage` its type follows from the run."""

    run: NDArray[Any]
    shape: Sequence[Any]
    strides: Sequence[Any]
    offset: Any = 0
    storage: str | None = None
    count: Any = None


def ordered(items: Mapping[str, Any]) -> Call:
    """An OrderedDict with the attribute that a state_dict has."""
    return Call("collections", "OrderedDict", (), (dict(items), {"_metadata": {"": {"version": 1}}}))


def numpy_scalar(*, core: str = "numpy._core", encoded: bool = True) -> Call:
    """A numpy float64, as best_fitness is in what train.py stores."""
    raw: Any = struct.pack("<d", 0.52)
    if encoded:
        raw = Call("_codecs", "encode", (raw.decode("latin-1"), "latin1"))
    return Call(f"{core}.multiarray", "scalar", (_dtype(), raw))


def numpy_array(*, core: str = "numpy._core") -> Call:
    """A numpy array of shape (1,)."""
    raw = Call("_codecs", "encode", (struct.pack("<d", 0.52).decode("latin-1"), "latin1"))
    empty = (Name("numpy", "ndarray"), (0,), Call("_codecs", "encode", ("b", "latin1")))
    return Call(f"{core}.multiarray", "_reconstruct", empty, (1, (1,), _dtype(), False, raw))


def _dtype() -> Call:
    return Call("numpy", "dtype", ("f8", False, True), (3, "<", None, None, None, -1, -1, 0))


class Pickle:
    """Pickles values; arrays become tensors, whose runs of numbers are collected."""

    def __init__(self, *, legacy: bool = False) -> None:
        self.legacy = legacy
        self.runs: dict[str, bytes] = {}
        self.counts: dict[str, int] = {}
        self._memo = 0

    def dumps(self, value: Any) -> bytes:
        """The pickle of a value."""
        return b"\x80\x02" + self.value(value) + b"."

    def value(self, value: Any) -> bytes:
        """The instructions that make a value."""
        if value is None or isinstance(value, bool):
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        if isinstance(value, int):
            return self._integer(value)
        if isinstance(value, float):
            return b"G" + struct.pack(">d", value)
        if isinstance(value, str):
            return self._text(value) + self._put()
        if isinstance(value, bytes):
            return b"B" + struct.pack("<I", len(value)) + value
        if isinstance(value, tuple):
            return b"(" + b"".join(map(self.value, value)) + b"t"
        if isinstance(value, list):
            return b"]" + self._put() + b"(" + b"".join(map(self.value, value)) + b"e"
        if isinstance(value, dict):
            return b"}" + self._put() + self._items(value)
        if isinstance(value, Name):
            return f"c{value.module}\n{value.name}\n".encode() + self._put()
        if isinstance(value, Call):
            return self._call(value)
        if isinstance(value, Obj):
            module, _, name = value.name.rpartition(".")
            return self.value(Name(module, name)) + b")\x81" + self._put() + self.value(value.attributes) + b"b"
        return self._tensor(value)

    def _items(self, items: Mapping[Any, Any]) -> bytes:
        return b"(" + b"".join(self.value(key) + self.value(item) for key, item in items.items()) + b"u"

    def _integer(self, value: int) -> bytes:
        if 0 <= value < 256:
            return b"K" + bytes([value])
        if -(2**31) <= value < 2**31:
            return b"J" + struct.pack("<i", value)
        length = value.bit_length() // 8 + 1
        return b"\x8a" + bytes([length]) + value.to_bytes(length, "little", signed=True)

    def _text(self, value: str) -> bytes:
        raw = value.encode()
        return b"X" + struct.pack("<I", len(raw)) + raw

    def _put(self) -> bytes:
        self._memo += 1
        return b"r" + struct.pack("<I", self._memo - 1)

    def _call(self, call: Call) -> bytes:
        made = self.value(Name(call.module, call.name)) + self.value(call.arguments) + b"R" + self._put()
        if call.name == "OrderedDict" and call.state is not None:
            items, attributes = call.state
            return made + self._items(items) + self.value(attributes) + b"b"
        return made if call.state is None else made + self.value(call.state) + b"b"

    def _tensor(self, value: Any) -> bytes:
        if not isinstance(value, View):
            array = np.asarray(value)
            steps = [step // array.itemsize for step in np.ascontiguousarray(array).strides]
            value = View(array.ravel(), array.shape, steps[: array.ndim])
        key = str(len(self.runs))
        self.runs[key] = value.run.tobytes()
        self.counts[key] = value.run.size if value.count is None else value.count
        kind = Name("torch", value.storage or STORAGES[value.run.dtype.name])
        identity = ("storage", kind, key, "cpu", self.counts[key], *((None,) if self.legacy else ()))
        view = self.value(identity) + b"Q" + self.value(value.offset)
        view += self.value(tuple(value.shape)) + self.value(tuple(value.strides)) + self.value(False)
        hooks = self.value(Call("collections", "OrderedDict", ()))
        return b"ctorch._utils\n_rebuild_tensor_v2\n(" + view + hooks + b"tR"


def save_zip(path: Path, value: Any, *, deflate: bool = False, extra: Mapping[str, bytes] | None = None) -> Path:
    """A checkpoint as PyTorch 1.6 and later write it, by default without compression."""
    pickle = Pickle()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    files = {"data.pkl": pickle.dumps(value), "byteorder": b"little", "version": b"3\n"}
    files |= {f"data/{key}": run for key, run in pickle.runs.items()} | dict(extra or {})
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(f"archive/{name}", data)
    return path


def save_legacy(path: Path, value: Any) -> Path:
    """A checkpoint as PyTorch before 1.6 wrote it."""
    path.write_bytes(legacy_bytes(value))
    return path


def legacy_bytes(value: Any, *, magic: int = 0x1950A86A20F9469CFC6C, little: bool = True) -> bytes:
    """The content of an older checkpoint."""
    pickle = Pickle(legacy=True)
    computer = {"protocol_version": 1001, "little_endian": little, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = pickle.dumps(magic) + pickle.dumps(1001) + pickle.dumps(computer) + pickle.dumps(value)
    keys = list(pickle.runs)
    runs = b"".join(struct.pack("<q", pickle.counts[key]) + pickle.runs[key] for key in keys)
    return head + pickle.dumps(keys) + runs


def main_line(weights: Weights, *, prefix: str = "") -> dict[str, NDArray[np.float32]]:
    """A network's arrays as the main line's state_dict names them, with batch norm's counters."""
    state: dict[str, Any] = {}
    for name, array in weights.arrays.items():
        _, index, *rest = name.split(".")
        words = [{"conv": "Conv2d", "bn": "BatchNorm2d"}.get(word, word) for word in rest]
        key = ".".join([f"{prefix}module_list", index, *words])
        state[key] = array
        if key.endswith("running_var"):
            state[key.replace("running_var", "num_batches_tracked")] = np.array(7, np.int64)
    return state


def pickled_network(
    yaml: Mapping[str, Any],
    weights: Weights,
    *,
    names: Any,
    half: bool = True,
    root: str = "models.yolo.Model",
    strides: Sequence[int] = (8, 16, 32),
    fused: bool = False,
) -> Obj:
    """A network of modules as a whole object, each module with what a reader may look at."""
    network = Obj(root, {"yaml": dict(yaml), "names": names, "nc": yaml["nc"], **_module(), "training": False})
    translated = translate(yaml)
    dtype = np.float16 if half else np.float32
    for name, key in translated.keys.items():
        if not (fused and ".bn." in key and f"{name.rsplit('.', 2)[0]}.conv.weight" in translated.keys):
            _put(network, key, weights.arrays[name].astype(dtype))
    for layer in build_plan(translated.description).layers:
        if isinstance(layer, Conv):
            key = translated.keys[f"layers.{layer.index}.conv.weight"].removesuffix(".weight")
            _describe_convolution(network, key, layer, fused=fused, eps=weights.bn_eps)
            if fused and layer.batch_norm:
                _put(network, f"{key}.bias", weights.arrays[f"layers.{layer.index}.bn.bias"].astype(dtype))
        elif isinstance(layer, Norm):
            key = translated.keys[f"layers.{layer.index}.bn.weight"].removesuffix(".bn.weight")
            _describe_norm(network, key, eps=weights.bn_eps)
    _describe_head(network, yaml, strides, dtype)
    return network


def _module() -> dict[str, Any]:
    return {"_parameters": ordered({}), "_buffers": ordered({}), "_modules": ordered({})}


def part(network: Obj, key: str) -> Obj:
    """The module with this key, made where it is missing."""
    for name in key.split("."):
        modules = network.attributes["_modules"].state[0]
        network = modules.setdefault(name, Obj("torch.nn.modules.container.Sequential", _module()))
    return network


def _put(network: Obj, key: str, array: NDArray[Any]) -> None:
    where, _, name = key.rpartition(".")
    group = "_buffers" if name.startswith("running_") else "_parameters"
    target = part(network, where).attributes[group].state[0]
    parameter = (array, True, Call("collections", "OrderedDict", ()))
    target[name] = array if group == "_buffers" else Call("torch._utils", "_rebuild_parameter", parameter)


def _describe_convolution(network: Obj, key: str, layer: Conv, *, fused: bool, eps: float) -> None:
    found = part(network, key)
    found.name = "torch.nn.modules.conv.Conv2d"
    found.attributes |= {
        "stride": (layer.step, layer.step),
        "padding": (layer.pad, layer.pad),
        "dilation": (1, 1),
        "groups": layer.groups,
    }
    if layer.batch_norm:
        where = key.removesuffix(".conv")
        part(network, where).name = "models.common.Conv"
        _describe_norm(network, where, eps=eps, norm=not fused)


def _describe_norm(network: Obj, key: str, *, eps: float, norm: bool = True) -> None:
    if norm:
        found = part(network, f"{key}.bn")
        found.name = "torch.nn.modules.batchnorm.BatchNorm2d"
        found.attributes |= {"eps": eps, "momentum": 0.03}
        found.attributes["_buffers"].state[0]["num_batches_tracked"] = np.array(7, np.int64)
    part(network, f"{key}.act").name = "torch.nn.modules.activation.SiLU"


def _describe_head(network: Obj, yaml: Mapping[str, Any], strides: Sequence[int], dtype: Any) -> None:
    rows = [*yaml["backbone"], *yaml["head"]]
    head = part(network, f"model.{len(rows) - 1}")
    head.name = f"models.yolo.{rows[-1][2]}"
    pixels = np.array(yaml["anchors"], np.float64).reshape(len(strides), -1, 2)
    scaled = pixels / np.array(strides).reshape(-1, 1, 1)
    head.attributes["stride"] = np.array(strides, dtype)
    head.attributes["_buffers"].state[0]["anchors"] = scaled.astype(dtype)
