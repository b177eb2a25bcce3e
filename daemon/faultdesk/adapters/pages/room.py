"""Holds what takes a document apart to the memory that is left to it."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

_FEWEST_OCTETS = 64 * 1024 * 1024
"""For a page, even if what is held comes near to all there may be."""


class Room:
    """So much memory a process may hold; models that read pages map more than they use, and are only looked at."""

    def __init__(self, octets: int) -> None:
        self._octets = octets

    @contextlib.contextmanager
    def bounded(self) -> Iterator[None]:
        """Let the kernel refuse what goes beyond: a decoder can take a gigabyte between two looks from outside."""
        page = resource.getpagesize()
        held, data = (int(pages) * page for pages in _statm(1, 5))
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        most = data + max(_FEWEST_OCTETS, self._octets - held)
        resource.setrlimit(
            resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _statm(*fields: int) -> list[str]:
    told = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return [told[field] for field in fields]
