"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# It can be read only by setting it, which is the whole process's: once, before there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to a temporary file beside `path` and rename it: the file is there whole or as it was before.

    `durable` waits until it would outlive a power cut. Raises OSError when the folder or the disk refuses.
    """
    handle, name = tempfile.mkstemp(prefix=".yolor-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_UMASK)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
