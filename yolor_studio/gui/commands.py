"""What each command of the table does; the command table names these methods and nothing else calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yolor_studio.core.entities import FrameState, MediaKind
from yolor_studio.gui.hotkeys import effective_hotkeys
from yolor_studio.gui.studio import Studio

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolor_studio.gui.editing import Editor
    from yolor_studio.gui.main_window import MainWindow
    from yolor_studio.gui.session import Session

__all__ = ["Commands"]


class Commands:
    """The commands of one window."""

    def __init__(self, studio: Studio, window: MainWindow) -> None:
        self._studio = studio
        self._window = window

    # File

    def open_files(self) -> None:
        """Ask for videos and pictures, and open them."""
        self._studio.open_paths(self._window.ask_for_files())

    def open_folder(self) -> None:
        """Ask for a folder of pictures or videos, and open it."""
        self._studio.open_paths(self._window.ask_for_folder())

    def open_project(self) -> None:
        """Ask for a project, and open it."""
        self._studio.open_paths(self._window.ask_for_project())

    def new_project(self) -> None:
        """Ask where, and make an empty project there."""
        path = self._window.ask_for_new_project()
        if path is not None:
            self._studio.create_project(path)

    def start_demo(self) -> None:
        """Render the demo clip, open it and pre-label it."""
        self._window.start_demo()

    def find_missing_media(self) -> None:
        """Ask for a folder, and look through it for media that are missing."""
        self._window.workspace.relinking.find_in_folder()

    def export(self) -> None:
        """Show the export sheet."""
        self._window.show_export()

    def close_project(self) -> None:
        """Go back to the start page."""
        self._studio.close_project()

    def quit(self) -> None:
        """Close the window."""
        self._window.close()

    # Edit

    def undo(self) -> None:
        """Take back the last edit, on its frame."""
        name = self._editor.undo()
        self._say(self._window.tr("Undone: {name}").format(name=name) if name else self._window.tr("Nothing to undo"))

    def redo(self) -> None:
        """Do the last undone edit again, on its frame."""
        name = self._editor.redo()
        self._say(self._window.tr("Redone: {name}").format(name=name) if name else self._window.tr("Nothing to redo"))

    def copy(self) -> None:
        """Remember the selected boxes."""
        self._say(self._counted(self._editor.copy(), "1 box copied", "{count} boxes copied"))

    def paste(self) -> None:
        """Put the remembered boxes on this frame."""
        self._editor.paste()

    def duplicate(self) -> None:
        """Put copies of the selected boxes beside them."""
        self._editor.duplicate()

    def select_all(self) -> None:
        """Select every box of this frame, objects and predictions."""
        self._window.workspace.select_all()

    def select_category(self) -> None:
        """Select every box of the selected box's category."""
        self._window.workspace.select_same_category()

    def delete(self) -> None:
        """Delete the selected boxes in this frame."""
        self._editor.delete()

    def delete_objects(self) -> None:
        """Delete the selected objects on every frame."""
        count = len(self._studio.selection.object_ids)
        self._editor.delete(whole_objects=True)
        if count:
            self._studio.tell_undoable(self._counted(count, "1 object deleted", "{count} objects deleted"))

    # View

    def zoom_fit(self) -> None:
        """Show the whole picture."""
        self._window.workspace.canvas.zoom_to_fit()

    def zoom_100(self) -> None:
        """Show a pixel as a pixel."""
        self._window.workspace.canvas.zoom_100()

    def zoom(self, factor: float) -> None:
        """Zoom round the middle of the view."""
        self._window.workspace.canvas.zoom_by(factor)

    def toggle_panel(self, name: Literal["left", "right", "bottom"]) -> None:
        """Fold or unfold a panel."""
        self._window.workspace.toggle_panel(name)

    def next_panel(self) -> None:
        """Give the next panel the keyboard."""
        self._window.workspace.focus_next_panel()

    def set_theme(self, theme: Literal["system", "dark", "light"]) -> None:
        """Use a theme from now on."""
        self._window.set_theme(theme)

    def full_screen(self) -> None:
        """Fill the screen, or go back."""
        self._window.toggle_full_screen()

    # Annotate

    def use_tool(self, name: Literal["select", "box", "points", "pan"]) -> None:
        """Take a tool of the canvas."""
        self._window.workspace.use_tool(name)

    def accept_and_go_on(self) -> None:
        """Accept what is shown, mark the frame reviewed and go to the next one that is not."""
        if self._window.workspace.take_offer():
            return
        self._editor.accept_shown_and_review()
        place = self._session.next_open()
        if place is None:
            self._studio.tell(self._window.tr("Every frame is reviewed."), "ok")
        else:
            self._session.go(*place)

    def accept_visible(self) -> None:
        """Turn what is shown into objects, and stay."""
        count = self._editor.accept_shown()
        if count:
            self._studio.tell_undoable(self._counted(count, "1 prediction accepted", "{count} predictions accepted"))

    def accept_selected(self) -> None:
        """Take the box that is offered, else turn the selected predictions into objects."""
        if not self._window.workspace.take_offer():
            self._editor.accept(self._studio.selection.prediction_rows)

    def reject_visible(self) -> None:
        """Reject the selected predictions, or all that are shown."""
        rows = self._studio.selection.prediction_rows
        if rows:
            self._editor.reject(rows)
            count = len(rows)
        else:
            count = self._editor.reject_shown()
        if count:
            self._studio.tell_undoable(self._counted(count, "1 prediction rejected", "{count} predictions rejected"))

    def toggle_reviewed(self) -> None:
        """Declare the frame finished, or take that back; predictions still shown are left out and told."""
        if self._session.state() is FrameState.REVIEWED:
            self._editor.set_state(FrameState.UNTOUCHED)
            return
        left_out = self._editor.set_state(FrameState.REVIEWED)
        if left_out:
            self._studio.tell(
                self._counted(
                    left_out,
                    "Reviewed. 1 prediction is still shown and was left out.",
                    "Reviewed. {count} predictions are still shown and were left out.",
                ),
                "warn",
                action_text=self._window.tr("Accept them"),
                action=self._accepter_of_this_frame(),
            )

    def review_span(self) -> None:
        """Mark everything from the last reviewed frame to here."""
        self._tell_reviewed(self._editor.review_from_last())

    def review_media(self) -> None:
        """Mark the whole media."""
        self._tell_reviewed(self._editor.review_media())

    def toggle_skipped(self) -> None:
        """Never ask for this frame and never export it, or take that back."""
        skipped = self._session.state() is FrameState.SKIPPED
        self._editor.set_state(FrameState.UNTOUCHED if skipped else FrameState.SKIPPED)

    def repeat_previous(self) -> None:
        """Set the previous frame's boxes here."""
        count = self._editor.repeat_previous()
        self._say(
            self._counted(count, "1 box repeated", "{count} boxes repeated")
            if count
            else self._window.tr("The previous frame has no box that is missing here")
        )

    def toggle_occluded(self) -> None:
        """Mark the selected boxes as occluded, or as seen."""
        self._editor.toggle_occluded()

    def pick_category(self) -> None:
        """Ask for a category by its first letters, for the selected boxes or the next ones."""
        self._window.pick_category()

    def use_hotkey(self, key: str) -> None:
        """Give the offered or selected boxes the category of this digit; without any, draw with it from now on."""
        for category_id, hotkey in effective_hotkeys(self._session.categories).items():
            if hotkey == key:
                self.use_category(category_id)
                return

    def use_category(self, category_id: int) -> None:
        """Give the offered or selected boxes this category; without any, draw with it from now on."""
        if self._window.workspace.take_offer(category_id):
            return
        if self._studio.selection.refs:
            self._editor.recategorise(category_id)
        self._session.set_category(category_id)

    def nudge(self, dx: int, dy: int) -> None:
        """Move the selected boxes by some pixels."""
        self._editor.nudge(dx, dy)

    # Video

    def step(self, by: int, *, long: bool = False) -> None:
        """Go some working steps on."""
        self._session.step(by, long=long)

    def first_frame(self) -> None:
        """Go to the media's first frame."""
        self._session.seek(0)

    def last_frame(self) -> None:
        """Go to the media's last frame."""
        if self._session.current is not None:
            self._session.seek(self._session.current.frames - 1)

    def play(self) -> None:
        """Play or pause."""
        self._window.workspace.player.toggle()

    def next_open(self) -> None:
        """Go to the next frame that nobody has reviewed."""
        self._go_to(self._session.next_open())

    def previous_open(self) -> None:
        """Go to the frame before that nobody has reviewed."""
        self._go_to(self._session.next_open(backwards=True))

    def next_predicted(self) -> None:
        """Go to the next frame that has something to accept."""
        place = self._session.next_open(with_predictions=True)
        if place is None:
            self._say(self._window.tr("No frame that is not reviewed has predictions to show"))
        else:
            self._session.go(*place)

    def next_media(self, by: int) -> None:
        """Go to a neighbour in the media list."""
        media = self._session.current
        if media is not None:
            ids = [entry.id for entry in self._session.media]
            self._session.go(ids[min(max(ids.index(media.id) + by, 0), len(ids) - 1)])

    def remove_media(self) -> None:
        """Take the media in view out of the project."""
        media = self._session.current
        if media is None:
            return
        with self._session.project.edit("Remove media") as edit:
            edit.remove_media(media.id)
        self._studio.tell_undoable(self._window.tr("{name} removed from the project").format(name=media.name))

    # Model

    def prelabel(self) -> None:
        """Run the model over the range that was last chosen."""
        self._window.workspace.top_bar.start_run()

    def prelabel_frame(self) -> None:
        """Run the model on this frame, also where it has been."""
        media = self._session.current
        if media is not None:
            self._studio.prelabel(
                [media.id], None if media.kind is MediaKind.IMAGE else [self._session.frame], again=True
            )

    def cancel_run(self) -> None:
        """Stop the run; what it found is kept."""
        if self._studio.running and self._studio.run is not None:
            self._studio.run.cancel()

    def show_models(self) -> None:
        """Show the page of models."""
        self._window.show_models()

    def add_model(self) -> None:
        """Ask for a model file and add it to the list."""
        self._window.add_model()

    def fine_tune(self) -> None:
        """Follow the training under way, or start one."""
        self._window.training.open()

    def evaluate(self) -> None:
        """Show the page that measures models."""
        self._window.show_evaluation()

    # Help

    def palette(self) -> None:
        """Show all commands."""
        self._window.show_palette()

    def keys(self) -> None:
        """Show all keys."""
        self._window.show_keys()

    def command_line(self) -> None:
        """Say how to work without the window."""
        self._window.show_command_line()

    def about(self) -> None:
        """Say what this program is."""
        self._window.show_about()

    # Helpers

    @property
    def _session(self) -> Session:
        assert self._studio.session is not None
        return self._studio.session

    @property
    def _editor(self) -> Editor:
        assert self._studio.editor is not None
        return self._studio.editor

    def _say(self, text: str) -> None:
        self._studio.tell(text)

    def _counted(self, count: int, one: str, many: str) -> str:
        return self._window.tr(one) if count == 1 else self._window.tr(many).format(count=f"{count:,}")

    def _go_to(self, place: tuple[int, int] | None) -> None:
        if place is None:
            self._studio.tell(self._window.tr("Every other frame is reviewed."))
        else:
            self._session.go(*place)

    def _tell_reviewed(self, count: int) -> None:
        if count:
            self._studio.tell_undoable(
                self._counted(count, "1 frame marked reviewed", "{count} frames marked reviewed")
            )
        else:
            self._say(self._window.tr("These frames are reviewed already"))

    def _accepter_of_this_frame(self) -> Callable[[], None]:
        media, frame = self._session.current, self._session.frame

        def accept() -> None:
            if media is not None:
                self._session.go(media.id, frame)
                self._editor.accept_shown()

        return accept
