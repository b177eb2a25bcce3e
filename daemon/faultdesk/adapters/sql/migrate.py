"""Brings a database to the tables of this version, while daemons of the last one may still work on it.

A revision adds, and says nothing: programs of the version before go on. One that takes away sets
`schema.oldest_program` to the first revision whose programs do without; then no older daemon may live.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from faultdesk.adapters.sql.daemons import LIVING, MIGRATING
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.revisions import alembic_config, current_revision, head_revision
from faultdesk.adapters.sql.tables import metadata, schema
from faultdesk.errors import ConfigError

_OLDEST_PROGRAM = select(schema.c.oldest_program)


def migrate(
    database: Database, prepare_engine: Callable[[sa.Connection], None] = lambda _: None
) -> tuple[str | None, str]:
    """Bring the database to the head revision; return what it was at and what it is at now.

    `prepare_engine` does the same for the tables of an engine, in the same transaction.

    Raises:
        ConfigError: The database is of a later version, or a daemon lives that could not work on it any more.
    """
    before, head = current_revision(database), head_revision()
    if before is not None and before > head:
        raise ConfigError(f"database: is at revision {before}, later than this version's {head}")
    config = alembic_config()
    with database.write() as connection, database.unhurried(connection):
        config.attributes["connection"] = connection
        if not database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        command.upgrade(config, "head")
        _refuse_older_daemons(connection)
        prepare_engine(connection)
    return before, head


def _refuse_older_daemons(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        return  # its only daemon is stopped for this
    oldest = connection.scalar(_OLDEST_PROGRAM) or ""
    older = [row for row in connection.execute(LIVING) if row.revision < oldest]
    if older:
        names = ", ".join(f"{row.host} (pid {row.pid}, revision {row.revision})" for row in older)
        raise ConfigError(
            f"database: programs before revision {oldest} cannot work on it any more; stop {names}"
        )


def require_current(database: Database) -> None:
    """Refuse to work on a database of another version, but for one that later versions left fit for this one.

    Raises:
        ConfigError: It must be migrated, or was by a version that is too late.
    """
    current, head = current_revision(database), head_revision()
    if current is None:
        raise ConfigError("database: is empty; run `faultdesk migrate`")
    if current < head:
        raise ConfigError(
            f"database: is at revision {current}, this version needs {head}; run `faultdesk migrate`"
        )
    if current > head:
        with database.read() as connection:
            oldest = connection.scalar(_OLDEST_PROGRAM) or ""
        if oldest > head:
            raise ConfigError(
                f"database: is at revision {current}, which needs a program of {oldest} or later; "
                f"this one is of {head}"
            )


def differences(database: Database) -> list[object]:
    """List where a migrated database and the tables of this version differ, as `alembic check` does."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))
