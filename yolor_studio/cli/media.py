"""info and frame: what was found in a file, and the picture that the app shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.core.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(info)
    app.command()(frame)


def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A video, a picture or a folder of numbered pictures.")],
    as_json: options.AsJson = False,
) -> None:
    """Say what a media holds, counted by decoding it.

    Example: yolor-studio info street.mp4 --json
    """
    from yolor_studio.media import probe

    _require(file)
    found = probe(file)
    lines = [
        f"{found.kind} {found.codec}, {found.width} x {found.height}, {found.frames:,} frame{'s' * (found.frames != 1)}"
        + (f", {found.fps:.3f} frames/s{'' if found.constant_rate else ' on average'}" if found.fps else ""),
        *found.notes,
    ]
    Output(as_json=as_json).finish(found.as_json(), lines)


def frame(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A video, a picture or a folder of numbered pictures.")],
    index: Annotated[int, typer.Argument(metavar="INDEX", help="The frame, from 0.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="PNG", help="Where the picture goes.")],
    as_json: options.AsJson = False,
) -> None:
    """Write the picture that the app shows for a frame.

    Example: yolor-studio frame street.mp4 120 -o frame.png
    """
    from yolor_studio.core.errors import MediaError
    from yolor_studio.media import discover, open_media
    from yolor_studio.media.write import save_png

    _require(file)
    if index < 0:
        raise UsageError(f"Frames are counted from 0; found {index}.")
    if out.suffix.lower() != ".png":
        raise UsageError(f"The picture is written as PNG, the very pixels; name it {out.stem or 'frame'}.png.")
    # Without an index a video is decoded from its start, which no oddity of the file can mislead.
    with open_media(file, files=discover([file])[0].files) as source:
        try:
            picture = source.read(index)
        except MediaError as error:
            frames = source.info.frames
            if index < frames:
                raise
            raise UsageError(f"{file.name} has {frames:,} frames, 0 to {frames - 1}; asked for {index}.") from error
    save_png(out, picture)
    Output(as_json=as_json).finish(
        {"out": str(out), "index": index, "width": picture.shape[1], "height": picture.shape[0]}, [str(out)]
    )


def _require(file: Path) -> None:
    if not file.exists():
        raise UsageError(f"{file} does not exist.")
