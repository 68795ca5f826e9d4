"""Where the files that ship with the program lie, in a wheel and in a checkout alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(folder: str, *parts: str) -> Path:
    """The path of a shipped file or folder: `shipped("models", "yolor-n.onnx")`, `shipped("resources", "icon.svg")`.

    A wheel carries `models/` and `resources/` inside the package (`yolor_studio/_shipped/`), a checkout beside it.
    The path need not exist.
    """
    inside = _PACKAGE / "_shipped" / folder
    base = inside if inside.is_dir() else _PACKAGE.parent / folder
    return base.joinpath(*parts)
