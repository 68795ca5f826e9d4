"""The published networks as descriptions of ours, composed by code, and what can be counted on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.main_line import main_line_keys
from yolor_studio.yolor.modules import Translated, translate
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.weights import darknet_bytes
from yolor_studio.yolor.zoo.networks import DARKNET, NETWORKS, Family, Network

__all__ = ["Entry", "Family", "by_weights_bytes", "description", "modules", "names", "state_shapes", "table"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a network is and how much it computes, at its own input size."""

    name: str
    family: Family
    size: int
    """The side of its input in pixels."""
    layers: int
    """Sections of its cfg; of a network of modules, modules."""
    parameters: int
    implicit: int
    gflops: float
    boxes: int
    state_dict_keys: int | None
    """Arrays in a checkpoint of PyTorch's, where there are such checkpoints."""
    weights_bytes: int | None
    """The exact length of a `.weights` file, for Darknet's networks."""


def names(family: Family | None = None) -> tuple[str, ...]:
    """The networks' names, of one family or of all."""
    return tuple(name for name, network in NETWORKS.items() if family in (None, network.family))


def description(name: str) -> Description:
    """A network's description, with COCO's 80 classes (YOLOR-N: VOC's 20); ModelError if there is none of that name."""
    translated = modules(name)
    if translated is not None:
        return translated.description
    return _sections(name)


@cache
def modules(name: str) -> Translated | None:
    """The network with the keys of its checkpoints, if those hold modules; ModelError if there is none of that name."""
    make = _network(name).modules
    return translate(make()) if make is not None else None


def state_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Key and shape of every array in a PyTorch checkpoint of this network; empty if there are no such checkpoints.

    Batch norm's counters and the anchors are among them.
    """
    family = _network(name).family
    plan = _plan(name)
    translated = modules(name)
    if translated is None:
        return _with_counters(plan, main_line_keys(plan.shapes())) if family is Family.MAIN_LINE else {}
    shapes = _with_counters(plan, translated.keys)
    head = f"model.{translated.modules - 1}"
    levels, per_level = len(plan.heads), len(plan.anchors[0])
    shapes[f"{head}.anchors"] = (levels, per_level, 2)
    if family is Family.PAPER_LINE:
        shapes[f"{head}.anchor_grid"] = (levels, 1, per_level, 1, 1, 2)
    return shapes


def table() -> list[Entry]:
    """All networks, counted."""
    return [_entry(name) for name in NETWORKS]


def by_weights_bytes(size: int) -> tuple[str, ...]:
    """Darknet's networks whose `.weights` file has exactly this many bytes, with 80 classes.

    Several may: they differ in activation or in the order of their layers, which the length does not tell.
    """
    return tuple(entry.name for entry in table() if entry.weights_bytes == size)


def _network(name: str) -> Network:
    if name not in NETWORKS:
        raise ModelError(f"There is no network '{name[:60]}' among the published ones: {', '.join(NETWORKS)}.")
    return NETWORKS[name]


@cache
def _sections(name: str) -> Description:
    make = _network(name).sections
    assert make is not None
    return make()


@cache
def _plan(name: str) -> Plan:
    return build_plan(description(name))


@cache
def _entry(name: str) -> Entry:
    plan = _plan(name)
    translated = modules(name)
    family = NETWORKS[name].family
    return Entry(
        name=name,
        family=family,
        size=plan.size,
        layers=len(plan.layers) if translated is None else translated.modules,
        parameters=plan.parameters,
        implicit=plan.implicit,
        gflops=round(plan.gflops(plan.width, plan.height), 6),
        boxes=plan.boxes(plan.width, plan.height),
        state_dict_keys=len(state_shapes(name)) or None,
        weights_bytes=darknet_bytes(plan) if family in DARKNET else None,
    )


def _with_counters(plan: Plan, keys: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """The arrays by their keys, with the counter that PyTorch puts behind each batch norm."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in plan.shapes().items():
        shapes[keys[name]] = shape
        if name.endswith("running_var"):
            shapes[keys[name].replace("running_var", "num_batches_tracked")] = ()
    return shapes
