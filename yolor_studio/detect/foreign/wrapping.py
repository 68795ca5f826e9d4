"""A file of another program as a model of the contract: recognised, given names, and built around."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.detect.foreign import detr, paddle, suppressed, yolov5, yolov8, yolox
from yolor_studio.detect.foreign.building import Size, build
from yolor_studio.detect.foreign.inside import classes_inside
from yolor_studio.detect.foreign.naming import choose, names_inside
from yolor_studio.detect.foreign.paddle_config import Config, config_beside
from yolor_studio.detect.foreign.reading import Reading
from yolor_studio.detect.foreign.signature import MAX_SIDE, read_signature
from yolor_studio.detect.foreign.sized import SizedFile, look, usual_size
from yolor_studio.detect.foreign.trial import Trial
from yolor_studio.detect.names import all_names

if TYPE_CHECKING:
    import onnx

_USUAL = {64: 1280, 128: 1536}
"""Largest stride -> the size that such networks were trained at, in pixels; others at 640."""
_STRIDE = 32


def wrap(
    file: Path, model: onnx.ModelProto, *, names: Path | None, source_hash: str
) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """An export of another program as a model of the contract, and what a person is told about it.

    The layout is decided by the number of boxes that the input's size gives, then by the class names; what two layouts
    could be, or none, is refused. ModelError, with what was found.
    """
    signature = read_signature(file.name, model)
    trial = Trial(file, signature)
    sized = look(signature, trial)
    config = config_beside(file) if "scale_factor" in signature.companions else None
    inside = names_inside(signature) or (config.names if config and config.names else None)
    readings = _readings(sized, config, names=len(inside or () if names is None else all_names(names)))
    if not readings:
        raise signature.unknown()
    if any(reading.classes is None for reading in readings):
        count = classes_inside(sized, model)
        readings = [replace(reading, classes=count, sure_of_names=True) for reading in readings]
    reading, classes, told = choose(signature, readings, given=names, inside=inside)
    size = _size(sized, reading)
    metadata = {
        "names": json.dumps(list(classes), ensure_ascii=False),
        "stride": str(size.multiple),
        "size": str(size.longest),
        "batch": str(1 if reading.one_by_one else signature.batch or 0),
        "licence": signature.metadata.get("license", "")[:200],
        "source_hash": source_hash,
    }
    built = build(signature, model, reading, size=size, metadata=metadata)
    return built, (*_about_size(file.name, size), *reading.notices, *told)


def _readings(sized: SizedFile, config: Config | None, *, names: int) -> list[Reading]:
    """Every way in which the file can be read; those that the number of boxes speaks for come before the others, and
    those that only the number of class `names` speaks for come last."""
    by_count = [*yolov5.read(sized), *yolov8.read(sized), *yolox.read(sized)]
    by_outputs = by_count or detr.read(sized, names) or [*paddle.read(sized, config), *suppressed.read(sized)]
    return by_outputs or [*yolov5.read_by_names(sized, names), *yolov8.read_by_names(sized, names)]


def _size(sized: SizedFile, reading: Reading) -> Size:
    """A file of free size stays free where it runs at the smallest input; otherwise it is held to one size."""
    signature = sized.signature
    said = signature.value("stride")
    stride = reading.stride or (said if isinstance(said, int) and 0 < said <= MAX_SIDE else _STRIDE)
    usual = usual_size(signature) or _USUAL.get(stride, 640)
    if sized.free and sized.trial.run(stride, stride) is not None:
        return Size(usual, usual, stride=stride, free=True)
    height, width = (usual, usual) if sized.free else (sized.height, sized.width)
    if sized.free and sized.trial.run(height, width) is None:
        raise signature.unusable(f"cannot be run at {width} x {height} ({sized.trial.why})")
    fitted = height != width or reading.picture.in_the_corner
    return Size(height, width, stride=stride, free=False, fitted=fitted)


def _about_size(name: str, size: Size) -> tuple[str, ...]:
    if size.free:
        return ()
    seen = f"every picture is seen at {size.width} x {size.height}"
    return (f"{name} is an export of fixed size: {seen}.",)
