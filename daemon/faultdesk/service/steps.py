"""Single steps of the running daemon, for its loops and for `run --drain`."""

from collections.abc import Callable

import structlog

from faultdesk.errors import DatabaseUnavailableError, MailboxUnavailableError
from faultdesk.pipeline.collect import collect
from faultdesk.pipeline.perform import LONGEST_BACKOFF
from faultdesk.pipeline.ports import Mailbox
from faultdesk.service.nightly import arrange_audit
from faultdesk.service.wiring import Desk

log = structlog.get_logger()


def collect_once(desk: Desk, mailbox: Mailbox, on_stored: Callable[[], None]) -> None:
    """Collect a mailbox, and note in the database how that went.

    Raises:
        MailboxUnavailableError: After it was noted.
    """
    try:
        collect(mailbox, desk.store, desk.clock, on_stored)
    except (MailboxUnavailableError, DatabaseUnavailableError) as error:
        mailbox.close()
        _note_failure(desk, mailbox, error)
        raise


def _note_failure(desk: Desk, mailbox: Mailbox, error: Exception) -> None:
    try:
        with desk.store.write() as tx:
            tx.inbox.report(mailbox.name, desk.clock.now(), str(error))
    except DatabaseUnavailableError as unavailable:
        log.warning("mailbox.report_lost", mailbox=mailbox.name, error=str(unavailable))


def put_times_right(desk: Desk) -> None:
    """Undo what a clock that was ahead has put off, at a start and after a step; arrange the audit."""
    now = desk.clock.now()
    with desk.store.write() as tx:
        tx.jobs.hasten(now, LONGEST_BACKOFF)
        tx.health.forget_the_future(now)
        arrange_audit(desk.config, tx, desk.ledger, desk.clock)
