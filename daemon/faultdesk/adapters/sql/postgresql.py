"""A connection to PostgreSQL whose every step ends in time or in an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from sqlalchemy import event

if TYPE_CHECKING:
    from procrastinate import PsycopgConnector

_Answer = TypeVar("_Answer")

SILENCE_SECONDS = 8
"""After so long a daemon counts as gone, and what it had begun is undone."""
# libpq's names. A host that is gone is noticed within 20 s, whatever we wait for; a URL may say otherwise.
_CONNECTING: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
    # A daemon that was stopped in a transaction must not keep the others from what it had locked.
    "options": f"-c idle_in_transaction_session_timeout={SILENCE_SECONDS}s",
}
_DELIVERING = "-c synchronous_commit=off -c enable_sort=off -c enable_hashjoin=off"
"""What is delivered may be delivered twice, so a crash of the server may cost its last moments; and the first of
many jobs is found by indexes, where the planner, without fresh statistics, reads them all."""
_READ_ONLY = "25006"
_TRANSIENT_CLASSES = ("08", "40", "53", "57", "58")
"""Connection, rollback (serialization, deadlock), resources, operator's intervention, I/O."""
_TRANSIENT = {
    _READ_ONLY,
    "25P03",  # idle_in_transaction_session_timeout
    "55P03",  # lock_not_available
}


class PatientConnection(psycopg.Connection[Any]):
    """Gives up a server that takes the question and does not answer, as neither libpq nor TCP does."""

    answer_seconds: float | None = 20.0
    """For one answer; None: however long it takes."""

    def wait(self, gen: PQGen[_Answer], interval: float = 0.1, timeout: float | None = None) -> _Answer:
        """Wait for an answer.

        Raises:
            psycopg.OperationalError: It did not come in time; the connection is closed.
        """
        limit = self.answer_seconds if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError as error:
            if error.sqlstate or self.pgconn.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:
                raise
            # Still busy with our question: nobody may ask it anything more.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {limit} s") from error


def make_engine(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    """Make an engine of such connections."""
    engine = sa.create_engine(url, pool_pre_ping=True, **options)
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "handle_error", _notice_read_only)
    return engine


def make_connector(url: sa.URL, connections: int) -> "PsycopgConnector":
    """Make what procrastinate connects with, to the same server in the same way."""
    from procrastinate import PsycopgConnector  # noqa: PLC0415 - an extra, which may be missing
    from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415 - comes with it

    _, named = url.get_dialect()().create_connect_args(url)
    settings = {"options": f"{_CONNECTING['options']} {_DELIVERING}"}
    return PsycopgConnector(
        # Whole statements only, and no question before each whether the connection is still there.
        pool_factory=lambda check, **options: AsyncConnectionPool(**options),  # noqa: ARG005
        configure=lambda connection: connection.set_autocommit(True),
        kwargs={**_CONNECTING, **settings, **named},
        min_size=1,
        max_size=connections,
    )


@contextmanager
def unhurried(connection: sa.Connection) -> Iterator[None]:
    """Let each answer take as long as it takes."""
    driver: Any = connection.connection.driver_connection
    driver.answer_seconds = None
    try:
        yield
    finally:
        del driver.answer_seconds


def is_transient(error: BaseException | None) -> bool:
    """Tell whether the same statement may pass later, by its SQLSTATE; without one it is the connection's error."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InternalError):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return state in _TRANSIENT or state.startswith(_TRANSIENT_CLASSES)


def _connect(
    _dialect: object, _record: object, words: list[Any], settings: dict[str, Any]
) -> PatientConnection:
    return PatientConnection.connect(*words, **(_CONNECTING | settings))


def _notice_read_only(context: sa.ExceptionContext) -> None:
    """Let go of a server that only reads: after a failover a new connection may find the right one."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True
