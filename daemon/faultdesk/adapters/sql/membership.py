"""Which daemons work on a database, and which of them collects which mailbox."""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from faultdesk.adapters.sql.daemons import sign_on, take
from faultdesk.adapters.sql.migrate import require_current
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.adapters.sql.tables import daemon
from faultdesk.errors import DatabaseUnavailableError, SupersededError


class Membership(Protocol):
    """A daemon's place among those of its database.

    Every place has a number of its own, never given twice, with which the store fences what is written.
    """

    def join(self) -> None:
        """Take a place among the daemons; its number may come with the first `keep`.

        Raises:
            ConfigError: The database is not of this version.
            SupersededError: Another daemon works here that suffers none beside it.
            DatabaseUnavailableError: The place cannot be had.
        """

    def keep(self) -> frozenset[str]:
        """Show that this daemon lives, every second or two; return the mailboxes that it let go.

        Raises:
            SupersededError: As `join`; the daemon must end.
            DatabaseUnavailableError: The place may be lost; another call tries to get a new one.
        """

    def collects(self, mailbox_name: str) -> bool:
        """Tell whether this mailbox is this daemon's to collect."""

    def leave(self) -> None:
        """Let go of everything; never raises."""


class LockFile:
    """The place of SQLite's only daemon: whoever locks the file beside the database."""

    def __init__(self, store: SqlStore, mailboxes: Sequence[str]) -> None:
        self._store = store
        self._mailboxes = mailboxes
        self._descriptor: int | None = None

    def join(self) -> None:
        """Lock the file; the database may be locked by others, and is waited for later."""
        path = Path(f"{self._store.database.url.database}.lock")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.leave()
            raise SupersededError("another faultdesk daemon works on this database") from error
        except OSError as error:
            raise DatabaseUnavailableError(f"database: {path}: {error.strerror}") from error
        require_current(self._store.database)

    def keep(self) -> frozenset[str]:
        """Take a number at first; then the kernel keeps the lock as long as the process lives."""
        if self._store.daemon is None:
            succeed(self._store, self._mailboxes)
        return frozenset()

    def collects(self, mailbox_name: str) -> bool:
        """Collect them all, once there is a number."""
        return self._store.daemon is not None and mailbox_name in self._mailboxes

    def leave(self) -> None:
        """Unlock the file."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


def succeed(store: SqlStore, mailboxes: Sequence[str]) -> None:
    """Let this daemon be the only one: whatever others there were are gone."""
    with store.database.write() as connection:
        connection.execute(daemon.delete())
        number: int = connection.execute(sign_on(mailboxes)).scalar_one()
        take(connection, number, mailboxes)
    store.daemon = number
