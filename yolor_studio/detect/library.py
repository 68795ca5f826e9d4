"""The models that can be run by name: the bundled ones and those that a person added.

Every model is one ONNX file of the contract, and its name is the file's stem. Other files are converted when added.
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio import __version__
from yolor_studio.core.errors import ModelError
from yolor_studio.core.paths import user_folder
from yolor_studio.core.resources import shipped
from yolor_studio.detect.convert import Conversion, convert, from_network
from yolor_studio.detect.metadata import parse_facts, scan_metadata
from yolor_studio.detect.model_check import check_contract, read_model
from yolor_studio.yolor.files import write_atomically

if TYPE_CHECKING:
    from yolor_studio.yolor.safetensors_io import SavedNetwork

DEFAULT_MODEL = "yolor-n"
"""The bundled model that is used where none is named."""
NETWORK_SUFFIX = ".safetensors"
"""Of the file beside a model that holds its network unfolded."""
CURVES_SUFFIX = ".curves.jsonl"
"""Of the file beside a model that was trained here, with its curves."""
_MODEL_SUFFIXES = (".onnx", ".weights", ".safetensors", ".pt", ".pth")
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be run."""

    name: str
    path: Path
    """Its ONNX file."""
    bundled: bool
    classes: tuple[str, ...]
    stride: int
    """Input sides must be multiples of this, in pixels."""
    size: int
    """The longest input side, in pixels, that it is best used at."""
    licence: str
    source_hash: str
    """SHA-256 (hex) of what it was made from."""
    sha256: str
    """SHA-256 (hex) of the ONNX file."""
    batch: int | None = None
    """The number of pictures that every run must have, where the model fixes it."""
    tags: bool = False
    """Whether it also says which classes are anywhere in the picture."""
    embedding: int = 0
    """The length of the vector that it gives with every box; 0 for none."""
    notices: tuple[str, ...] = ()
    """Sentences for a person about how it was added."""


def models_folder() -> Path:
    """Where added models lie; need not exist."""
    return user_folder("models")


def list_models() -> list[ModelEntry]:
    """All models that can be named, the bundled ones first; files that are no usable model are left out."""
    entries: dict[str, ModelEntry] = {}
    for path, bundled in _files():
        try:
            entry = _entry(path, bundled=bundled)
        except ModelError:
            continue
        entries.setdefault(entry.name.casefold(), entry)
    return list(entries.values())


def find_model(name_or_path: str | None) -> ModelEntry:
    """The model of this name, or in this file; None is the bundled one.

    A file need not have been added: one of the contract is used where it lies, others (Darknet .weights beside their
    .cfg, safetensors) are converted into the models folder. ModelError if there is no such model or it is unusable.
    """
    wanted = DEFAULT_MODEL if name_or_path is None else name_or_path
    for path, bundled in _files():
        if path.stem.casefold() == wanted.casefold():
            return _checked_entry(path, bundled=bundled)
    path = Path(wanted).expanduser()
    if path.is_file():
        return _from_file(path)
    if path.suffix.lower() in _MODEL_SUFFIXES or len(path.parts) > 1:
        raise ModelError(f"There is no model file {wanted}.")
    if wanted == DEFAULT_MODEL:
        raise ModelError(
            f"The bundled model {DEFAULT_MODEL} is missing from this installation; install the program again, or name "
            "another model with --model."
        )
    raise ModelError(_no_such_model(wanted))


def add_model(
    file: Path,
    *,
    cfg: Path | None = None,
    names: Path | None = None,
    name: str | None = None,
    licence: str = "",
) -> ModelEntry:
    """Check or convert a model file and add it to the list under `name` (by default the file's stem).

    The content decides what the file is: an ONNX file of the contract or a known export, Darknet weights (with `cfg`,
    by default the .cfg of the same stem beside them), a PyTorch checkpoint or safetensors. `names` holds one class a
    line; `licence` is noted where the file states none. The same file again is no error. ModelError says what is wrong
    with the file, or that the name is taken.
    """
    if file.is_dir():
        raise ModelError(f"{file} is a folder; name the model's file.")
    name = checked_name(file.stem if name is None else name)
    conversion = _licensed(convert(file, cfg=cfg, names=names), licence)
    for path, bundled in _files():
        if path.stem.casefold() == name.casefold():
            return _same_or_refused(file, _entry(path, bundled=bundled), conversion)
    target = models_folder() / f"{name}.onnx"
    model = conversion.build()
    _keep_network(target.with_suffix(NETWORK_SUFFIX), conversion)
    write_atomically(target, model)
    return replace(_entry(target, bundled=False), notices=conversion.notices)


