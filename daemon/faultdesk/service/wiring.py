"""The composition root: the only place that knows every part."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
import sqlalchemy as sa

from faultdesk.adapters.clock import SystemClock
from faultdesk.adapters.credentials import read_secret
from faultdesk.adapters.engines.threads import ThreadsEngine
from faultdesk.adapters.folder import FolderMailbox
from faultdesk.adapters.imap import ImapMailbox
from faultdesk.adapters.maildir import MaildirMailbox
from faultdesk.adapters.maildir_mailer import MaildirMailer
from faultdesk.adapters.pages.readers import PageReaders
from faultdesk.adapters.smtp import SmtpMailer
from faultdesk.adapters.sql.audit import SqlBooks
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.membership import LockFile, Membership
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.config import Config, convert_table
from faultdesk.config.playbooks import load_playbooks
from faultdesk.config.settings import (
    After,
    FolderSettings,
    ImapSettings,
    MaildirSettings,
    ReadingSettings,
    SmtpSettings,
)
from faultdesk.domain.identity import Identity
from faultdesk.domain.reference import Seal
from faultdesk.errors import ConfigError
from faultdesk.handlers import Handler
from faultdesk.handlers.host import Host, installed_handlers
from faultdesk.pipeline.audit import Report, audit
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.desk_clerk import DeskClerk
from faultdesk.pipeline.ledger import FAX_OVERDUE, SEND_FAX, SEND_MAIL, Ledger
from faultdesk.pipeline.patience import patience
from faultdesk.pipeline.perform import Performer, PerformFunction
from faultdesk.pipeline.ports import Mailbox, Mailer
from faultdesk.pipeline.read_pages import PagesReading
from faultdesk.pipeline.receipts import FaxOverdue
from faultdesk.pipeline.send_fax import SendFax
from faultdesk.pipeline.send_mail import SendMail
from faultdesk.pipeline.store import Engine
from faultdesk.pipeline.triage import Triage
from faultdesk.reading import Readers, ReadingLimits
from faultdesk.service.artefacts import InForce
from faultdesk.service.fax_wiring import fax_rules, open_fax_sender, open_page_readers, open_press
from faultdesk.service.look_ahead import look_ahead
from faultdesk.service.nightly import AUDIT, NightlyAudit
from faultdesk.service.prepared_types import prepare_types

_MOST_READERS = 2
"""A reader takes some 45 MB; more than two pay only on a machine that has them to spare."""


@dataclass(frozen=True)
class Desk:
    """The parts that a command needs: the database, the handlers, and what decides."""

    config: Config
    store: SqlStore
    host: Host
    ledger: Ledger
    changes: Changes
    seal: Seal
    clock: SystemClock


@dataclass(frozen=True)
class Works:
    """The parts that only the daemon has: mailboxes, readers, workers and the way out."""

    mailboxes: tuple[Mailbox, ...]
    mailer: Mailer
    readers: Readers
    page_readers: PageReaders
    pages: PagesReading
    triage: Triage
    performer: Performer
    engine: Engine
    membership: Membership
    artefacts: InForce
    stopping: threading.Event
    """Set once, when the daemon is to end."""


def open_database(config: Config) -> Database:
    """Connect to the configured database; nothing is sent to it yet."""
    password = config.database.password
    return Database(config.database.url, read_secret(password, "database.password") if password else None)


def load_handlers(config: Config) -> dict[str, Handler]:
    """Make every configured handler from its table.

    Raises:
        ConfigError: Handlers that are not installed, cannot be imported or refuse their settings; all at once.
    """
    installed = installed_handlers()
    errors: list[str] = []
    handlers: dict[str, Handler] = {}
    for name, table in config.handlers.items():
        if name not in installed:
            errors.append(f"handlers.{name}: not installed; there are {sorted(installed)}")
            continue
        try:
            kind = installed[name].load()
        except Exception as error:  # noqa: BLE001 - a stranger's module; named, with the others' faults
            errors.append(f"handlers.{name}: cannot be imported: {error!r}")
            continue
        handler = convert_table(table, kind, f"handlers.{name}", config.path.parent, errors)
        if handler is not None:
            handlers[name] = handler
    if errors:
        raise ConfigError("\n".join(errors))
    prepare_types()  # of strangers' modules, too, which nobody had loaded before
    return handlers


def open_identity(config: Config) -> Identity:
    """Tell who the desk is, of the tables that say it."""
    told = {
        name: getattr(config.desk, name) for name in Identity.__struct_fields__ if hasattr(config.desk, name)
    }
    more = {"people": config.people, "playbooks": load_playbooks(config.desk.playbooks)}
    return Identity(**{**told, **more, "fax": config.fax.own_fax, "phone": config.fax.own_phone})


def open_desk(config: Config, engine: Engine | None = None, store: SqlStore | None = None) -> Desk:
    """Put together what decides."""
    clock = SystemClock()
    seal = Seal(read_secret(config.desk.signing_key, "desk.signing_key").encode())
    identity = open_identity(config)
    host = Host(load_handlers(config))
    ledger = Ledger(engine, identity, seal, clock)
    changes = Changes(host, ledger, clock)
    return Desk(config, store or SqlStore(open_database(config)), host, ledger, changes, seal, clock)


def open_works(config: Config) -> tuple[Desk, Works]:
    """Put together the whole daemon; nothing is started or connected yet."""
    store = SqlStore(open_database(config))
    stopping = threading.Event()
    engine = open_engine(config, store, stopping)
    desk = open_desk(config, engine, store)
    readers = open_readers(config.reading)
    clerk = DeskClerk(desk.host, desk.ledger, desk.changes, desk.seal, desk.clock)
    page_readers = open_page_readers(config, desk.host)
    mailer = open_mailer(config)
    own: dict[str, PerformFunction] = {
        SEND_MAIL: SendMail(store, mailer, desk.ledger.identity),
        SEND_FAX: SendFax(
            store,
            open_press(config.fax),
            open_fax_sender(config, mailer),
            desk.ledger.identity,
            fax_rules(config.fax),
        ),
        FAX_OVERDUE: FaxOverdue(store),
        AUDIT: NightlyAudit(
            config,
            store,
            partial(run_audit, config, store.database, desk.host),
            partial(look_ahead, config, desk.host, desk.ledger.identity),
        ),
    }
    performer = Performer(
        store,
        desk.changes,
        desk.clock,
        lambda: {**desk.host.job_functions, **own},
        patience(stopping),
        config.jobs.attempts,
    )
    works = Works(
        mailboxes=tuple(open_mailbox(config, name) for name in config.mailboxes),
        mailer=mailer,
        readers=readers,
        page_readers=page_readers,
        pages=PagesReading(store, page_readers, desk.clock),
        triage=Triage(store, readers, clerk, desk.ledger),
        performer=performer,
        engine=engine,
        membership=open_membership(config, store, desk.seal),
        artefacts=InForce(store, desk.host),
        stopping=stopping,
    )
    return desk, works


def open_engine(config: Config, store: SqlStore, stopping: threading.Event) -> Engine:
    """Make the configured engine.

    Raises:
        ConfigError: It is not installed.
    """
    if config.jobs.engine == "threads":
        return ThreadsEngine(store, stopping, config.jobs.workers)
    try:
        from faultdesk.adapters.engines.procrastinate import ProcrastinateEngine  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    return ProcrastinateEngine(store, stopping, config.jobs.workers)


def engine_tables(config: Config) -> Callable[[sa.Connection], None]:
    """Name what makes the tables of the configured engine.

    Raises:
        ConfigError: It is not installed.
    """
    if config.jobs.engine == "threads":
        return lambda _: None
    try:
        from faultdesk.adapters.engines.lost import prepare_tables  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    return prepare_tables


def require_engine_tables(config: Config, database: Database) -> None:
    """Refuse to work without the tables of the configured engine.

    Raises:
        ConfigError: They were never made, or the engine is not installed.
    """
    if config.jobs.engine != "threads":
        engine_tables(config)
        from faultdesk.adapters.engines.lost import require_tables  # noqa: PLC0415 - an extra

        require_tables(database)


def _not_installed(error: ModuleNotFoundError) -> ConfigError:
    return ConfigError(f"jobs.engine: install faultdesk[cluster]: {error}")


def open_membership(config: Config, store: SqlStore, seal: Seal) -> Membership:
    """Prepare the daemon's place among others; the engine tells whether it suffers any."""
    if store.database.is_sqlite:
        return LockFile(store, list(config.mailboxes))
    from faultdesk.adapters.sql.presence import Presence  # noqa: PLC0415 - as above

    alone = config.jobs.engine == "threads"
    return Presence(store, list(config.mailboxes), alone=alone, seal=seal.fingerprint)


