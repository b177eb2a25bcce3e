"""Which tables a program needs, and which a database has; revisions are numbered in their order."""

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import faultdesk_migrations
from faultdesk.adapters.sql.database import Database
from faultdesk.errors import ConfigError


def alembic_config() -> Config:
    """Point alembic to the revisions that are installed."""
    config = Config()
    config.set_main_option("script_location", next(iter(faultdesk_migrations.__path__)))
    config.set_main_option("path_separator", "os")
    return config


def head_revision() -> str:
    """Name the revision that this program needs."""
    revision = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if revision is None:
        raise ConfigError("faultdesk_migrations: no revision is installed")
    return revision


def current_revision(database: Database) -> str | None:
    """Name the revision the database is at; None for an empty one."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()
