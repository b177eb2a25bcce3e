"""init, check, migrate: from nothing to a desk that can run."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from faultdesk.adapters.credentials import read_secret, write_signing_key
from faultdesk.adapters.sql import migrate as migrations
from faultdesk.cli.context import configuration
from faultdesk.config import Config, Draft, read_draft
from faultdesk.config.settings import HylafaxSettings, MaildirSettings
from faultdesk.errors import ConfigError, FaultdeskError
from faultdesk.handlers.host import Host
from faultdesk.pipeline.ports import FaxSender
from faultdesk.service.fax_wiring import open_fax_sender, open_press
from faultdesk.service.look_ahead import look_ahead
from faultdesk.service.wiring import (
    engine_tables,
    load_handlers,
    open_database,
    open_identity,
    open_mailbox,
    open_mailer,
    require_engine_tables,
)


def init(
    directory: Annotated[Path, typer.Argument(help="A folder to make, or one without a faultdesk.toml.")],
) -> None:
    """Write a commented configuration for the embedded default: SQLite, a Maildir in, a Maildir out."""
    file = directory / "faultdesk.toml"
    if file.exists():
        raise ConfigError(f"{file}: is there already")
    for maildir in ("inbox", "outbox"):
        for part in ("tmp", "new", "cur"):
            (directory / maildir / part).mkdir(parents=True, exist_ok=True)
    key = directory / "signing.key"
    if not key.exists():
        write_signing_key(key)
    file.write_text(
        files("faultdesk.cli").joinpath("starter.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    typer.echo(f"{file} written; next: faultdesk --config {file} migrate")


def migrate(context: typer.Context) -> None:
    """Bring the database to this version's tables."""
    os.umask(0o077)  # it will hold clients' mails
    config = configuration(context)
    database = open_database(config)
    try:
        before, after = migrations.migrate(database, engine_tables(config))
    finally:
        database.close()
    typer.echo(f"database: {before or 'empty'} -> {after}" if before != after else f"database: is at {after}")
    if config.jobs.engine != "threads":
        typer.echo(f"database: has the tables of {config.jobs.engine}")


def check(
    context: typer.Context,
    online: Annotated[
        bool, typer.Option(help="Connect to every mailbox, the mailer, the database, and what handlers need.")
    ] = False,
) -> None:
    """Say everything that is wrong with the configuration."""
    draft = read_draft(context.obj)
    complaints = [*draft.errors, *(complaint for part in _parts(draft) for complaint in _complaints(part))]
    if online:
        complaints += [complaint for part in _connections(draft) for complaint in _complaints(part)]
    if complaints:
        raise ConfigError("\n".join(f"{context.obj}: {complaint}" for complaint in dict.fromkeys(complaints)))
    config, now = draft.config, datetime.now(UTC)
    warnings = look_ahead(config, Host(load_handlers(config)), open_identity(config), now)
    for warning in warnings:
        typer.echo(f"{context.obj}: warning: {warning}", err=True)
    verdict = ("no mistakes" if warnings else "all is well") + (" and within reach" if online else "")
    typer.echo(f"{context.obj}: {verdict}{', see the warnings' if warnings else ''}")


def _complaints(part: Callable[[], object]) -> Iterator[str]:
    try:
        part()
    except FaultdeskError as error:
        yield from str(error).splitlines()


def _parts(draft: Draft) -> Iterator[Callable[[], object]]:
    config = draft.config
    yield partial(_check_handlers, config)
    if "desk" in draft.sound:
        yield partial(read_secret, config.desk.signing_key, "desk.signing_key")
    if {"desk", "fax"} <= draft.sound:
        yield partial(open_identity, config)
    if "database" in draft.sound:
        yield partial(_check_url, config)
    if "mailer" in draft.sound:
        yield partial(open_mailer, config)
        if {"fax", "desk"} <= draft.sound:
            yield partial(_open_fax_sender, config)
    if "jobs" in draft.sound:
        yield partial(engine_tables, config)
    if "fax" in draft.sound and config.fax.sender is not None:
        yield open_press(config.fax).check
    for name in config.mailboxes:
        yield partial(open_mailbox, config, name)


def _connections(draft: Draft) -> Iterator[Callable[[], object]]:
    config = draft.config
    if "database" in draft.sound:
        yield partial(_check_database, config)
    if "mailer" in draft.sound:
        yield partial(_check_mailer, config)
        if {"fax", "desk"} <= draft.sound:
            yield partial(_check_fax_sender, config)
    for name in config.mailboxes:
        yield partial(_check_mailbox, config, name)
    yield partial(_check_handlers_online, config)


def _check_handlers(config: Config) -> None:
    Host(load_handlers(config))


def _check_handlers_online(config: Config) -> None:
    if complaints := Host(load_handlers(config)).check_online():
        raise ConfigError("\n".join(complaints))


def _check_url(config: Config) -> None:
    open_database(config).close()


def _check_database(config: Config) -> None:
    database = open_database(config)
    try:
        migrations.require_current(database)
        require_engine_tables(config, database)
    finally:
        database.close()


def _check_mailer(config: Config) -> None:
    mailer = open_mailer(config)
    try:
        mailer.check()
    finally:
        mailer.close()


def _open_fax_sender(config: Config) -> FaxSender | None:
    return open_fax_sender(config, open_mailer(config))


def _check_fax_sender(config: Config) -> None:
    # One that sends by mail is as well as the mailer, which is checked by itself.
    if isinstance(config.fax.sender, HylafaxSettings) and (sender := _open_fax_sender(config)):
        sender.check()


def _check_mailbox(config: Config, name: str) -> None:
    settings = config.mailboxes[name]
    if isinstance(settings, MaildirSettings) and not settings.path.is_dir():
        # To open it would make it: a slip of the pen would become a folder that nobody delivers to.
        raise ConfigError(f"mailboxes.{name}.path: {settings.path} is not there; the daemon would make it")
    mailbox = open_mailbox(config, name)
    try:
        mailbox.open()
    finally:
        mailbox.close()
