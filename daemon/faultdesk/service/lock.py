"""One daemon per database."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from faultdesk.adapters.sql.database import Database
from faultdesk.errors import DatabaseUnavailableError, TransientError

_ADVISORY_LOCK = 0x_FA_17_DE_5C
"""Any number will do, as long as no other program on the database takes it."""


@contextmanager
def sole_daemon(database: Database) -> Iterator[None]:
    """Hold the database's lock: a file beside SQLite's, an advisory lock of a kept session on PostgreSQL.

    Raises:
        TransientError: Another daemon holds it.
        DatabaseUnavailableError: The lock file cannot be made: the disk is full, out of inodes or read-only.
    """
    locking = _file_lock if database.is_sqlite else _advisory_lock
    with locking(database) as got_it:
        if not got_it:
            raise TransientError("another faultdesk daemon works on this database")
        yield


@contextmanager
def _file_lock(database: Database) -> Iterator[bool]:
    path = Path(f"{database.url.database}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnavailableError(f"database: {path}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


@contextmanager
def _advisory_lock(database: Database) -> Iterator[bool]:
    with database.session() as connection:
        yield bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ADVISORY_LOCK))))
