"""Copies a SQLite database while it is written to."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from faultdesk.adapters.sql.database import Database
from faultdesk.errors import DatabaseUnavailableError, PermanentError


def back_up(database: Database, file: Path, *, overwrite: bool = False) -> int:
    """Write a copy of one moment, checked and on the disk; return its octets.

    Raises:
        PermanentError: It is no SQLite database, the file is there already, or the copy is damaged.
        DatabaseUnavailableError: The copy could not be written or the database not be read.
    """
    if not database.is_sqlite:
        url = database.url
        where = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
        raise PermanentError(
            f"backup: PostgreSQL has a program for it: pg_dump --format=custom --file={file} '{where}'"
        )
    if file.exists() and not overwrite:
        raise PermanentError(f"{file}: is there already")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        _copy(Path(database.url.database or ""), unfinished)
        _sync(unfinished)
        unfinished.rename(file)
        _sync(file.parent)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnavailableError(f"{file}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        # In one step, a single read transaction: by and by it would begin anew with every commit of the daemon.
        reading.backup(writing)
        # One file, with no second one beside it that could be left behind.
        writing.execute("PRAGMA journal_mode=DELETE")
        (told,) = writing.execute("PRAGMA integrity_check(1)").fetchone()
    if told != "ok":
        raise PermanentError(f"backup: the database is damaged: {told}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
