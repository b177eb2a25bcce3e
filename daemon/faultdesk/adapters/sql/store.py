"""The store: transactions over the three ledgers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from faultdesk.adapters.sql.artefacts import SqlArtefacts
from faultdesk.adapters.sql.clients import SqlClients
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.health import SqlHealth
from faultdesk.adapters.sql.inbox import SqlInbox
from faultdesk.adapters.sql.jobs import SqlJobs
from faultdesk.adapters.sql.pages import SqlPages
from faultdesk.adapters.sql.quarantine import SqlQuarantine
from faultdesk.adapters.sql.tickets import SqlTickets


class SqlTransaction:
    """One transaction of one connection."""

    def __init__(self, connection: sa.Connection, daemon: int | None = None) -> None:
        self.connection = connection
        self.inbox = SqlInbox(connection, daemon)
        self.pages = SqlPages(connection, daemon)
        self.tickets = SqlTickets(connection)
        self.jobs = SqlJobs(connection, daemon)
        self.quarantine = SqlQuarantine(connection)
        self.health = SqlHealth(connection)
        self.artefacts = SqlArtefacts(connection)
        self.clients = SqlClients(connection)
        self.committing: list[Callable[[], Any]] = []
        self.committed: list[Callable[[], Any]] = []

    def before_commit(self, action: Callable[[], Any]) -> None:
        """Run this as the transaction's last part."""
        self.committing.append(action)

    def after_commit(self, action: Callable[[], Any]) -> None:
        """Run this once the transaction is committed."""
        self.committed.append(action)


class SqlStore:
    """The store over a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.daemon: int | None = None
        """The number of the daemon that works here, as long as it is one; transactions are fenced by it."""

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        """Open a transaction that may write; what waits for its commit runs right after it."""
        with self.database.write() as connection:
            transaction = SqlTransaction(connection, self.daemon)
            yield transaction
            for action in transaction.committing:
                action()
        for action in transaction.committed:
            action()

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Open a transaction that only reads."""
        with self.database.read() as connection:
            yield SqlTransaction(connection, self.daemon)