def network_file(entry: ModelEntry) -> Path | None:
    """The network that a model was made from, as a safetensors file beside it; None for models that came as ONNX."""
    path = entry.path.with_suffix(NETWORK_SUFFIX)
    return path if path.is_file() else None


def remove_model(name: str) -> None:
    """Delete an added model and what lies beside it; ModelError if there is none of this name, or it is bundled."""
    for path, bundled in _files():
        if path.stem.casefold() != name.casefold():
            continue
        if bundled:
            raise ModelError(f"{path.stem} belongs to the program and stays.")
        try:
            path.unlink()
            for suffix in (NETWORK_SUFFIX, CURVES_SUFFIX):
                path.with_suffix(suffix).unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(f"{path} cannot be deleted: {error.strerror}.") from error
        return
    raise ModelError(_no_such_model(name))


def _files() -> list[tuple[Path, bool]]:
    """(file, whether it is bundled) of every model, the bundled ones first."""
    bundled, added = (sorted(folder.glob("*.onnx"), key=_stem) for folder in (shipped("models"), models_folder()))
    return [(path, True) for path in bundled] + [(path, False) for path in added if path.is_file()]


def _stem(path: Path) -> str:
    return path.stem


def _no_such_model(wanted: str) -> str:
    known = [path.stem for path, _ in _files()]
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(known) or 'none'}."
    return f"There is no model named {wanted[:_MAX_NAME]}.{hint}"


def checked_name(name: str) -> str:
    """`name` itself; ModelError unless a model's file can be called so."""
    bad = not name.strip() or name.startswith(".") or len(name) > _MAX_NAME or not name.isprintable()
    if bad or any(sign in name for sign in '/\\:*?"<>|'):
        raise ModelError(f"'{name[:_MAX_NAME]}' cannot be a model's name; rename the file with letters and digits.")
    return name


def _same_or_refused(file: Path, existing: ModelEntry, conversion: Conversion) -> ModelEntry:
    same_source = conversion.made_here and existing.source_hash == conversion.source_hash
    if same_source or existing.sha256 == hashlib.sha256(conversion.build()).hexdigest():
        return replace(existing, notices=(f"{existing.name} was there already; nothing has changed.",))
    way_out = (
        f"rename {file.name} and add it again"
        if existing.bundled
        else f"remove that one first with 'yolor-studio models remove {existing.name}', or rename {file.name}"
    )
    raise ModelError(f"Another model is already named {existing.name}: {way_out}.")


def _licensed(conversion: Conversion, licence: str) -> Conversion:
    load = conversion.network
    if not licence or load is None:
        return conversion

    def licensed() -> SavedNetwork:
        network = load()
        return replace(network, licence=network.licence or licence)

    return from_network(licensed, conversion.source_hash, notices=conversion.notices)


def _keep_network(target: Path, conversion: Conversion) -> None:
    if conversion.network is not None:
        from yolor_studio.yolor.safetensors_io import save_network

        save_network(target, conversion.network())


def _from_file(path: Path) -> ModelEntry:
    """A model given by its file: used in place if it is of the contract, else converted once and kept apart from the
    list, by the program's version and the content's hash."""
    conversion = convert(path, cfg=None, names=None)
    if not conversion.made_here:
        return _entry(path, bundled=False)
    folder = models_folder() / "converted" / __version__ / conversion.source_hash[:16]
    target = folder / f"{checked_name(path.stem)}.onnx"
    if not target.is_file():
        model = conversion.build()
        _keep_network(target.with_suffix(NETWORK_SUFFIX), conversion)
        write_atomically(target, model)
    return replace(_entry(target, bundled=False), notices=conversion.notices)


def _checked_entry(path: Path, *, bundled: bool) -> ModelEntry:
    """An added model's file may have been put there by hand, so that it is checked as if it came from anywhere."""
    if not bundled:
        check_contract(path.name, read_model(path))
    return _entry(path, bundled=bundled)


def _entry(path: Path, *, bundled: bool) -> ModelEntry:
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error
    return _entry_of(path, bundled, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=256)
def _entry_of(path: Path, bundled: bool, version: tuple[int, int, int]) -> ModelEntry:
    """Kept as long as the file's `version` (time, size, inode) stays, because hashing a large model takes a while."""
    facts = parse_facts(path.name, scan_metadata(path))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelEntry(
        name=path.stem,
        path=path,
        bundled=bundled,
        classes=facts.classes,
        stride=facts.stride,
        size=facts.size,
        licence=facts.licence,
        source_hash=facts.source_hash,
        sha256=digest,
        batch=facts.batch,
        tags=facts.tags,
        embedding=facts.embedding,
    )
