"""Brings a database to the tables of this version."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import faultdesk_migrations
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.tables import metadata
from faultdesk.errors import ConfigError


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", next(iter(faultdesk_migrations.__path__)))
    config.set_main_option("path_separator", "os")
    return config


def head_revision() -> str:
    """Name the revision that this program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise ConfigError("faultdesk_migrations: no revision is installed")
    return revision


def current_revision(database: Database) -> str | None:
    """Name the revision the database is at; None for an empty one."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to the head revision; return what it was at and what it is at now."""
    before = current_revision(database)
    config = _config()
    with database.write() as connection, database.unhurried(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, head_revision()


def require_current(database: Database) -> None:
    """Refuse to work on a database of another version.

    Raises:
        ConfigError: It must be migrated, or was by a later version.
    """
    current, head = current_revision(database), head_revision()
    if current is None:
        raise ConfigError("database: is empty; run `faultdesk migrate`")
    if current != head:
        raise ConfigError(
            f"database: is at revision {current}, this version needs {head}; run `faultdesk migrate`"
        )


def differences(database: Database) -> list[object]:
    """List where a migrated database and the tables of this version differ, as `alembic check` does."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))
