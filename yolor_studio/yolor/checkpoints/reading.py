"""A checkpoint file -> the network in it: what it was recognised as, and its arrays once they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.checkpoints import pickled, state_dicts
from yolor_studio.yolor.checkpoints.container import load
from yolor_studio.yolor.checkpoints.names import Thing
from yolor_studio.yolor.checkpoints.recognised import Recognised
from yolor_studio.yolor.checkpoints.tensors import Tensor
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.safetensors_io import SavedNetwork

_PLACES = ("ema", "model", "state_dict", "model_state_dict")
"""Where a checkpoint holds its network, the best first: the mean over the last steps is better than the last step."""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A checkpoint whose network is known; its numbers are still in the file."""

    title: str
    """What it is, for people."""
    description: Description
    classes: int
    names: tuple[str, ...] | None
    """The classes, where the file holds their names."""
    load: Callable[[Sequence[str]], SavedNetwork]
    """Reads the numbers and gives the network with these class names; ModelError if it is damaged."""


def open_checkpoint(path: Path, *, description: Description | None = None) -> Checkpoint:
    """Find out which network a checkpoint holds. ModelError says in one sentence why it cannot be used.

    `description` is the network of checkpoints that hold nothing but arrays; the main line's published ones need none.
    """
    with _named(path):
        network = _network_in(load(path))
        if isinstance(network, Thing):
            if description is not None:
                raise ModelError("it brings its own network description; leave --cfg out.")
            recognised = pickled.recognise(network)
        else:
            recognised = state_dicts.recognise(state_dicts.tensors_of(network), description)
        recognised.check_size(path.stat().st_size)
        plan = build_plan(recognised.description)
        if recognised.names is not None and len(recognised.names) != plan.classes:
            raise ModelError(f"it has {len(recognised.names)} class names for {plan.classes} classes.")

    def read(names: Sequence[str]) -> SavedNetwork:
        with _named(path):
            return _saved(recognised, names)

    return Checkpoint(recognised.title, recognised.description, plan.classes, recognised.names, read)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Every sentence begins with the file's name."""
    try:
        yield
    except ModelError as error:
        # Names from the file may hold anything, line breaks and signs that steer terminals included.
        sentence = "".join(sign if sign.isprintable() else "?" for sign in str(error))
        raise ModelError(f"{path.name} cannot be used: {sentence}") from None
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error


def _network_in(value: Any) -> Thing | Mapping[Any, Any]:
    if isinstance(value, Thing):
        return value
    if not isinstance(value, dict):
        raise ModelError("it holds no network: neither a pickled one nor arrays by name.")
    for place in _PLACES:
        found = value.get(place)
        if isinstance(found, Thing) or (isinstance(found, dict) and found):
            return found
    if not any(isinstance(item, Tensor) for item in value.values()):
        raise ModelError(f"it holds no network, only {_listed(value)}.")
    return value


def _listed(value: Mapping[Any, Any]) -> str:
    keys = [key[:30] for key in value if isinstance(key, str)]
    return ", ".join(keys[:6]) or "nothing"


def _saved(recognised: Recognised, names: Sequence[str]) -> SavedNetwork:
    plan = build_plan(recognised.description)
    if len(names) != plan.classes:
        raise ModelError(f"{len(names)} class names were given for its {plan.classes} classes.")
    return SavedNetwork(
        recognised.description,
        recognised.weights(),
        tuple(names),
        size=plan.size,
        licence="",
        notes={"source": recognised.title},
    )
