"""run --drain: everything that is due now, then an end."""

import structlog

from faultdesk.errors import MailboxUnavailableError
from faultdesk.service.steps import collect_once
from faultdesk.service.wiring import Desk, Works

log = structlog.get_logger()


def drain(desk: Desk, works: Works) -> list[str]:
    """Do everything that is due now, then end; return what could not be reached, by name."""
    works.membership.keep()
    works.engine.serve(works.performer)
    unreachable: list[str] = []
    try:
        for mailbox in works.mailboxes:
            if not works.membership.collects(mailbox.name):
                continue
            try:
                collect_once(desk, mailbox, lambda: None)
            except MailboxUnavailableError as error:
                log.warning("mailbox.unavailable", mailbox=mailbox.name, error=str(error))
                unreachable.append(mailbox.name)
        while works.triage.triage_next() or desk.ledger.tick(desk.store):
            pass
        works.engine.join()
        while desk.ledger.tick(desk.store):
            works.engine.join()
    finally:
        works.engine.stop(cut=works.mailer.close)
        works.readers.close()
        for mailbox in works.mailboxes:
            mailbox.close()
        desk.store.database.close()
    return unreachable
