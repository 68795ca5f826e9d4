"""The names that a checkpoint may use, and what each stands for here: tensors, plain values, or things without life.

A network that was pickled whole names the classes of its layers. They become a `Thing` each, which has the class's
name and the attributes that the file gives and nothing else. Every name that is not listed here is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.checkpoints.tensors import Kind, make_tensor


@dataclass(frozen=True, slots=True)
class Known:
    """An allowed name and what calling it makes."""

    name: str
    maker: Callable[[tuple[Any, ...]], Any]
    kind: Kind | None = None
    """The number format that it stands for, of torch's storages and dtypes."""

    def make(self, arguments: tuple[Any, ...]) -> Any:
        """The value that calling it makes; ModelError if the arguments make no sense."""
        return self.maker(arguments)


@dataclass(slots=True, eq=False)
class Thing:
    """An object of a class that is not here: the class's full name, and the object's attributes."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)

    def build(self, state: Any) -> None:
        """Take the attributes of a pickled object; a state of another form is of no use here and left out."""
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, dict):
                self.attributes.update((key, value) for key, value in part.items() if isinstance(key, str))


def find(module: str, name: str) -> Known:
    """What a module's name stands for; ModelError, which names it, if it is not allowed."""
    full = f"{module}.{name}"
    known = _EXACT.get(full)
    if known is not None:
        return known
    if module.split(".")[0] == "ultralytics":
        raise ModelError(
            "it is a checkpoint of the Ultralytics package (YOLOv8 and later), whose networks are not built here; "
            "export it there to ONNX ('yolo export format=onnx') and add the .onnx file."
        )
    if full in _LIFELESS or (_is_layer_module(module) and name.isidentifier()):
        return Known(full, lambda _: Thing(full))
    raise _refusal(full)


def _refusal(name: str) -> ModelError:
    return ModelError(
        f"it asks for {_shown(name)}, which no detector's checkpoint needs: it is damaged or was made to do harm, and "
        "nothing of it was run."
    )


def _is_layer_module(module: str) -> bool:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return False
    return parts[0] in _LAYER_PACKAGES or parts[:3] in (["torch", "nn", "modules"], _PARALLEL)


def _shown(name: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in name[:80])
    # Python writes the system's own name for the module.
    return f"{text} (os.{text.split('.', 1)[1]})" if text.startswith(("posix.", "nt.")) else text


def _ordered_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Either empty or, in old files, with its items as [key, value] pairs."""
    if not arguments:
        return {}
    pairs = arguments[0]
    fits = isinstance(pairs, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    )
    if not fits:
        raise ModelError("it is damaged: an ordered dict has no items.")
    return dict(pairs)


def _items(arguments: tuple[Any, ...]) -> list[Any]:
    return list(arguments[0]) if arguments and isinstance(arguments[0], list | tuple) else []


def _encoded(arguments: tuple[Any, ...]) -> bytes:
    """How protocol 2 writes bytes: as a text of the signs with these numbers."""
    if len(arguments) != 2 or not isinstance(arguments[0], str) or arguments[1] != "latin1":
        raise ModelError("it is damaged: bytes are written in an unknown way.")
    try:
        return arguments[0].encode("latin-1")
    except UnicodeEncodeError:
        raise ModelError("it is damaged: bytes are written in an unknown way.") from None


def _method(arguments: tuple[Any, ...]) -> Thing:
    """Fusing replaces a layer's `forward`, so that a fused network refers to a method of its layers."""
    match arguments:
        case (Thing() as owner, str() as name) if name.isidentifier() and not name.startswith("_"):
            return Thing(f"{owner.name}.{name}")
    raise _refusal("builtins.getattr")


def _tensor(arguments: tuple[Any, ...]) -> Any:
    """(storage, offset, shape, strides, whatever else)"""
    if len(arguments) < 4:
        raise ModelError("it is damaged: a tensor is not described.")
    return make_tensor(*arguments[:4])


def _tensor_of_kind(arguments: tuple[Any, ...]) -> Any:
    """(storage of bytes, offset, shape, strides, needs gradient, hooks, number format, …)"""
    kind = getattr(arguments[6], "kind", None) if len(arguments) > 6 else None
    if not isinstance(kind, Kind):
        raise ModelError("it holds a tensor of a number format that is not known here.")
    return make_tensor(*arguments[:4], kind=kind)


