"""One answer to files that cannot be read, whatever the libraries make of them."""

from collections.abc import Iterator
from contextlib import contextmanager


class UnreadableFileError(Exception):
    """An attachment cannot be looked into; says why."""


@contextmanager
def damage_told() -> Iterator[None]:
    """Take whatever a library raises within for damage: a file cannot spoil the message that brings it.

    Raises:
        UnreadableFileError: The file cannot be read.
        MemoryError: There is no room: the reader ends, and the message is read again without its files.
    """
    try:
        yield
    except (UnreadableFileError, MemoryError):
        raise
    except Exception as error:
        raise UnreadableFileError("is damaged") from error
