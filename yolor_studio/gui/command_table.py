"""The table of commands, menu by menu."""

from __future__ import annotations

import dataclasses

from yolor_studio.gui.actions import Command, Needs

__all__ = ["COMMANDS", "MENUS"]

_E, _M, _S, _P, _W = Needs.EDITABLE, Needs.MEDIA, Needs.SELECTION, Needs.PREDICTIONS, Needs.WORKSPACE
_C = Needs.WRITABLE


def _category(number: int) -> Command:
    return Command(
        f"category.{number}",
        f"Category {number}",
        lambda do: do.use_hotkey(str(number)),
        (str(number),),
        "tag",
        Needs.EDITABLE,
        listed=False,
    )


_BY_MENU: dict[str, tuple[Command, ...]] = {
    "File": (
        Command("file.open", "Open files…", lambda do: do.open_files(), ("Ctrl+O",), "film-strip"),
        Command("file.folder", "Open folder…", lambda do: do.open_folder(), ("Ctrl+Shift+O",), "folder-open"),
        Command("file.project", "Open project…", lambda do: do.open_project(), icon="file"),
        Command("file.new", "New project…", lambda do: do.new_project(), ("Ctrl+N",), "file-plus"),
        Command("file.demo", "Start demo", lambda do: do.start_demo(), icon="play"),
        Command(
            "file.relink", "Find missing media…", lambda do: do.find_missing_media(), (), "link-break", _W,
            "Looks through a folder for media that were moved or renamed.",
        ),
        Command(
            "file.export", "Export dataset…", lambda do: do.export(), ("Ctrl+E",), "export", Needs.PROJECT,
            separator=True,
        ),
        Command(
            "file.close", "Close project", lambda do: do.close_project(), ("Ctrl+W",), needs=Needs.PROJECT,
            separator=True,
        ),
        Command("file.quit", "Quit", lambda do: do.quit(), ("Ctrl+Q",)),
    ),
    "Edit": (
        Command("edit.undo", "Undo", lambda do: do.undo(), ("Ctrl+Z",), "arrow-u-up-left", _W, repeats=True),
        Command(
            "edit.redo", "Redo", lambda do: do.redo(), ("Ctrl+Shift+Z", "Ctrl+Y"), "arrow-u-up-right",
            _W, repeats=True,
        ),
        Command("edit.copy", "Copy boxes", lambda do: do.copy(), ("Ctrl+C",), "copy", _S, separator=True),
        Command("edit.paste", "Paste boxes", lambda do: do.paste(), ("Ctrl+V",), "clipboard", _E),
        Command("edit.duplicate", "Duplicate boxes", lambda do: do.duplicate(), ("Ctrl+D",), "copy-simple", _S),
        Command("edit.select_all", "Select all boxes", lambda do: do.select_all(), ("Ctrl+A",), "", _M, separator=True),
        Command("edit.select_category", "Select all of this category", lambda do: do.select_category(), (), "", _S),
        Command(
            "edit.delete", "Delete box", lambda do: do.delete(), ("Delete", "Backspace"), "trash", _S,
            "In this frame only; a track gets a gap.", separator=True,
        ),
        Command(
            "edit.delete_object", "Delete whole object", lambda do: do.delete_objects(), ("Shift+Delete",),
            "trash", _S, "On every frame.",
        ),
    ),
    "View": (
        Command("view.fit", "Fit to window", lambda do: do.zoom_fit(), ("Ctrl+0",), "corners-out", _M),
        Command("view.zoom_100", "Actual size", lambda do: do.zoom_100(), ("Ctrl+1",), "", _M),
        Command("view.zoom_in", "Zoom in", lambda do: do.zoom(1.25), ("Ctrl++", "Ctrl+="), "plus", _M, repeats=True),
        Command("view.zoom_out", "Zoom out", lambda do: do.zoom(0.8), ("Ctrl+-",), "minus", _M, repeats=True),
        Command(
            "view.left", "Media panel", lambda do: do.toggle_panel("left"), ("F8",), "", _W,
            checkable=True, separator=True,
        ),
        Command(
            "view.right", "Right panel", lambda do: do.toggle_panel("right"), ("F9",), "", _W,
            checkable=True,
        ),
        Command(
            "view.bottom", "Timeline", lambda do: do.toggle_panel("bottom"), ("F10",), "", _W,
            checkable=True,
        ),
        Command("view.next_panel", "Next panel", lambda do: do.next_panel(), ("F6",), "", _W),
        Command(
            "view.theme_system", "Theme of the system", lambda do: do.set_theme("system"), checkable=True,
            separator=True,
        ),
        Command("view.theme_dark", "Dark theme", lambda do: do.set_theme("dark"), checkable=True),
        Command("view.theme_light", "Light theme", lambda do: do.set_theme("light"), checkable=True),
        Command(
            "view.full_screen", "Full screen", lambda do: do.full_screen(), ("F11",), "", checkable=True,
            separator=True,
        ),
    ),
    "Annotate": (
        Command("tool.select", "Select", lambda do: do.use_tool("select"), ("V",), "cursor", _M, checkable=True),
        Command(
            "tool.box", "Draw a box", lambda do: do.use_tool("box"), ("W",), "bounding-box", _E,
            "Drag, or click two corners.", checkable=True,
        ),
        Command(
            "tool.points", "Draw by four points", lambda do: do.use_tool("points"), ("X",), "polygon", _E,
            "Click the top, bottom, left and right ends of the object, in any order.", checkable=True,
        ),
        Command(
            "tool.pan", "Move the picture", lambda do: do.use_tool("pan"), ("H",), "hand", _M,
            "The middle button does it in every tool.", checkable=True,
        ),
        Command(
            "review.accept_next", "Accept, reviewed, go on", lambda do: do.accept_and_go_on(), ("Space",), "check",
            _E,
            "Turns the predictions shown into objects, marks the frame reviewed and goes to the next one not reviewed.",
            separator=True,
        ),
        Command(
            "review.accept", "Accept visible", lambda do: do.accept_visible(), ("Shift+Space",), "checks", _P,
            "Turns the predictions shown into objects.",
        ),
        Command(
            "review.accept_selected", "Accept selected", lambda do: do.accept_selected(), ("Return",), "check", _E,
            canvas_keys=True,
        ),
        Command(
            "review.reject", "Reject visible", lambda do: do.reject_visible(), (), "x", _P,
            "They stay rejected when a model runs again.",
        ),
        Command(
            "review.toggle", "Reviewed on or off", lambda do: do.toggle_reviewed(), ("F",), "check-circle", _E,
            separator=True,
        ),
        Command(
            "review.span", "Reviewed from the last reviewed frame to here", lambda do: do.review_span(),
            ("Shift+F",), "", _E,
        ),
        Command("review.media", "Mark whole media reviewed", lambda do: do.review_media(), (), "", _E),
        Command(
            "review.skip", "Skip this frame", lambda do: do.toggle_skipped(), (), "prohibit", _E,
            "It is never asked for and never exported.",
        ),
        Command(
            "annotate.repeat", "Repeat previous frame", lambda do: do.repeat_previous(), ("R",), "copy", _E,
            "Sets the boxes of the previous frame here too.", separator=True,
        ),
        Command("annotate.occluded", "Occluded", lambda do: do.toggle_occluded(), ("O",), "circle-half-fill", _S),
        Command("annotate.category", "Change category…", lambda do: do.pick_category(), ("C",), "tag", _E),
        *(_category(number) for number in range(1, 10)),
        Command(
            "annotate.left", "Nudge left", lambda do: do.nudge(-1, 0), ("Left",), "", _S, repeats=True,
            listed=False, canvas_keys=True,
        ),
        Command(
            "annotate.right", "Nudge right", lambda do: do.nudge(1, 0), ("Right",), "", _S, repeats=True,
            listed=False, canvas_keys=True,
        ),
        Command(
            "annotate.up", "Nudge up", lambda do: do.nudge(0, -1), ("Up",), "", _S, repeats=True, listed=False,
            canvas_keys=True,
        ),
        Command(
            "annotate.down", "Nudge down", lambda do: do.nudge(0, 1), ("Down",), "", _S, repeats=True,
            listed=False, canvas_keys=True,
        ),
        Command(
            "annotate.left10", "Nudge left by 10 px", lambda do: do.nudge(-10, 0), ("Shift+Left",), "", _S,
            repeats=True, listed=False, canvas_keys=True,
        ),
        Command(
            "annotate.right10", "Nudge right by 10 px", lambda do: do.nudge(10, 0), ("Shift+Right",), "", _S,
            repeats=True, listed=False, canvas_keys=True,
        ),
        Command(
            "annotate.up10", "Nudge up by 10 px", lambda do: do.nudge(0, -10), ("Shift+Up",), "", _S, repeats=True,
            listed=False, canvas_keys=True,
        ),
        Command(
            "annotate.down10", "Nudge down by 10 px", lambda do: do.nudge(0, 10), ("Shift+Down",), "", _S,
            repeats=True, listed=False, canvas_keys=True,
        ),
    ),
    "Video": (
        Command("frame.next", "Next frame", lambda do: do.step(1), ("D",), "caret-right", _M, repeats=True),
        Command("frame.previous", "Previous frame", lambda do: do.step(-1), ("A",), "caret-left", _M, repeats=True),
        Command(
            "frame.next_long", "Ten frames on", lambda do: do.step(1, long=True), ("Shift+D",), "", _M,
            repeats=True,
        ),
        Command(
            "frame.previous_long", "Ten frames back", lambda do: do.step(-1, long=True), ("Shift+A",), "", _M,
            repeats=True,
        ),
        Command("frame.first", "First frame", lambda do: do.first_frame(), ("Home",), "skip-back", _M),
        Command("frame.last", "Last frame", lambda do: do.last_frame(), ("End",), "skip-forward", _M),
        Command("frame.play", "Play or pause", lambda do: do.play(), ("S",), "play-fill", _M),
        Command(
            "frame.next_open", "Next to review", lambda do: do.next_open(), ("E",), "arrow-right", _M,
            "The next frame that nobody has reviewed.", separator=True,
        ),
        Command("frame.previous_open", "Previous to review", lambda do: do.previous_open(), ("Q",), "arrow-left", _M),
        Command("frame.next_predicted", "Next with predictions", lambda do: do.next_predicted(), ("Shift+E",), "", _M),
        Command("media.next", "Next media", lambda do: do.next_media(1), ("Ctrl+PgDown",), "", _M, separator=True),
        Command("media.previous", "Previous media", lambda do: do.next_media(-1), ("Ctrl+PgUp",), "", _M),
        Command(
            "media.remove", "Remove media from the project", lambda do: do.remove_media(), (), "", _C,
            "The file stays where it is.",
        ),
    ),
    "Model": (
        Command("model.run", "Pre-label", lambda do: do.prelabel(), ("Ctrl+P",), "magic-wand", _C),
        Command("model.run_frame", "Pre-label this frame", lambda do: do.prelabel_frame(), ("Ctrl+Shift+P",), "", _E),
        Command("model.cancel", "Cancel pre-labelling", lambda do: do.cancel_run(), (), "x", Needs.PROJECT),
        Command(
            "model.evaluate", "Evaluate", lambda do: do.evaluate(), ("Ctrl+Shift+E",), "chart-line", separator=True,
            hint="How good a model is on your reviewed frames, or on a COCO dataset.",
        ),
        Command(
            "model.train", "Fine-tune…", lambda do: do.fine_tune(), ("Ctrl+Shift+T",), "graduation-cap",
            hint="Lets a model learn from the frames that you reviewed.",
        ),
        Command(
            "model.page", "Models", lambda do: do.show_models(), ("Ctrl+Shift+M",), "cube", separator=True,
            hint="What can be run and fetched, what each model is, and whether it agrees with its origin.",
        ),
        Command("model.add", "Add model…", lambda do: do.add_model(), (), "plus"),
    ),
    "Help": (
        Command("help.palette", "All commands", lambda do: do.palette(), ("Ctrl+K",), "magnifying-glass"),
        Command("help.keys", "All keys", lambda do: do.keys(), ("?",), "keyboard"),
        Command("help.command_line", "Command line", lambda do: do.command_line(), (), "terminal-window"),
        Command("help.about", "About YOLOR Studio", lambda do: do.about(), (), "info", separator=True),
    ),
}  # fmt: skip
MENUS = tuple(_BY_MENU)
COMMANDS: tuple[Command, ...] = tuple(
    dataclasses.replace(entry, menu=menu) for menu, entries in _BY_MENU.items() for entry in entries
)
"""Every command of the window."""
