"""A network that was pickled whole, as the tree of things it became: its parts by key, and their tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.checkpoints.names import Thing
from yolor_studio.yolor.checkpoints.tensors import Tensor

_Member = TypeVar("_Member")
_MAX_DEPTH = 32
_MAX_PARTS = 20_000
"""Of a network, and of the description of one; its arrays may be twice as many."""
_MAX_NAME = 100
_MAX_TEXT = 500


def parts(root: Thing) -> dict[str, Thing]:
    """Every module of the tree by its key, like "model.3.cv1.conv" ("" is the root). ModelError if it is no tree."""
    found: dict[str, Thing] = {}
    for key, thing in _walk(root, "", _MAX_DEPTH):
        _bounded(len(found), _MAX_PARTS)
        found[key] = thing
    return found


def tensors(found: Mapping[str, Thing]) -> dict[str, Tensor]:
    """Every learned array and buffer of the parts by its key, such as "model.3.cv1.conv.weight"."""
    arrays: dict[str, Tensor] = {}
    for key, thing in found.items():
        for group in ("_parameters", "_buffers"):
            for name, value in _members(thing, group, Tensor):
                _bounded(len(arrays), 2 * _MAX_PARTS)
                arrays[f"{key}.{name}".removeprefix(".")] = value
    return arrays


def class_name(thing: Thing) -> str:
    """The class's name without its module."""
    return thing.name.rsplit(".", 1)[-1]


def plain(value: Any, *, depth: int = 6) -> Any:
    """A copy of a yaml's content made of dicts, lists, texts and numbers alone; ModelError if it is anything else.

    It may be as large as the file that it is from, and refer to itself, so that its size and depth are bounded.
    """
    count = 0

    def copy(item: Any, depth: int) -> Any:
        nonlocal count
        count += 1
        _bounded(count if depth >= 0 else _MAX_PARTS, _MAX_PARTS)
        if isinstance(item, dict):
            return {key: copy(inner, depth - 1) for key, inner in item.items() if _is_short(key, _MAX_TEXT)}
        if isinstance(item, list | tuple):
            return [copy(inner, depth - 1) for inner in item]
        return item if item is None or isinstance(item, bool | int | float) or _is_short(item, _MAX_TEXT) else "?"

    return copy(value, depth)


def _walk(thing: Thing, key: str, depth: int) -> Iterator[tuple[str, Thing]]:
    if depth < 0:
        raise ModelError("it is damaged: the parts of its network hold each other without end.")
    yield key, thing
    for name, inner in _members(thing, "_modules", Thing):
        yield from _walk(inner, f"{key}.{name}".removeprefix("."), depth - 1)


def _members(thing: Thing, group: str, kind: type[_Member]) -> Iterator[tuple[str, _Member]]:
    found = thing.attributes.get(group)
    if isinstance(found, dict):
        _bounded(len(found), _MAX_PARTS // 10)
        for name, value in found.items():
            if isinstance(value, kind) and _is_short(name, _MAX_NAME):
                yield name, value


def _is_short(value: Any, length: int) -> bool:
    return isinstance(value, str) and len(value) <= length


def _bounded(count: int, limit: int) -> None:
    """Things may be named many times over, so that a small file could describe a network without end."""
    if count >= limit:
        raise ModelError("it is damaged: its network has more parts than any network.")
