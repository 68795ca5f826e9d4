"""One process writes a project: an operating system's lock on NAME.yolor-lock that dies with its holder."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from yolor_studio.core.errors import ProjectError


class ProjectLock:
    """The right to write a project file, held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises ProjectError, with the holder's name where it is known, when somebody has it."""
        self._file = path.with_name(path.name + "-lock")
        self._handle = self._take()

    def _take(self) -> int:
        while True:
            try:
                handle = os.open(self._file, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            except OSError as error:
                raise ProjectError(f"no lock could be taken beside it ({error.strerror})") from error
            try:
                _lock(handle)
            except OSError as error:
                holder = _holder(handle)
                os.close(handle)
                raise ProjectError(f"it is open in another window or process{holder}") from error
            if self._is_current(handle):
                break
            os.close(handle)  # its holder removed the file between our opening and our locking it
        with suppress(OSError):  # a full disk takes the holder's name and not the lock
            os.ftruncate(handle, 0)
            os.lseek(handle, 1, os.SEEK_SET)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
        return handle

    def _is_current(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._file.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the lock back; the second call does nothing."""
        if self._handle < 0:
            return
        if sys.platform != "win32":
            self._file.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = -1


def _holder(handle: int) -> str:
    try:
        os.lseek(handle, 1, os.SEEK_SET)
        text = os.read(handle, 200).decode("utf-8", "replace").strip("\0 \n")
    except OSError:
        return ""
    return f" ({text})" if text else ""


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
