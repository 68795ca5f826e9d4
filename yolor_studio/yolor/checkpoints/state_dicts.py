"""Checkpoints that hold arrays by name and no network: YOLOR's main line, and whatever fits a description given.

The network is found among the published ones by the names and shapes of the arrays, for any number of classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.checkpoints.recognised import PAPER_BN_EPS, Recognised
from yolor_studio.yolor.checkpoints.tensors import Tensor
from yolor_studio.yolor.checkpoints.wavelets import check_filters, is_filter
from yolor_studio.yolor.layers import Conv, Dwt, Joined
from yolor_studio.yolor.main_line import PREFIX, main_line_keys
from yolor_studio.yolor.plan import MAIN_BN_EPS, Plan, build_plan
from yolor_studio.yolor.rebuild import with_anchors, with_classes

_COUNTER = "num_batches_tracked"


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A network that the arrays may belong to."""

    title: str
    description: Description
    keys: Mapping[str, str]
    """Our array's name -> its name in the file."""
    bn_eps: float


def tensors_of(found: Mapping[Any, Any]) -> dict[str, Tensor]:
    """The arrays of a state_dict by name, without batch norm's counters and without the prefix that training on
    several GPUs leaves; ModelError if it holds anything else."""
    if not found or not all(isinstance(key, str) and isinstance(value, Tensor) for key, value in found.items()):
        raise ModelError("it holds no network: neither a pickled one nor arrays by name.")
    common = "module." if all(key.startswith("module.") for key in found) else ""
    return {key.removeprefix(common): value for key, value in found.items() if not key.endswith(_COUNTER)}


def recognise(arrays: Mapping[str, Tensor], description: Description | None) -> Recognised:
    """The network that these arrays belong to: the one described, else a published one. ModelError if there is none."""
    check_filters(arrays)
    waves = any(is_filter(key) for key in arrays)
    arrays = {key: tensor for key, tensor in arrays.items() if not is_filter(key)}
    if description is not None:
        return _fit(_described(description, arrays), arrays)
    fitting: list[Recognised] = []
    why: list[str] = []
    for candidate in _published(arrays):
        if waves and not any(isinstance(layer, Dwt) for layer in build_plan(candidate.description).layers):
            continue
        if set(candidate.keys.values()) != {key for key in arrays if not _is_anchors(key)}:
            continue
        try:
            fitting.append(_fit(candidate, arrays))
        except ModelError as error:
            why.append(f"{candidate.title}: {error}".rstrip("."))
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ModelError(
            f"its arrays fit {' as well as '.join(found.title for found in fitting)}, which differ in layers without "
            "arrays; bring the whole checkpoint, or give its description with --cfg."
        )
    hint = f" ({why[0]})" if why else ""
    raise ModelError(
        f"it holds arrays by name (first {next(iter(arrays), '')[:60]}) of no network that is known here{hint}; give "
        "its description with --cfg."
    )


def _described(description: Description, arrays: Mapping[str, Tensor]) -> _Candidate:
    names = build_plan(description).shapes()
    if not any(key.startswith(PREFIX) for key in arrays) and any(key in names for key in arrays):
        keys = {name: name for name in names}
    else:
        keys = main_line_keys(names)
        description = _main_form(description)
    return _Candidate("the network described", description, keys, MAIN_BN_EPS)


def _published(arrays: Mapping[str, Tensor]) -> Iterator[_Candidate]:
    """The published networks of the code line that wrote these arrays."""
    from yolor_studio.yolor import zoo

    if any(key.startswith(PREFIX) for key in arrays):
        for name in zoo.names(zoo.Family.MAIN_LINE):
            description = zoo.description(name)
            keys = main_line_keys(build_plan(description).shapes())
            yield _Candidate(f"YOLOR's main line, {name}", description, keys, MAIN_BN_EPS)
        return
    for name in (*zoo.names(zoo.Family.PAPER_LINE), *zoo.names(zoo.Family.YOLOV5)):
        translated = zoo.modules(name)
        if translated is not None:
            yield _Candidate(name, translated.description, translated.keys, PAPER_BN_EPS)


def _main_form(description: Description) -> Description:
    """The main line decodes boxes in one way, whatever a cfg says."""
    sections = (
        replace(section, options={**section.options, "decode": "yolor"}) if section.kind == "yolo" else section
        for section in description.sections
    )
    return replace(description, sections=tuple(sections))


def _fit(candidate: _Candidate, arrays: Mapping[str, Tensor]) -> Recognised:
    description = _with_own_classes(candidate, arrays)
    description = _with_own_anchors(description, arrays)
    unknown = sorted(set(arrays) - set(candidate.keys.values()))
    unknown = [key for key in unknown if not _is_anchors(key)]
    if unknown:
        raise ModelError(f"it holds {unknown[0][:80]}, which {candidate.title} does not have.")
    recognised = Recognised(
        title=candidate.title,
        description=description,
        tensors={name: arrays[key] for name, key in candidate.keys.items() if key in arrays},
        keys=candidate.keys,
        bn_eps=candidate.bn_eps,
    )
    recognised.check_shapes()
    return recognised


def _with_own_classes(candidate: _Candidate, arrays: Mapping[str, Tensor]) -> Description:
    """The number of classes follows from the first head's convolution, which has anchors x (5 + classes) filters."""
    plan = build_plan(candidate.description)
    found = arrays.get(candidate.keys.get(f"layers.{_feeding(plan)}.conv.weight", ""))
    if found is None or not found.shape:
        return candidate.description
    per_anchor, rest = divmod(found.shape[0], len(plan.heads[0].anchors))
    if rest or per_anchor <= 5 or per_anchor - 5 == plan.classes:
        return candidate.description
    return with_classes(candidate.description, per_anchor - 5)


def _feeding(plan: Plan) -> int:
    """The index of the convolution that gives the first head its numbers; -1 if another layer does."""
    layer = plan.layers[plan.heads[0].inputs[0]]
    while isinstance(layer, Joined):
        layer = plan.layers[layer.inputs[0]]
    return layer.index if isinstance(layer, Conv) else -1


def _with_own_anchors(description: Description, arrays: Mapping[str, Tensor]) -> Description:
    """Networks of modules keep their anchors among the arrays, divided by their level's stride."""
    plan = build_plan(description)
    shape = (len(plan.heads), len(plan.anchors[0]), 2)
    found = next((tensor for key, tensor in arrays.items() if key.endswith(".anchors")), None)
    if found is None or found.shape != shape:
        return description
    pixels = found.array().astype(np.float64) * np.array(plan.strides).reshape(-1, 1, 1)
    if np.allclose(pixels, plan.anchors) or not (np.isfinite(pixels) & (pixels > 0)).all():
        return description
    return with_anchors(description, [(width, height) for width, height in pixels.reshape(-1, 2).tolist()])


def _is_anchors(key: str) -> bool:
    return key.endswith((".anchors", ".anchor_grid"))
