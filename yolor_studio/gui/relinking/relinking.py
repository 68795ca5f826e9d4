"""Keeps what is told of missing and changed media true, and finds them when a person asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from yolor_studio.core.entities import Change, Media, MediaKind
from yolor_studio.gui.canvas_link import CanvasLink
from yolor_studio.gui.dialogs import asking
from yolor_studio.gui.frames import FramePicture
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.latest import Latest
from yolor_studio.gui.relinking.bar import MissingBar
from yolor_studio.gui.relinking.facts import OtherFile, look_at
from yolor_studio.gui.relinking.placeholder import Placeholder
from yolor_studio.gui.session import Session
from yolor_studio.gui.studio import Studio
from yolor_studio.jobs.events import Job
from yolor_studio.jobs.relinking import Relinked, TookOver, missing_media, relink, relink_one, use_anyway

if TYPE_CHECKING:
    from yolor_studio.core.cancel import CancelToken

__all__ = ["Relinking"]


class Relinking(QObject):
    """The placeholder over the canvas and the bar above it, and the jobs that they start."""

    files_seen = Signal(object)
    """The files were looked for anew: the ids (frozenset) of media in whose place another file is."""
    found = Signal(object)
    """The ids (tuple) of media whose file is there again, or another one."""

    def __init__(self, studio: Studio, session: Session, *, canvas: QWidget, link: CanvasLink) -> None:
        super().__init__(canvas)
        self._studio, self._session, self._link = studio, session, link
        read_only = session.project.read_only
        self.placeholder = Placeholder(canvas, read_only=read_only)
        self.bar = MissingBar(read_only=read_only)
        self._missing: tuple[Media, ...] = ()
        self._closed_on: tuple[Media, ...] = ()
        self._changed: frozenset[int] = frozenset()
        self._offers: dict[int, Path] = {}
        """Files of a missing media's name that are not it, found elsewhere: the person decides."""
        self._seeking = Latest(studio.bridge, self)
        self._seeking.done.connect(self._take_missing)
        self._comparing = Latest(studio.bridge, self)
        self._comparing.done.connect(self._take_comparison)
        self._comparison: OtherFile | None = None
        self._job: JobRun | None = None
        self._connect()
        self.look_again()

    def close(self) -> None:
        """Stop looking."""
        self._seeking.close()
        self._comparing.close()

    @property
    def looking(self) -> bool:
        """Whether a look at the files, or a search, is under way."""
        return self._seeking.busy or self._comparing.busy or self._job is not None

    @property
    def missing(self) -> tuple[Media, ...]:
        """The media that were missing at the last look."""
        return self._missing

    def look_again(self) -> None:
        """Look on a thread which media are missing: files come and go while the window is not in use."""
        project = self._session.project
        self._seeking.ask(lambda: missing_media(project))

    # What a person asks for

    def find(self, media: Media | None = None) -> None:
        """Ask for the file of a media, of the one in view where none is named, and take it if it is the one."""
        media = media or self._session.current
        if media is None or not self._free():
            return
        start = self._start(media)
        if media.kind is MediaKind.SEQUENCE:
            path = asking.media_folder(self._window, start, media.name)
        else:
            path = asking.media_file(self._window, start, media.name)
        if path is not None:
            project, media_id = self._session.project, media.id
            self._run(lambda cancel: relink_one(project, media_id, path, cancel), lambda it: self._picked(it, media))

    def find_in_folder(self) -> None:
        """Ask for a folder and look through it for all that is missing."""
        if not self._free():
            return
        folder = asking.media_folder(self._window, self._start(self._session.current))
        if folder is not None:
            project = self._session.project
            self._run(lambda cancel: relink(project, [folder], cancel), lambda it: self._searched(it, folder))

    def use_anyway(self) -> None:
        """Put the file that the placeholder tells of in the place of the media in view."""
        other = self._comparison
        if other is None or not other.usable or not self._free():
            return
        project, media_id, path = self._session.project, other.media.id, other.path
        self._run(lambda cancel: use_anyway(project, media_id, path, cancel), self._took_over)

    def cancel(self) -> None:
        """Stop the search or the count; nothing is changed."""
        if self._job is not None:
            self._job.cancel()

    @property
    def _window(self) -> QWidget:
        return self.bar.window()

    def _start(self, media: Media | None) -> str:
        """The nearest folder of the media's old path that there is."""
        project = self._session.project
        path = project.media_path(media).parent if media is not None else project.folder
        while not path.is_dir() and path != path.parent:
            path = path.parent
        return str(path if path != path.parent else project.folder)

    def _free(self) -> bool:
        if self._session.project.read_only:
            self._studio.tell(self.tr("This project is open for reading only. Nothing was changed."), "warn")
            return False
        task = self._studio.task
        if task is not None:
            self._studio.tell(self.tr("{job} is under way. Try again when it is done.").format(job=task.title), "warn")
        return task is None

    # Jobs

    def _run(self, make: Callable[[CancelToken], Job], then: Callable[[Outcome], object]) -> None:
        run = JobRun(make, self._studio.bridge, self._studio)
        self._job = run
        run.changed.connect(self._show_progress)

        def ended(outcome: Outcome) -> None:
            self._job = None
            if self._studio.session is self._session:  # else it was closed meanwhile
                self._show_progress()
                self._tell_end(outcome, then)

        self._studio.run_task(run, ended)
        self._show_progress()

    def _tell_end(self, outcome: Outcome, then: Callable[[Outcome], object]) -> None:
        if outcome.cancelled:
            self._studio.tell(self.tr("Stopped. Nothing was changed."))
        elif outcome.error is not None:
            self._studio.tell(str(outcome.error), "err")
        else:
            then(outcome)

    def _show_progress(self) -> None:
        text = ""
        if self._job is not None:
            done, total = self._job.progress.done, self._job.progress.total
            amount = (
                f"{done:,}"
                if total is None
                else self.tr("{done} of {total}").format(done=f"{done:,}", total=f"{total:,}")
            )
            text = f"{self._job.title or self.tr('Looking for media')}: {amount}"
        self.placeholder.show_busy(text)
        self.bar.show_busy(text)

    def _picked(self, outcome: Outcome, media: Media) -> None:
        result: Relinked = outcome.value
        if result.differing and not result.found:
            self._keep_offers(result)
            self._show_trouble()
            self._session.go(media.id, self._session.frame_of(media.id))
            return
        more = len(result.found) - 1
        text = self.tr("{name} found.").format(name=media.name)
        if more:
            others = self.tr("{count} others that lay beside it were found too.").format(count=f"{more:,}")
            text += " " + (self.tr("Another one that lay beside it was found too.") if more == 1 else others)
        self._tell_found(result, text)

    def _searched(self, outcome: Outcome, folder: Path) -> None:
        result: Relinked = outcome.value
        self._keep_offers(result)
        count, left = len(result.found), len(result.missing)
        if not (count or left or result.differing):
            self._studio.tell(self.tr("Every media is where the project says."), "ok")
            return
        lines = [self._count_found(result, folder)]
        if left:
            many = self.tr("{left} are still missing.").format(left=f"{left:,}")
            lines.append(self.tr("1 is still missing.") if left == 1 else many)
        offered = [match.media.name for match in result.differing if match.media.id in self._offers]
        if len(offered) == 1:
            lines.append(self.tr("{name} is there with other content and was not taken.").format(name=offered[0]))
        elif offered:
            lines.append(
                self.tr("{name} and {more} more are there with other content and were not taken.").format(
                    name=offered[0], more=f"{len(offered) - 1:,}"
                )
            )
        if not result.complete:
            lines.append(self.tr("The search was cut short: choose a folder nearer to them."))
        self._tell_found(result, " ".join(lines))
        self._show_trouble()

    def _count_found(self, result: Relinked, folder: Path) -> str:
        match len(result.found):
            case 0:
                return self.tr("None found in {folder}.").format(folder=folder.name)
            case 1:
                name = result.found[0].media.name
                return self.tr("{name} found in {folder}.").format(name=name, folder=folder.name)
            case count:
                return self.tr("{count} media found in {folder}.").format(count=f"{count:,}", folder=folder.name)

    def _keep_offers(self, result: Relinked) -> None:
        for match in result.differing:
            if match.path != self._session.project.media_path(match.media):
                self._offers[match.media.id] = match.path

    def _tell_found(self, result: Relinked, text: str) -> None:
        ids = tuple(match.media.id for match in result.found)
        for media_id in ids:
            self._offers.pop(media_id, None)
        if ids:
            self._studio.tell_undoable(text)
            self.found.emit(ids)  # at once, and those too that had another file in their place
        else:
            self._studio.tell(text, "warn")

    def _took_over(self, outcome: Outcome) -> None:
        result: TookOver = outcome.value
        media, before = result.media, result.before
        self._offers.pop(media.id, None)
        lines = [self.tr("{name} is used as it is now.").format(name=media.name)]
        if media.frames != before.frames:
            lines.append(
                self.tr("It has {now} frames, and had {before}.").format(
                    now=f"{media.frames:,}", before=f"{before.frames:,}"
                )
            )
        if result.scaled:
            lines.append(self.tr("Boxes were scaled to its size."))
        if result.left_out:
            lines.append(
                self.tr("1 label of a frame that it does not have was left out.")
                if result.left_out == 1
                else self.tr("{count} labels of frames that it does not have were left out.").format(
                    count=f"{result.left_out:,}"
                )
            )
        layer = self._session.project.shown_layer()
        if layer is not None and len(self._session.project.visited_frames(layer.id, media.id)):
            lines.append(self.tr("Predictions are those of the old file until it is pre-labelled again."))
        self._studio.tell_undoable(" ".join(lines))
        self.found.emit((media.id,))

    # Keeping up

    def _connect(self) -> None:
        for widget in (self.placeholder, self.bar):
            widget.cancel_wanted.connect(self.cancel)
        self.placeholder.find_wanted.connect(lambda: self.find())
        self.placeholder.find_in_folder_wanted.connect(self.find_in_folder)
        self.placeholder.use_wanted.connect(self.use_anyway)
        self.bar.find_wanted.connect(self.find_in_folder)
        self.bar.closed.connect(self._close_bar)
        self._link.picture_shown.connect(self._take_picture)
        self._session.place_changed.connect(self._place_changed)
        self._session.changed.connect(self._on_change)

    def _on_change(self, change: Change) -> None:
        if "media" in change.tables and change.edit is not None:  # else only what was found about a media is new
            self.look_again()

    def _place_changed(self) -> None:
        if self._session.current is None:
            self._show_trouble()

    def _take_picture(self, picture: FramePicture) -> None:
        self._note_changed(picture)
        self._show_trouble()

    def _note_changed(self, picture: FramePicture) -> None:
        from yolor_studio.media import Presence

        is_changed = picture.presence is Presence.CHANGED
        if is_changed is not (picture.media_id in self._changed):
            self._changed ^= {picture.media_id}
            self.files_seen.emit(self._changed)

    def _take_missing(self, missing: list[Media]) -> None:
        before, self._missing = {media.id for media in self._missing}, tuple(missing)
        gone = {media.id for media in missing}
        if before != gone:
            self.files_seen.emit(self._changed)
        if back := before - gone:
            self.found.emit(tuple(back))
        current = self._session.current
        if current is not None and self._link.absent is not None and current.id not in gone:
            self._link.look_again(current.id)  # it may have come back
        self._show_trouble()

    def _close_bar(self) -> None:
        self._closed_on = self._missing
        self.bar.hide()

    def _show_trouble(self) -> None:
        """Say in the place of the picture, or above it, what is so."""
        media = self._session.current
        absent = self._link.absent
        if media is None or absent is None:
            self._comparison = None
            self.placeholder.hide()
        else:
            self._show_absent(media)
        others = bool(self._missing) and self._missing != self._closed_on
        if others:
            self.bar.show_media(self._missing, len(self._session.media))
        self.bar.setVisible(others and absent is None)

    def _show_absent(self, media: Media) -> None:
        from yolor_studio.media import Presence

        place = self._session.project.media_path(media)
        in_place = self._link.absent is Presence.CHANGED
        path = self._offers.get(media.id, place if in_place else None)
        others = sum(other.id != media.id for other in self._missing)
        if path is None:
            self._comparison = None
            self.placeholder.show_missing(media, str(place), others=others)
            return
        known = self._comparison
        if known is not None and (known.media, known.path) == (media, path):
            self.placeholder.show_other(known, in_place=path == place)
            return
        self._comparison = None
        self.placeholder.show_looking(media, path, in_place=path == place)
        project = self._session.project
        self._comparing.ask(lambda: look_at(project, media, path))

    def _take_comparison(self, other: OtherFile) -> None:
        media = self._session.current
        if media == other.media and self._link.absent is not None:
            self._comparison = other
            place = self._session.project.media_path(other.media)
            self.placeholder.show_other(other, in_place=os.path.normcase(other.path) == os.path.normcase(place))
