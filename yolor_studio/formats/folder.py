"""A folder that appears under its name only when it is whole, and never in place of somebody's files."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yolor_studio.core.errors import FormatError


def refuse_taken(out: Path) -> None:
    """Raise FormatError when `out` is a file or a folder with something in it."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() or out.is_symlink():
        what = "is not empty" if out.is_dir() else "is a file"
        raise FormatError(f"{out} {what}. Nothing was written or deleted; choose a new folder.")


@contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out`, renamed to `out` on leaving and removed when an exception passes.

    Raises FormatError when `out` is taken or the disk refuses; nothing that was there before is touched.
    """
    out = Path(os.path.abspath(out))
    refuse_taken(out)
    temporary = out.parent / f".{out.name}.part-{secrets.token_hex(4)}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        refuse_taken(out)
        if out.exists():
            out.rmdir()  # empty; Windows does not rename over it
        temporary.rename(out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FormatError(f"{out} could not be written: {reason}. Nothing was left behind.") from error
    finally:
        if temporary.exists():
            with contextlib.suppress(OSError):
                shutil.rmtree(temporary)


def write_durably(path: Path, blocks: Iterator[bytes]) -> int:
    """Write the blocks to a new file and have the disk confirm it; returns the bytes written."""
    size = 0
    with path.open("xb") as file:
        for block in blocks:
            size += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return size
