"""The job `fax.send`: sets one stored letter as a page, and hands it to the fax gateway."""

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import structlog

from faultdesk.domain.decision import Job
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Language
from faultdesk.domain.number import fax_number
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.errors import PermanentError
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.fax_rules import FaxRules
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.ledger import withheld
from faultdesk.pipeline.letters import OutgoingMail
from faultdesk.pipeline.other_ways import try_otherwise
from faultdesk.pipeline.ports import FaxPress, FaxSender, Letter
from faultdesk.pipeline.receipts import overdue
from faultdesk.pipeline.store import Store, Transaction

log = structlog.get_logger()

_HOUR = timedelta(hours=1)


def _is_mailed(way: Address) -> bool:
    return fax_number(way.address) is None


class SendFax:
    """Hands a letter over. What the gateway says of it later, and not this, tells that it arrived.

    Killed between the gateway's answer and the receipt's commit, the same page is sent a second time.
    """

    def __init__(
        self, store: Store, press: FaxPress, sender: FaxSender | None, identity: Identity, rules: FaxRules
    ) -> None:
        self._store = store
        self._press = press
        self._sender = sender
        self._identity = identity
        self._rules = rules

    def __call__(self, job: Job, desk: JobDesk) -> None:
        """Send, unless the number has had its share for this hour or must not ring now.

        Raises:
            PermanentError: No gateway is configured.
        """
        with self._store.read() as tx:
            mail = tx.tickets.mail(int(job.arguments["mail"]))
            subject, text = tx.tickets.letter(mail.id)
            sent = tx.tickets.sent_to(mail.recipients[0], desk.now - _HOUR)
        number = fax_number(mail.recipients[0])
        if number is None:
            raise PermanentError(f"{mail.recipients[0]} is no fax number")
        if mail.automatic and not mail.internal and sent >= self._rules.hourly_cap:
            self._withhold(desk, mail, f"{sent} automatic faxes went to this number within an hour")
        elif (at := self._may_ring_at(number, desk.now)) > desk.now:
            desk.decide(partial(self._put_off, job, mail, at))
        else:
            self._send(desk, mail, number, Letter(subject=subject, text=text, at=desk.now))

    def _send(self, desk: JobDesk, mail: OutgoingMail, number: str, letter: Letter) -> None:
        if self._sender is None:
            raise PermanentError("no fax can be sent: fax.sender is not configured")
        ticket = desk.ticket(mail.ticket_id) if mail.ticket_id is not None else None
        reference = ticket.reference if ticket else ""
        page = self._page(mail, number, letter, ticket, self._sender.media_type)
        gateways_job = self._sender.send(number, page, self._sender.media_type, reference or mail.message_id)
        desk.receipts.append(msgspec.structs.replace(mail, fax_job=gateways_job))
        log.info("fax.sent", ticket=mail.ticket_id, purpose=mail.purpose, job=gateways_job)
        if ticket is None:
            return
        data = {"purpose": mail.purpose, "to": mail.recipients[0], "job": gateways_job}
        data["message_id"] = mail.message_id
        desk.record(ticket.id, Event("fax_sent", data, actor="faultdesk"))
        patience = self._rules.patience(ticket, desk.now)
        if patience and not mail.internal:
            desk.put(
                overdue(mail.id, ticket.id, desk.now, patience, always=self._rules.receipt_within is not None)
            )

    def _page(
        self, mail: OutgoingMail, number: str, letter: Letter, ticket: Ticket | None, media_type: str
    ) -> bytes:
        if mail.content:
            return self._press.convert(mail.content, media_type)
        letter = msgspec.structs.replace(
            letter,
            reference=ticket.reference if ticket else "",
            number=number,
            desk=self._identity.name,
            language=ticket.language if ticket else Language.ZH_HANS,
            time_zone=self._identity.time_zone,
        )
        return self._press.print(letter, media_type)

    def _may_ring_at(self, number: str, now: datetime) -> datetime:
        return self._rules.may_ring_at(number, now.astimezone(ZoneInfo(self._identity.time_zone)))

    def _put_off(self, job: Job, mail: OutgoingMail, at: datetime, tx: Transaction, changes: Changes) -> None:
        """Let a letter go by mail while its number may not ring; where there is no address, let it wait."""
        reason = f"the number may not be called before {at:%H:%M}"
        if try_otherwise(tx, changes, mail.id, reason, takes=_is_mailed, alerts=False):
            tx.tickets.mark_withheld(mail, reason)
            return
        changes.ledger.put(tx, msgspec.structs.replace(job, id=0, tries=0, run_at=at), mail.recipients)
        if mail.ticket_id is not None:
            event = Event("fax_put_off", {"purpose": mail.purpose, "until": at.isoformat()})
            changes.ledger.apply(tx, mail.ticket_id, "fax", event)

    @staticmethod
    def _withhold(desk: JobDesk, mail: OutgoingMail, reason: str) -> None:
        """Send no fax, and the letter by mail where an address is known: two machines may answer each other."""
        desk.withheld.append((mail, reason))
        if mail.ticket_id is not None:
            desk.record(mail.ticket_id, withheld(mail.purpose, reason, "faultdesk"))
        desk.decide(
            lambda tx, changes: try_otherwise(tx, changes, mail.id, reason, takes=_is_mailed, alerts=False)
        )
