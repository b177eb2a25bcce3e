"""The job `fax.send`: sets one stored letter as a page, and hands it to the fax gateway."""

from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import phonenumbers
import structlog

from faultdesk.domain.decision import Job
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Language
from faultdesk.domain.number import fax_number
from faultdesk.domain.promise import Clock as PromiseClock
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.errors import PermanentError
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.ledger import withheld
from faultdesk.pipeline.other_ways import try_otherwise
from faultdesk.pipeline.ports import FaxPress, FaxSender, Letter
from faultdesk.pipeline.receipts import overdue
from faultdesk.pipeline.store import OutgoingMail, Store, Transaction

log = structlog.get_logger()

_HOUR = timedelta(hours=1)
_PRIVATE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.PERSONAL_NUMBER}


class FaxRules(msgspec.Struct, frozen=True, kw_only=True):
    """When a fax may be sent, and how often."""

    hourly_cap: int = 6
    """Automatic faxes an hour to one number; more are withheld."""
    quiet_from: time | None = None
    """From then on no private number is called, until `quiet_to`, in the desk's time zone."""
    quiet_to: time = time(7)
    private_numbers: frozenset[str] = frozenset()
    """E.164 numbers that ring in somebody's home, beside mobile ones."""
    receipt_within: timedelta = timedelta(minutes=30)
    """After which a fax whose end the gateway has not told counts as lost; zero for one that never tells."""

    def may_ring_at(self, number: str, now: datetime) -> datetime:
        """Tell when this number may be called: now, or when the quiet hours end. `now` is local."""
        if self.quiet_from is None or not self._is_private(number):
            return now
        ends = now.replace(hour=self.quiet_to.hour, minute=self.quiet_to.minute, second=0, microsecond=0)
        at = now.time()
        if self.quiet_from <= self.quiet_to:
            return ends if self.quiet_from <= at < self.quiet_to else now
        if at >= self.quiet_from:
            return ends + timedelta(days=1)
        return ends if at < self.quiet_to else now

    def _is_private(self, number: str) -> bool:
        if number in self.private_numbers:
            return True
        try:
            return phonenumbers.number_type(phonenumbers.parse(number)) in _PRIVATE
        except phonenumbers.NumberParseException:
            return False


def _is_mailed(way: Address) -> bool:
    return fax_number(way.address) is None


def _patience(ticket: Ticket, now: datetime, usual: timedelta) -> timedelta:
    """Wait no longer than half of what the answer has left: the other half is for the next way."""
    response = ticket.deadline(PromiseClock.RESPONSE)
    if response is None or response.met_at is not None or response.due_at <= now:
        return usual
    return min(usual, (response.due_at - now) / 2)


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
            reason = f"{sent} automatic faxes went to this number within an hour"
            self._withhold(desk, mail, reason)
            desk.decide(lambda tx, changes: try_otherwise(tx, changes, mail.id, reason, alerts=False))
        elif (at := self._may_ring_at(number, desk.now)) > desk.now:
            desk.decide(partial(self._put_off, job, mail, at))
        else:
            self._send(desk, mail, number, Letter(subject=subject, text=text, at=desk.now))

    def _send(self, desk: JobDesk, mail: OutgoingMail, number: str, letter: Letter) -> None:
        if self._sender is None:
            raise PermanentError("no fax can be sent: fax.sender is not configured")
        ticket = desk.ticket(mail.ticket_id) if mail.ticket_id is not None else None
        reference = ticket.reference if ticket else ""
        letter = msgspec.structs.replace(
            letter,
            reference=reference,
            number=number,
            desk=self._identity.name,
            language=ticket.language if ticket else Language.ZH_HANS,
            time_zone=self._identity.time_zone,
        )
        media_type = self._sender.media_type
        page = (
            self._press.convert(mail.content, media_type)
            if mail.content
            else self._press.print(letter, media_type)
        )
        gateways_job = self._sender.send(number, page, media_type, reference or mail.message_id)
        desk.receipts.append(msgspec.structs.replace(mail, fax_job=gateways_job))
        log.info("fax.sent", ticket=mail.ticket_id, purpose=mail.purpose, job=gateways_job)
        data = {"purpose": mail.purpose, "to": mail.recipients[0], "job": gateways_job}
        data["message_id"] = mail.message_id
        self._note(desk, mail, Event("fax_sent", data, actor="faultdesk"))
        if ticket is not None and self._rules.receipt_within and not mail.internal:
            patience = _patience(ticket, desk.now, self._rules.receipt_within)
            desk.put(overdue(mail.id, ticket.id, desk.now, patience))

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

    def _withhold(self, desk: JobDesk, mail: OutgoingMail, reason: str) -> None:
        desk.withheld.append((mail, reason))
        self._note(desk, mail, withheld(mail.purpose, reason, "faultdesk"))

    @staticmethod
    def _note(desk: JobDesk, mail: OutgoingMail, event: Event) -> None:
        if mail.ticket_id is not None:
            desk.record(mail.ticket_id, event)