def run_audit(config: Config, database: Database, host: Host, *, online: bool = True) -> Report:
    """Audit with connections of its own to the mailboxes, or with none.

    Raises:
        DatabaseUnavailableError: There is no result.
    """
    mailboxes = [open_mailbox(config, name, to_look=True) for name in config.mailboxes] if online else []
    kinds = {*host.job_functions, SEND_MAIL, SEND_FAX, FAX_OVERDUE, AUDIT}
    return audit(SqlBooks(database), mailboxes, kinds, SystemClock().now())


def open_readers(reading: ReadingSettings) -> Readers:
    """Prepare the reading children; they start with the first message."""
    limits = ReadingLimits(
        processes=reading.processes or min(os.cpu_count() or 1, _MOST_READERS),
        memory_octets=reading.memory_octets,
        seconds=reading.time.total_seconds(),
        open_files=reading.open_files,
    )
    return Readers(limits)


def open_mailbox(config: Config, name: str, *, to_look: bool = False) -> Mailbox:
    """Make a mailbox of its settings; its secret is read, nothing is connected.

    `to_look`: an IMAP folder is opened read-only.
    """
    match config.mailboxes[name]:
        case ImapSettings() as settings:
            if to_look:
                settings = msgspec.structs.replace(settings, after=After.NOTHING)
            return ImapMailbox(name, settings, read_secret(settings.password, f"mailboxes.{name}.password"))
        case MaildirSettings() as settings:
            return MaildirMailbox(name, settings)
        case FolderSettings() as settings:
            return FolderMailbox(name, settings, SystemClock())


def open_mailer(config: Config) -> Mailer:
    """Make the way out of its settings; its secret is read, nothing is connected."""
    settings = config.mailer
    if isinstance(settings, SmtpSettings):
        password = read_secret(settings.password, "mailer.password") if settings.password else None
        return SmtpMailer(settings, password)
    return MaildirMailer(settings.path)
