"""backup: a copy of the database while the daemon runs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from faultdesk.adapters.sql.backup import back_up
from faultdesk.cli.context import database


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file to make.")],
    force: Annotated[bool, typer.Option("--force", help="Though it is there already.")] = False,
) -> None:
    """Copy the SQLite database, checked, while the daemon runs."""
    os.umask(0o077)
    with database(context) as opened:
        octets = back_up(opened, file, overwrite=force)
    typer.echo(f"{file}: {octets} octets, whole")
