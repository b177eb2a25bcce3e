"""How a Maildir is laid out and written (https://cr.yp.to/proto/maildir.html)."""

import itertools
import os
import socket
import time
from pathlib import Path

# What follows it in a name in cur/ are the flags; none of them is ours.
INFO = ":2,"
_deliveries = itertools.count(1)


def make_folders(path: Path) -> None:
    """Make tmp, new and cur; `path` itself too, but not what should be around it."""
    for folder in (path, *(path / name for name in ("tmp", "new", "cur"))):
        folder.mkdir(mode=0o700, exist_ok=True)


def unique_name() -> str:
    """Make a name that no other delivery has, on this host or another."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
    return f"{seconds}.M{microseconds}P{os.getpid()}Q{next(_deliveries)}.{host}"


def write_durably(path: Path, name: str, content: bytes) -> None:
    """Write in tmp, then rename into new: nobody ever sees a half, and after a power cut it is there or not."""
    unfinished = path / "tmp" / name
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path / "new" / name)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    folder = os.open(path / "new", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
