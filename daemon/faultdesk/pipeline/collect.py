"""collect: from a mailbox into the inbox, as octets, stored first and flagged after."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from faultdesk.pipeline.ports import Clock, Mailbox
from faultdesk.pipeline.store import Store

log = structlog.get_logger()


_REPORTED_EVERY = timedelta(minutes=1)


def collect(mailbox: Mailbox, store: Store, clock: Clock, on_stored: Callable[[], None]) -> None:
    """Store everything new of one mailbox, telling of each batch; `on_stored` may take its time.

    Raises:
        MailboxUnavailableError: The server cannot be reached or ended the session.
        DatabaseUnavailableError: Nothing was flagged that is not stored.
    """
    mailbox.open()
    _settle(mailbox, store)
    with store.read() as tx:
        cursor = tx.inbox.cursor(mailbox.name)
    for batch in mailbox.fetch_new(cursor):
        with store.write() as tx:
            new = tx.inbox.add(mailbox.name, batch, clock.now())
        # After the commit: a crash in between costs a second look, never a message.
        uids = [raw.uid for raw in batch.messages]
        mailbox.mark_done(uids, batch.cursor.uid_validity)
        with store.write() as tx:
            tx.inbox.settle(mailbox.name, uids)
        log.info("mailbox.collected", mailbox=mailbox.name, messages=new, known=len(uids) - new)
        _report(mailbox, store, clock)
        on_stored()
    _report(mailbox, store, clock)


def _report(mailbox: Mailbox, store: Store, clock: Clock) -> None:
    """Note that the mailbox was reached; not at every look, of which an idle Maildir has four a second."""
    now = clock.now()
    with store.read() as tx:
        is_known = tx.inbox.is_well_since(mailbox.name, now - _REPORTED_EVERY)
    if not is_known:
        with store.write() as tx:
            tx.inbox.report(mailbox.name, now, None)


def _settle(mailbox: Mailbox, store: Store) -> None:
    """Mark what the last run stored and did not get to mark."""
    with store.read() as tx:
        cursor, left = tx.inbox.cursor(mailbox.name), tx.inbox.unsettled(mailbox.name)
    if cursor and left:
        mailbox.mark_done(left, cursor.uid_validity)
        with store.write() as tx:
            tx.inbox.settle(mailbox.name, left)
