"""Models into the list: from a file of the user's, or downloaded by the name of a published one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import ModelError
from yolor_studio.core.paths import user_folder
from yolor_studio.core.resources import shipped
from yolor_studio.jobs.events import Event, Notice, Result, Started
from yolor_studio.jobs.fetch import Fetched, Order, fetch, part_of
from yolor_studio.jobs.model_check import CheckReport, check_model
from yolor_studio.jobs.runner import run_inside

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry
    from yolor_studio.detect.releases import Release


@dataclass(frozen=True, slots=True)
class AddedModel:
    """A model that is in the list now."""

    entry: ModelEntry
    report: CheckReport | None
    """Of its check; None where it was there before."""


def add(file: Path, cancel: CancelToken, *, cfg: Path | None = None, names: Path | None = None) -> Iterator[Event]:
    """Convert a model file, add it to the list and check it; last Result(AddedModel). ModelError if it is refused."""
    from yolor_studio.detect.library import add_model

    yield Started(f"Converting {file.name}")
    entry = add_model(file, cfg=cfg, names=names)
    yield from _checked(entry, cancel)


def download(release: Release, cancel: CancelToken, *, local: bool = False) -> Iterator[Event]:
    """Fetch a published model, convert it, add it to the list and check it; last Result(AddedModel).

    Nothing of the file is read before its size and hash are verified. `local` allows plain http on this machine, for
    tests. ModelError says what went wrong and what was kept; cancelling keeps what came.
    """
    from yolor_studio.detect.library import list_models
    from yolor_studio.detect.releases import learn, with_learned

    for entry in list_models():
        if entry.name.casefold() == release.name.casefold():
            yield Notice(
                f"{entry.name} is in the list already, so nothing was downloaded. To fetch it anew, remove it first."
            )
            yield Result(AddedModel(entry, None))
            return
    release = with_learned(release)
    target = downloads_folder() / release.file
    order = Order(release.url, release.name, release.size, release.sha256)
    fetched: Fetched = yield from run_inside(fetch(order, target, cancel, local=local))
    learn(release, size=fetched.size, sha256=fetched.sha256)
    yield Started(f"Converting {release.file}")
    cancel.check()
    try:
        entry = _converted(release, fetched.path)
    except ModelError as error:
        raise ModelError(f"{error} The download is kept as {fetched.path}.") from error
    fetched.path.unlink(missing_ok=True)
    yield from _checked(entry, cancel)


def downloads_folder() -> Path:
    """Where downloads lie until they are converted; need not exist."""
    return user_folder("downloads")


def downloaded_part(release: Release) -> int:
    """How many bytes of a release are here from a download that was stopped."""
    part = part_of(downloads_folder() / release.file)
    return part.stat().st_size if part.is_file() else 0


def _converted(release: Release, file: Path) -> ModelEntry:
    """Darknet's files say neither their network nor their classes; a checkpoint's reader knows what it lacks."""
    from yolor_studio.detect.library import add_model

    if not release.bare:
        return add_model(file, name=release.name, licence=release.licence)
    from yolor_studio.yolor import zoo
    from yolor_studio.yolor.cfg import format_cfg
    from yolor_studio.yolor.files import write_atomically

    cfg = file.with_suffix(".cfg")
    write_atomically(cfg, format_cfg(zoo.description(release.network)).encode())
    try:
        return add_model(
            file, cfg=cfg, names=shipped("resources", "names", "coco.names"), name=release.name, licence=release.licence
        )
    finally:
        cfg.unlink(missing_ok=True)


def _checked(entry: ModelEntry, cancel: CancelToken) -> Iterator[Event]:
    for notice in entry.notices:
        yield Notice(notice)
    report: CheckReport = yield from run_inside(check_model(entry, cancel))
    yield Result(AddedModel(entry, report))
