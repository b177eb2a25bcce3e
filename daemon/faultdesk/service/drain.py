"""run --drain: everything that is due now, then an end."""

from functools import partial

import structlog

from faultdesk.errors import MailboxUnavailableError
from faultdesk.service.loop import Loop
from faultdesk.service.steps import collect_once
from faultdesk.service.wiring import Desk, Works

log = structlog.get_logger()


_KEPT_EVERY = 1.0
_NEVER_HUNG = float("inf")


def drain(desk: Desk, works: Works) -> list[str]:
    """Do everything that is due now, then end; return what could not be reached, by name."""
    works.membership.keep()
    Loop("membership", partial(_keep, works), works.stopping, _NEVER_HUNG).start()
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
        works.artefacts.look()
        while works.triage.triage_next() or works.pages.read_next() or desk.ledger.tick(desk.store):
            pass
        works.engine.join()
        while desk.ledger.tick(desk.store):
            works.engine.join()
    finally:
        works.engine.stop(cut=works.mailer.close)
        works.readers.close()
        works.page_readers.close()
        for mailbox in works.mailboxes:
            mailbox.close()
        desk.store.database.close()
    return unreachable


def _keep(works: Works) -> None:
    works.stopping.wait(_KEPT_EVERY)
    if not works.stopping.is_set():
        works.membership.keep()
