"""What can be told of the network behind a model, where it is kept beside the ONNX file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry
    from yolor_studio.yolor.implicit import ImplicitVector


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """A network in figures, at the model's own size."""

    layers: int
    parameters: int
    """Learned numbers, implicit ones included."""
    implicit: int
    """Learned implicit numbers."""
    gflops: float
    """For one square picture of `size`."""
    boxes: int
    """Candidates for such a picture, before anything is filtered."""
    size: int
    strides: tuple[int, ...]
    vectors: tuple[ImplicitVector, ...]
    """Where implicit knowledge acts."""

    def as_json(self) -> dict[str, Any]:
        """For --json; of the vectors all values."""
        return asdict(self)


def network_facts(entry: ModelEntry) -> NetworkFacts | None:
    """The facts of a model's network, None where only its ONNX file is there. ModelError if the network is damaged."""
    from yolor_studio.detect.library import network_file
    from yolor_studio.yolor.implicit import implicit_report
    from yolor_studio.yolor.plan import build_plan
    from yolor_studio.yolor.safetensors_io import load_network

    file = network_file(entry)
    if file is None:
        return None
    network = load_network(file)
    plan = build_plan(network.description)
    return NetworkFacts(
        layers=len(plan.layers),
        parameters=plan.parameters,
        implicit=plan.implicit,
        gflops=plan.gflops(entry.size),
        boxes=plan.boxes(entry.size, entry.size),
        size=entry.size,
        strides=plan.strides,
        vectors=implicit_report(plan, network.weights) if plan.implicit else (),
    )
