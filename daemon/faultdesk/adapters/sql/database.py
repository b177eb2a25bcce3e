"""Connections: SQLite in WAL mode with full durability, or PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event

from faultdesk.adapters.sql.turns import Turns
from faultdesk.errors import ConfigError, DatabaseUnavailableError

_BUSY_SECONDS = 10


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
        if password is not None:
            self.url = self.url.set(password=password)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # Threads of this process queue here; SQLite's own busy handler sleeps and guesses.
        self._writing = Turns() if self.is_sqlite else nullcontext()
        self._engine = self._make_engine()

    def _make_engine(self) -> sa.Engine:
        options: dict[str, Any] = {
            "json_serializer": lambda value: msgspec.json.encode(value).decode(),
            "json_deserializer": msgspec.json.decode,
            "hide_parameters": True,  # errors are logged, clients' words are not
        }
        try:
            if not self.is_sqlite:
                return sa.create_engine(self.url, pool_pre_ping=True, **options)
            engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS}, **options)
        except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigError(f"database.url: no driver for {self.url.drivername}: {error}") from error
        event.listen(engine, "connect", _set_pragmas)
        return engine

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that may write."""
        with self._writing, _translated(), self._engine.begin() as connection:
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads."""
        with _translated(), self._engine.begin() as connection:
            self._begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def session(self) -> Iterator[sa.Connection]:
        """Keep a session of its own open, outside any transaction: for what lasts as long as a session."""
        with _translated(), self._engine.connect() as connection:
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

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI connections have no type
    connection.isolation_level = None  # the driver must not begin by itself
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseUnavailableError(f"database: {cause}") from error
