"""Hears what libtiff says on standard error, its only word on damaged rows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_MOST = 1 << 16


class Complaints:
    """What was said meanwhile."""

    def __init__(self) -> None:
        self.said = b""

    def count(self) -> int:
        """Count the lines."""
        return self.said.count(b"\n")


@contextmanager
def complaints_heard() -> Iterator[Complaints]:
    """Listen to file descriptor 2; for one thread. What exceeds a pipe's room is lost, and nobody waits for it."""
    heard = Complaints()
    listening, speaking = os.pipe()
    os.set_blocking(speaking, False)
    os.set_blocking(listening, False)
    usual = os.dup(2)
    os.dup2(speaking, 2)
    try:
        yield heard
    finally:
        os.dup2(usual, 2)
        os.close(usual)
        os.close(speaking)
        heard.said = os.read(listening, _MOST)  # "" at the end of file: nobody speaks any more
        os.close(listening)
