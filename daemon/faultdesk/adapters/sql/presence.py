"""Several daemons on one PostgreSQL: who lives is who holds its advisory lock.

The locks belong to a session of their own. Its end frees them: at once when the process is killed, and
after a few seconds of silence when the process is stopped, its machine lost or cut off, for then the
server ends the session. No daemon's clock has a say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy import func, select

from faultdesk.adapters.sql.advisory import lock_key
from faultdesk.adapters.sql.daemons import FORGET, LIVING, MIGRATING, PLACES, name_of, sign_on, take
from faultdesk.adapters.sql.database import translated
from faultdesk.adapters.sql.migrate import require_current
from faultdesk.adapters.sql.postgresql import SILENCE_SECONDS
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.adapters.sql.tables import daemon
from faultdesk.errors import ConfigError, DatabaseUnavailableError, FaultdeskError, SupersededError

log = structlog.get_logger()

_ANSWER_SECONDS = 5.0
_LOCK_SECONDS = 2

_ALONE = 0x_FA_17_DE_5C


class Presence:
    """The place of one of several daemons; `alone`: of one that suffers none beside it.

    `seal`: the fingerprint of the signing key, which must be the same for all.
    """

    def __init__(self, store: SqlStore, mailboxes: Sequence[str], *, alone: bool, seal: str = "") -> None:
        self._store = store
        self._mailboxes = mailboxes
        self._alone = alone
        self._seal = seal
        self._open = ExitStack()
        self._session: sa.Connection | None = None
        self._mine: frozenset[str] = frozenset()
        self._number = 0

    def join(self) -> None:
        """Open the session, take a number, and what mailboxes are free."""
        self._session = session = self._open.enter_context(self._store.database.session())
        try:
            with translated():
                _limit(session)
                with _no_migration(session):
                    require_current(self._store.database)
                    self._sign_on(session)
                self._share_out(session)
        except FaultdeskError:
            self._let_go()
            raise

    def keep(self) -> frozenset[str]:
        """Show that we live, forget who does not, and share the mailboxes out among those who do."""
        if self._session is None:
            self.join()
            log.warning("daemon.rejoined", daemon=self._number)
            return frozenset()
        before = self._mine
        try:
            with translated():
                self._share_out(self._session)
        except DatabaseUnavailableError:
            # The others take us for gone, or will.
            self._let_go()
            raise
        return before - self._mine

    def collects(self, mailbox_name: str) -> bool:
        """Tell whether its lock is ours."""
        return mailbox_name in self._mine

    def leave(self) -> None:
        """Sign off, and end the session."""
        if self._session is not None:
            with suppress(DatabaseUnavailableError), translated():
                self._session.execute(daemon.delete().where(daemon.c.id == self._number))
        self._let_go()

    def _let_go(self) -> None:
        """End the session, and with it every lock."""
        self._session, self._mine = None, frozenset()
        with suppress(DatabaseUnavailableError):
            self._open.close()

    def _sign_on(self, session: sa.Connection) -> None:
        lock = func.pg_try_advisory_lock if self._alone else func.pg_try_advisory_lock_shared
        if not session.scalar(select(lock(_ALONE))):
            raise SupersededError(self._refusal(session))
        # In one statement: a number whose lock is not held is a dead one's.
        signed = sign_on(self._mailboxes, self._seal).cte("signed")
        place = func.pg_advisory_lock(PLACES, sa.cast(signed.c.id, sa.Integer))
        self._number = session.execute(select(signed.c.id, place)).scalar_one()
        self._store.daemon = self._number
        self._require_one_seal(session)

    def _refusal(self, session: sa.Connection) -> str:
        who = "; ".join(name_of(row) for row in session.execute(LIVING)) or "one that is about to end"
        if self._alone:
            return f"another faultdesk daemon works on this database ({who}); this one waits for its end"
        return (
            f"a faultdesk daemon that must be the only one works on this database ({who}); "
            "stop it, and set jobs.engine = 'procrastinate' there, too"
        )

    def _require_one_seal(self, session: sa.Connection) -> None:
        others = [row for row in session.execute(LIVING) if row.seal not in {"", self._seal}]
        if others and self._seal:
            raise ConfigError(
                f"desk.signing_key: is not the key of {name_of(others[0])}, which works on this database: "
                "answers to one daemon's mail come to all of them, so copy the key"
            )

    def _share_out(self, session: sa.Connection) -> None:
        for row in session.execute(FORGET):
            log.warning("daemon.gone", daemon=row.id, host=row.host, pid=row.pid)
        living = {row.id: row.mailboxes for row in session.execute(LIVING)}
        if self._number not in living:
            raise DatabaseUnavailableError("database: this daemon's place is gone")
        ours = shares(living)[self._number]
        for name in self._mine - ours:
            session.execute(select(func.pg_advisory_unlock(lock_key(f"mailbox/{name}"))))
            self._mine -= {name}
        for name in sorted(ours - self._mine):
            if session.scalar(select(func.pg_try_advisory_lock(lock_key(f"mailbox/{name}")))):
                self._take(session, name)

    def _take(self, session: sa.Connection, name: str) -> None:
        try:
            take(session, self._number, [name])
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            # Who had it is stopped in the middle of a transaction, which the server ends soon.
            session.execute(select(func.pg_advisory_unlock(lock_key(f"mailbox/{name}"))))
            return
        self._mine |= {name}
        log.info("mailbox.taken", mailbox=name, daemon=self._number)


def _limit(session: sa.Connection) -> None:
    """Make a session one that the server ends when it is silent, and that waits for nothing long."""
    driver: Any = session.connection.driver_connection
    driver.answer_seconds = _ANSWER_SECONDS
    session.exec_driver_sql(f"SET idle_session_timeout = '{SILENCE_SECONDS}s'")
    session.exec_driver_sql(f"SET lock_timeout = '{_LOCK_SECONDS}s'")


@contextmanager
def _no_migration(session: sa.Connection) -> Iterator[None]:
    """Keep the tables as they are meanwhile."""
    if not session.scalar(select(func.pg_try_advisory_lock_shared(MIGRATING))):
        raise DatabaseUnavailableError("database: `faultdesk migrate` is at work on it")
    yield
    session.execute(select(func.pg_advisory_unlock_shared(MIGRATING)))


def shares(wanted: Mapping[int, Iterable[str]]) -> dict[int, frozenset[str]]:
    """Deal every mailbox to one of the daemons that can collect it; all who look come to the same.

    `wanted`: what each daemon's configuration names.
    """
    dealt: dict[int, set[str]] = {number: set() for number in wanted}
    for place, name in enumerate(sorted({name for names in wanted.values() for name in names})):
        able = sorted(number for number, names in wanted.items() if name in names)
        dealt[able[place % len(able)]].add(name)
    return {number: frozenset(names) for number, names in dealt.items()}
