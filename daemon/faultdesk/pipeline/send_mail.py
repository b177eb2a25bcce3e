"""The job `mail.send`: hands one stored mail to the mailer, and writes the receipt."""

from datetime import datetime, timedelta

import structlog

from faultdesk.domain.decision import Job
from faultdesk.domain.identity import Identity
from faultdesk.domain.ticket import Event
from faultdesk.pipeline.ledger import withheld
from faultdesk.pipeline.outgoing import complete
from faultdesk.pipeline.perform import JobDesk
from faultdesk.pipeline.ports import Mailer
from faultdesk.pipeline.store import OutgoingMail, Store, Tickets

log = structlog.get_logger()

_HOUR = timedelta(hours=1)


class SendMail:
    """Sends the octets that were stored when the mail was decided.

    Between the server's 250 and the receipt's commit lies one statement; killed there, the identical
    octets go out a second time under the same Message-ID. SMTP allows no less.
    """

    def __init__(self, store: Store, mailer: Mailer, identity: Identity) -> None:
        self._store = store
        self._mailer = mailer
        self._identity = identity

    def __call__(self, job: Job, desk: JobDesk) -> None:
        """Send, unless this client's address has had its share for this hour."""
        with self._store.read() as tx:
            mail = tx.tickets.mail(int(job.arguments["mail"]))
            octets = complete(mail, tx.inbox.content)
            sent = self._sent_this_hour(tx.tickets, mail, desk.now)
        if sent >= self._identity.hourly_cap:
            reason = f"{sent} automatic mails went to this address within an hour"
            desk.withheld.append((mail, reason))
            self._note(desk, mail, withheld(mail.purpose, reason, "faultdesk"))
            return
        envelope_from = self._identity.envelope_from if mail.automatic else self._identity.address
        self._mailer.send(envelope_from, mail.recipients, octets)
        desk.receipts.append(mail)
        log.info("mail.sent", ticket=mail.ticket_id, purpose=mail.purpose, message_id=mail.message_id)
        data = {"purpose": mail.purpose, "to": mail.recipients, "message_id": mail.message_id}
        self._note(desk, mail, Event("mail_sent", data, actor="faultdesk"))

    @staticmethod
    def _sent_this_hour(tickets: Tickets, mail: OutgoingMail, now: datetime) -> int:
        """Count what went to the client automatically; nothing counts where no cap does."""
        if mail.internal or not mail.automatic:
            return 0
        return max((tickets.sent_to(address, now - _HOUR) for address in mail.recipients), default=0)

    @staticmethod
    def _note(desk: JobDesk, mail: OutgoingMail, event: Event) -> None:
        if mail.ticket_id is not None:
            desk.record(mail.ticket_id, event)
