"""One daemon per SQLite file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faultdesk.adapters.sql.database import Database
from faultdesk.errors import ConfigError


@contextmanager
def sole_daemon(database: Database) -> Iterator[None]:
    """Hold the lock beside the SQLite file; PostgreSQL needs none.

    Raises:
        ConfigError: Another daemon holds it.
    """
    if not database.is_sqlite or not database.url.database:
        yield
        return
    path = Path(f"{database.url.database}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"{path}: another faultdesk daemon works on this database") from error
        yield
    finally:
        os.close(descriptor)
