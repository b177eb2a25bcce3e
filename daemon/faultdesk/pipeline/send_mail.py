"""The job `mail.send`: hands one stored mail to the mailer, and writes the receipt."""

from datetime import datetime, timedelta

import structlog

from faultdesk.domain.decision import Job
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.ledger import withheld as mail_withheld
from faultdesk.pipeline.letters import OutgoingMail
from faultdesk.pipeline.outgoing import complete
from faultdesk.pipeline.ports import Mailer
from faultdesk.pipeline.store import Store, Tickets

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
        """Send, unless this client's address or house has had its share for this hour."""
        with self._store.read() as tx:
            mail = tx.tickets.mail(int(job.arguments["mail"]))
            withheld = tx.quarantine.reasons(mail.attached) if mail.attached else {}
            octets = complete(mail, tx.inbox.content, withheld)
            reason = self._had_enough(tx.tickets, mail, desk.now)
        if reason:
            desk.withheld.append((mail, reason))
            self._note(desk, mail, mail_withheld(mail.purpose, reason, "faultdesk"))
            return
        envelope_from = self._identity.envelope_from if mail.automatic else self._identity.address
        self._mailer.send(envelope_from, mail.recipients, octets)
        desk.receipts.append(mail)
        log.info("mail.sent", ticket=mail.ticket_id, purpose=mail.purpose, message_id=mail.message_id)
        data = {"purpose": mail.purpose, "to": mail.recipients, "message_id": mail.message_id}
        if withheld:
            data["without"] = [f"message {inbox_id}: {why}" for inbox_id, why in withheld.items()]
        self._note(desk, mail, Event("mail_sent", data, actor="faultdesk"))

    def _had_enough(self, tickets: Tickets, mail: OutgoingMail, now: datetime) -> str:
        """Say why no more goes to this client automatically for now; "" when it does."""
        if mail.internal or not mail.automatic:
            return ""
        since = now - _HOUR
        of_ticket = tickets.sent_of(mail.ticket_id, since) if mail.ticket_id is not None else 0
        if of_ticket >= self._identity.hourly_ticket_cap:
            return f"{of_ticket} automatic mails went out of this ticket within an hour"
        for person in map(Address, mail.recipients):
            if (sent := tickets.sent_to(person.address, since)) >= self._identity.hourly_cap:
                return f"{sent} automatic mails went to this address within an hour"
            shared = person.domain in self._identity.free_mail_domains
            if not shared and (
                (sent := tickets.sent_to_domain(person.domain, since)) >= self._identity.hourly_domain_cap
            ):
                return f"{sent} automatic mails went to {person.domain} within an hour"
        return ""

    @staticmethod
    def _note(desk: JobDesk, mail: OutgoingMail, event: Event) -> None:
        if mail.ticket_id is not None:
            desk.record(mail.ticket_id, event)
