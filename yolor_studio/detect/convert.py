"""Model files of every supported kind -> ONNX of the contract; the content decides, not the suffix."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.errors import ModelError
from yolor_studio.core.resources import shipped
from yolor_studio.detect.names import by_number, names_beside, read_names
from yolor_studio.yolor.cfg import Description, read_cfg
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.sniff import FileKind, sniff

if TYPE_CHECKING:
    from yolor_studio.yolor.safetensors_io import SavedNetwork

_COCO_CLASSES = 80


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a model file becomes one of the contract; large weights are read only when it is built."""

    source_hash: str
    """SHA-256 (hex) of everything that it is made from."""
    build: Callable[[], bytes]
    """Gives the ONNX file; ModelError if the weights are broken or do not fit."""
    made_here: bool = True
    """Whether something is built at all; otherwise the file itself is of the contract."""
    notices: tuple[str, ...] = ()
    network: Callable[[], SavedNetwork] | None = None
    """Gives the network that `build` folds, to be kept beside the ONNX file: it is trained further, shown and checked
    against. None for ONNX files, which hold no network of ours."""


def convert(file: Path, *, cfg: Path | None, names: Path | None) -> Conversion:
    """Find out what a model file is and how it is converted; ModelError says in one sentence why it cannot be used.

    `cfg` is the network description for weights that do not hold theirs, `names` a file with one class a line.
    """
    match sniff(file):
        case FileKind.ONNX:
            return _from_onnx(file, names)
        case FileKind.SAFETENSORS:
            return _from_safetensors(file, cfg, names)
        case FileKind.DARKNET:
            return _from_darknet(file, cfg, names)
        case FileKind.TORCH:
            return _from_checkpoint(file, cfg, names)


def _from_onnx(file: Path, names: Path | None) -> Conversion:
    from yolor_studio.detect.foreign import settings_beside, wrap
    from yolor_studio.detect.model_check import check_contract, in_contract, read_model

    model = read_model(file)
    if not in_contract(model):
        source_hash = _hash(file, names, settings_beside(file))
        wrapped, notices = wrap(file, model, names=names, source_hash=source_hash)
        check_contract(file.name, wrapped)
        return Conversion(source_hash, wrapped.SerializeToString, notices=notices)
    facts = check_contract(file.name, model)
    if names is not None and read_names(names, len(facts.classes)) != facts.classes:
        raise ModelError(
            f"{file.name} brings its own class names, and those in {names.name} differ; leave --names out."
        )
    return Conversion(facts.source_hash, file.read_bytes, made_here=False)


def _from_darknet(file: Path, cfg: Path | None, names: Path | None) -> Conversion:
    beside = file.with_suffix(".cfg")
    cfg = beside if cfg is None and beside.is_file() else cfg
    description, told = _published_darknet(file) if cfg is None else (read_cfg(cfg), ())
    plan = _plan(description, cfg or file)
    names, also_told = _choose_names(file, plan.classes, names, published=cfg is None)
    classes = by_number(plan.classes) if names is None else read_names(names, plan.classes)
    source_hash = _hash(file, cfg, names)

    def load() -> SavedNetwork:
        from yolor_studio.yolor.safetensors_io import SavedNetwork
        from yolor_studio.yolor.weights import read_darknet

        return SavedNetwork(description, read_darknet(file, plan), classes, plan.size, licence="")

    return from_network(load, source_hash, notices=(*told, *also_told))


def _from_checkpoint(file: Path, cfg: Path | None, names: Path | None) -> Conversion:
    from yolor_studio.yolor.checkpoints.reading import open_checkpoint

    checkpoint = open_checkpoint(file, description=None if cfg is None else read_cfg(cfg))
    told = (f"{file.name} was read as {checkpoint.title}, {checkpoint.classes} classes.",)
    if names is None and checkpoint.names is not None:
        classes = checkpoint.names
    else:
        names, also_told = _choose_names(file, checkpoint.classes, names, published=cfg is None)
        told += also_told
        classes = by_number(checkpoint.classes) if names is None else read_names(names, checkpoint.classes)
    return from_network(lambda: checkpoint.load(classes), _hash(file, cfg, names), notices=told)


def _from_safetensors(file: Path, cfg: Path | None, names: Path | None) -> Conversion:
    def load() -> SavedNetwork:
        from yolor_studio.yolor.safetensors_io import load_network

        network = load_network(file, description=None if cfg is None else read_cfg(cfg))
        return network if names is None else replace(network, names=read_names(names, len(network.names)))

    return from_network(load, _hash(file, cfg, names))


def from_network(load: Callable[[], SavedNetwork], source_hash: str, *, notices: tuple[str, ...] = ()) -> Conversion:
    """Whatever holds a network of ours, once it is loaded, becomes ONNX in one way."""
    load = cache(load)  # once for the ONNX file, once to be kept

    def build() -> bytes:
        from yolor_studio.yolor.onnx_graph import build_onnx

        network = load()
        return build_onnx(
            build_plan(network.description),
            network.weights,
            names=network.names,
            licence=network.licence,
            source_hash=source_hash,
            size=network.size,
        ).SerializeToString()

    return Conversion(source_hash, build, notices=notices, network=load)


def _plan(description: Description, cfg: Path) -> Plan:
    try:
        return build_plan(description)
    except ModelError as error:
        raise ModelError(f"{cfg.name}: {error}") from None


def _published_darknet(file: Path) -> tuple[Description, tuple[str, ...]]:
    """The published network whose weights have exactly this length, with what a person is told.

    Where several have it, the file's name must be that of one of them.
    """
    from yolor_studio.yolor import zoo

    size = file.stat().st_size
    found = zoo.by_weights_bytes(size)
    chosen = [name for name in found if len(found) == 1 or name == file.stem.lower()]
    if not chosen:
        which = f"; by their length they could be {' or '.join(found)}" if found else ""
        raise ModelError(
            f"{file.name} holds Darknet weights, which need their network description: give it with --cfg, or put it "
            f"beside them as {file.stem}.cfg{which}."
        )
    return zoo.description(chosen[0]), (f"{file.name} was read as {chosen[0]}, whose weights have {size:,} bytes.",)


def _choose_names(
    file: Path, classes: int, names: Path | None, *, published: bool
) -> tuple[Path | None, tuple[str, ...]]:
    """The names file: the one given, else the only one beside the weights that fits, else COCO's for a `published`
    network with 80 classes; with what a person is told."""
    if names is not None:
        return names, ()
    beside = names_beside(file, classes)
    if beside is not None:
        return beside, (f"The class names come from {beside.name}.",)
    if published and classes == _COCO_CLASSES:
        told = "Its 80 classes are taken for COCO's; if they are others, remove it and add it again with --names."
        return shipped("resources", "names", "coco.names"), (told,)
    return None, (f"No class names were found, so they are called 'class 0' to 'class {classes - 1}'; give --names.",)


def _hash(*files: Path | None) -> str:
    """The SHA-256 over the files' own ones, in order."""
    total = hashlib.sha256()
    for file in files:
        if file is None:
            continue
        try:
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise ModelError(f"{file.name} cannot be read: {error.strerror}.") from error
    return total.hexdigest()