def _first(arguments: tuple[Any, ...]) -> Any:
    if not arguments:
        raise ModelError("it is damaged: a parameter has no tensor.")
    return arguments[0]


def _subclass(arguments: tuple[Any, ...]) -> Any:
    """(what rebuilds it, its class, arguments, state): a tensor that was given attributes"""
    rebuild, inner = (arguments[0], arguments[2]) if len(arguments) > 2 else (None, None)
    if not isinstance(rebuild, Known) or rebuild.maker not in (_tensor, _tensor_of_kind, _first):
        raise ModelError("it is damaged: a tensor is not described.")
    if not isinstance(inner, tuple):
        raise ModelError("it is damaged: a tensor is not described.")
    return rebuild.make(inner)


def _nothing(name: str) -> Callable[[tuple[Any, ...]], Any]:
    def refuse(arguments: tuple[Any, ...]) -> Any:
        raise ModelError(f"it is damaged: {name} is called.")

    return refuse


_STORAGES: Mapping[str, Kind] = {
    "DoubleStorage": Kind.DOUBLE,
    "FloatStorage": Kind.FLOAT,
    "HalfStorage": Kind.HALF,
    "BFloat16Storage": Kind.BFLOAT16,
    "LongStorage": Kind.LONG,
    "IntStorage": Kind.INT,
    "ShortStorage": Kind.SHORT,
    "CharStorage": Kind.CHAR,
    "ByteStorage": Kind.BYTE,
    "BoolStorage": Kind.BOOL,
    "UntypedStorage": Kind.BYTE,
    "storage.UntypedStorage": Kind.BYTE,
    "storage._UntypedStorage": Kind.BYTE,
}
_DTYPES: Mapping[str, Kind] = {
    "float64": Kind.DOUBLE,
    "float32": Kind.FLOAT,
    "float16": Kind.HALF,
    "bfloat16": Kind.BFLOAT16,
    "int64": Kind.LONG,
    "int32": Kind.INT,
    "int16": Kind.SHORT,
    "int8": Kind.CHAR,
    "uint8": Kind.BYTE,
    "bool": Kind.BOOL,
}
_MAKERS: Mapping[str, Callable[[tuple[Any, ...]], Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_kind,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _subclass,
    "torch.Size": lambda arguments: tuple(_items(arguments)),
    "_codecs.encode": _encoded,
    "builtins.getattr": _method,
    "__builtin__.getattr": _method,
    "builtins.set": _items,
    "builtins.frozenset": _items,
    "__builtin__.set": _items,
    "__builtin__.frozenset": _items,
}
_EXACT: Mapping[str, Known] = {
    **{name: Known(name, make) for name, make in _MAKERS.items()},
    **{f"torch.{name}": Known(f"torch.{name}", _nothing(name), kind) for name, kind in _STORAGES.items()},
    **{f"torch.{name}": Known(f"torch.{name}", _nothing(name), kind) for name, kind in _DTYPES.items()},
}
_LAYER_PACKAGES = ("models", "utils", "mish_cuda", "pytorch_wavelets")
_PARALLEL = ["torch", "nn", "parallel"]
_LIFELESS = frozenset(
    {
        "argparse.Namespace",
        "datetime.date",
        "datetime.datetime",
        "torch.Tensor",
        "torch.device",
        "torch.nn.parameter.Parameter",
        *(f"torch.{layout}" for layout in ("contiguous_format", "channels_last", "preserve_format", "strided")),
        *(
            f"pathlib.{kind}"
            for kind in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")
        ),
        "pathlib._local.PosixPath",
        "pathlib._local.WindowsPath",
        "numpy.ndarray",
        "numpy.dtype",
        *(f"{core}.multiarray.{name}" for core in ("numpy.core", "numpy._core") for name in ("_reconstruct", "scalar")),
        "numpy.core.numeric._frombuffer",
        "numpy._core.numeric._frombuffer",
        *(f"numpy.dtypes.{kind}DType" for kind in ("Float64", "Float32", "Int64", "Int32", "Bool")),
    }
)
"""Allowed, because checkpoints have them beside the network, and of no use here."""
