"""Connections: SQLite in WAL mode with full durability, or PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event

from faultdesk.adapters.sql.turns import Turns
from faultdesk.errors import ConfigError, DatabaseUnavailableError, TransactionTimeoutError

_BUSY_SECONDS = 10
_CACHE_KIB = 16 * 1024
_IDLE_IN_TRANSACTION = "25P03"
_TRANSIENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


class Database:
    """One database.

    Reading never takes SQLite's write lock; writing takes it at the start (BEGIN IMMEDIATE), so that a
    transaction cannot fail half-way because another got in between.
    """

    def __init__(self, url: str, password: str | None = None) -> None:
        try:
            self.url = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise ConfigError("database.url: not a database URL") from error
        if password is not None and self.url.get_backend_name() == "sqlite":
            raise ConfigError("database.password: SQLite has none; leave it out")
        if password is not None:
            self.url = self.url.set(password=password)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # Threads of this process queue here; SQLite's own busy handler sleeps and guesses.
        self._writing = Turns() if self.is_sqlite else nullcontext()
        self._engine = self._make_engine()
        # One connection does all writing: each commit of one empties the page caches of all others.
        # Its pool never holds a second one, for writers take turns.
        self._writer = self._make_engine() if self.is_sqlite else self._engine

    def _make_engine(self) -> sa.Engine:
        options: dict[str, Any] = {
            "json_serializer": lambda value: msgspec.json.encode(value).decode(),
            "json_deserializer": msgspec.json.decode,
            "hide_parameters": True,  # errors are logged, clients' words are not
        }
        try:
            if not self.is_sqlite:
                from faultdesk.adapters.sql import postgresql  # noqa: PLC0415 - an extra, which may be missing

                return postgresql.make_engine(self.url, options)
            engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS}, **options)
        except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigError(
                f"database.url: no driver for {self.url.drivername}; "
                "there are sqlite and, with faultdesk[postgres], postgresql+psycopg"
            ) from error
        event.listen(engine, "connect", _set_pragmas)
        return engine

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that may write."""
        with self._writing, translated(), self._writer.begin() as connection:
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads."""
        with translated(), self._engine.begin() as connection:
            self._begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def session(self) -> Iterator[sa.Connection]:
        """Keep a session of its own open, outside any transaction: for what lasts as long as a session."""
        with translated(), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.invalidate()  # not back to the pool, where it would go on holding what it holds

    def _begin(self, connection: sa.Connection, statement: str) -> None:
        """Begin on SQLite, whose driver must not do it by itself.

        Past SQLAlchemy: an event listener on the engine would cost something at every statement.
        """
        if not self.is_sqlite:
            return
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(statement)
        except sqlite3.OperationalError as error:
            raise sa.exc.OperationalError(statement, None, error) from error

    def unhurried(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """Let each answer take as long as it takes: for a migration of large tables."""
        if self.is_sqlite:
            return nullcontext()
        from faultdesk.adapters.sql import postgresql  # noqa: PLC0415 - as above

        return postgresql.unhurried(connection)

    def close(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._engine.dispose()


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI connections have no type
    connection.isolation_level = None  # the driver must not begin by itself
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA temp_store=MEMORY")  # what undoes a failed statement, a file otherwise
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")


@contextmanager
def translated() -> Iterator[None]:
    """Raise DatabaseUnavailableError for what is the database's trouble and may pass."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        if isinstance(error, sa.exc.DBAPIError) and not _is_transient(error):
            raise
        cause = getattr(error, "orig", None) or error
        timed_out = getattr(cause, "sqlstate", None) == _IDLE_IN_TRANSACTION
        trouble = TransactionTimeoutError if timed_out else DatabaseUnavailableError
        raise trouble(f"database: {cause}") from error


def _is_transient(error: sa.exc.DBAPIError) -> bool:
    """Tell the database's trouble from ours: a statement or a value that it will never take."""
    if error.connection_invalidated:
        return True
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # The low octet of an extended code is the code.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _TRANSIENT
    from faultdesk.adapters.sql import postgresql  # noqa: PLC0415 - as above

    return postgresql.is_transient(cause)
