"""What every command starts from: the configuration, and a database of the right version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
import typer

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import require_current
from faultdesk.config import Config, load_config
from faultdesk.service.wiring import Desk, open_database, open_desk

DEFAULT_CONFIG = Path("/etc/faultdesk/faultdesk.toml")


def configuration(context: typer.Context) -> Config:
    """Load the configuration that was chosen before the command.

    Raises:
        ConfigError: It cannot be read or is wrong.
    """
    return load_config(context.obj)


@contextmanager
def database(context: typer.Context) -> Iterator[Database]:
    """Open the database for a look or a change.

    Raises:
        ConfigError: It is not of this version.
    """
    opened = open_database(configuration(context))
    try:
        require_current(opened)
        yield opened
    finally:
        opened.close()


@contextmanager
def reading(context: typer.Context) -> Iterator[sa.Connection]:
    """Open the database for a look."""
    with database(context) as opened, opened.read() as connection:
        yield connection


@contextmanager
def desk(context: typer.Context) -> Iterator[Desk]:
    """Put together what a person's act needs; what it decides waits for the daemon."""
    opened = open_desk(configuration(context))
    try:
        require_current(opened.store.database)
        yield opened
    finally:
        opened.store.database.close()
