"""Puts decisions into the ledgers: jobs, mails and events, with the transaction that decided them."""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from faultdesk.domain.decision import Decision, Inspection, Job, Mail
from faultdesk.domain.identity import Identity, is_deliverable
from faultdesk.domain.message import Address
from faultdesk.domain.number import fax_number
from faultdesk.domain.reference import Seal
from faultdesk.domain.ticket import Event, Participant
from faultdesk.pipeline.letters import OutgoingMail
from faultdesk.pipeline.outgoing import compose
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.store import Engine, Store, Transaction
from faultdesk.pipeline.work import JobState

log = structlog.get_logger()

SEND_MAIL = "mail.send"
SEND_FAX = "fax.send"
FAX_OVERDUE = "fax.overdue"
"""The job that looks whether a gateway has told the end of the fax whose letter is `mail`."""
SENDING = (SEND_MAIL, SEND_FAX)
"""The jobs that take a stored letter, by its number in `mail`, out of the house."""
_TICK = 200
_PROBED_EVERY = timedelta(seconds=10)


class Ledger:
    """The one door through which anything is decided.

    Without an engine, as on the command line, what is due now waits for the daemon's next tick.
    """

    def __init__(self, engine: Engine | None, identity: Identity, seal: Seal, clock: Clock) -> None:
        self.identity = identity
        self._engine = engine
        self._seal = seal
        self._clock = clock
        self._probed_at = clock.now()

    def message_id_of(self, ticket_id: int, name: str, to: str) -> str:
        """Tell the Message-ID that a letter of this name to this address gets."""
        # A fax is one letter to each number.
        name = f"{name}/{to}" if fax_number(to) is not None else name
        return self._seal.message_id(ticket_id, name, self.identity.domain)

    def apply(self, tx: Transaction, ticket_id: int | None, actor: str, decision: Decision) -> None:
        """Write one decision down."""
        match decision:
            case Job():
                self.put(tx, decision)
            case Mail():
                self._file(tx, actor, decision)
            case Event() if ticket_id is not None:
                tx.tickets.record(ticket_id, [signed(actor, decision)], self._clock.now())

    def put(self, tx: Transaction, job: Job, to: Sequence[str] = ()) -> None:
        """Put a job: at once to the engine, or for later into the ledger.

        Jobs of one lane run one after the other: of a ticket those of one handler, and the letters to the same people
        (`to`). A server that does not take a client's mail holds up nobody's work order, and no clock.
        """
        now = self._clock.now()
        run_at = job.run_at or now
        state = JobState.SENT if self._engine and run_at <= now else JobState.DUE
        lane = _lane(job, to)
        job_id = tx.jobs.put(job, lane, state, run_at)
        if self._engine and state is JobState.SENT:
            self._engine.send(tx, job_id, lane)

    def inspect(self, tx: Transaction, inbox_id: int, inspection: Inspection) -> None:
        """Withhold an original until a job has looked at it."""
        until = self._clock.now() + inspection.patience
        inspector = inspection.job.kind.partition(".")[0]
        tx.quarantine.begin(inbox_id, inspector, inspection.reason, until)
        self.put(tx, inspection.job)

    def settle(self, tx: Transaction, inspector: str, inbox_id: int, reason: str | None) -> None:
        """End a look at an original, and let the mails go that waited for it and for no other."""
        now = self._clock.now()
        for row in tx.quarantine.settle(inbox_id, inspector, reason):
            until = tx.quarantine.wait(tx.tickets.mail(row).attached, row, now)
            tx.jobs.advance(_waiting(row), until or now)

    def tick(self, store: Store) -> int:
        """Hand over what has come due; return how many jobs that were."""
        if self._engine is None:
            return 0
        now = self._clock.now()
        with store.read() as tx:
            next_due, any_held = tx.jobs.next_due(), tx.jobs.any_held()
        # Either way: a clock that was put back must not put off the probe.
        probing = any_held and abs(now - self._probed_at) >= _PROBED_EVERY
        if not probing and (next_due is None or next_due > now):
            return 0
        with store.write() as tx:
            due = tx.jobs.take_due(now, _TICK)
            if probing:
                self._probed_at = now
                due += tx.jobs.take_probes()
            for job_id, lane in due:
                self._engine.send(tx, job_id, lane)
        return len(due)

    def alert(
        self, tx: Transaction, name: str, subject: str, text: str, ticket_id: int | None = None
    ) -> None:
        """Tell the desk's own people that something needs them."""
        if not self.identity.alerts:
            log.warning("alert.unaddressed", alert=name)
            return
        mail = Mail(
            # With its time: what fails a second time is told a second time.
            name=f"alert/{name}/{self._clock.now().isoformat()}",
            ticket_id=ticket_id,
            to=tuple(Address(address) for address in self.identity.alerts),
            subject=subject,
            text=text,
            purpose="alert",
            internal=True,
        )
        self._file(tx, "faultdesk", mail)

    def _file(self, tx: Transaction, actor: str, mail: Mail) -> None:
        for person in mail.to:
            if fax_number(person.address) is not None:
                self._file_fax(tx, mail, person)
        others = tuple(person for person in mail.to if fax_number(person.address) is None)
        if others or not mail.to:
            self._file_mail(tx, actor, msgspec.structs.replace(mail, to=others))

    def _file_fax(self, tx: Transaction, mail: Mail, to: Address) -> None:
        """File a letter as it was decided; its page is set when it is sent, unless it is a document already."""
        name = f"{mail.name}/{to.address}"
        outgoing = OutgoingMail(
            ticket_id=mail.ticket_id,
            message_id=self._seal.message_id(mail.ticket_id or 0, name, self.identity.domain),
            purpose=mail.purpose,
            recipients=[to.address],
            content=next((file.content for file in mail.files if file.media_type == "application/pdf"), b""),
            automatic=mail.automatic,
            internal=mail.internal,
        )
        row = tx.tickets.add_mail(outgoing, mail.subject, mail.text)
        if row is not None:
            self.put(tx, Job(SEND_FAX, mail.ticket_id, {"mail": row}), outgoing.recipients)

    def _file_mail(self, tx: Transaction, actor: str, mail: Mail) -> None:
        bad = [person.address for person in mail.to if not is_deliverable(person.address)]
        if bad or not mail.to:
            is_nobody = not any(person.address for person in mail.to)
            reason = (
                "nobody told an address to answer" if is_nobody else "not an address that mail can be sent to"
            )
            self._withhold(tx, actor, mail, reason)
            return
        outgoing = compose(mail, self.identity, self._seal, self._clock.now())
        row = tx.tickets.add_mail(outgoing, mail.subject, mail.text)
        if row is None:
            return
        if mail.internal and mail.ticket_id is not None:
            # Who was told of it takes part, so that an answer is known for a person's of the desk.
            people = [Participant(person, mail.role) for person in mail.to]
            tx.tickets.add_participants(mail.ticket_id, people)
        until = tx.quarantine.wait(mail.attached, row, self._clock.now()) if mail.attached else None
        # For later, and so not in the way of the ticket's other mails.
        name = _waiting(row) if until else None
        self.put(tx, Job(SEND_MAIL, mail.ticket_id, {"mail": row}, name, until), outgoing.recipients)

    def _withhold(self, tx: Transaction, actor: str, mail: Mail, reason: str) -> None:
        log.warning("mail.withheld", purpose=mail.purpose, ticket=mail.ticket_id, reason=reason)
        if mail.ticket_id is None:
            return
        tx.tickets.record(mail.ticket_id, [withheld(mail.purpose, reason, actor)], self._clock.now())
        if not mail.internal:
            reference = tx.tickets.get(mail.ticket_id).reference
            self.alert(
                tx,
                f"not-reached/{mail.name}",
                f"{reference}: client not reached, phone them",
                f"The {mail.purpose} was not sent: {reason}.\nfaultdesk ticket {reference}\n",
                mail.ticket_id,
            )


def _lane(job: Job, to: Sequence[str]) -> str:
    if job.ticket_id is None:
        return f"job/{job.name or job.kind}"
    if job.kind not in SENDING:
        return f"ticket/{job.ticket_id}/{job.kind.partition('.')[0]}"
    # Whose they are stands in the letter alone: what is erased there must not live on here.
    return f"ticket/{job.ticket_id}/{job.kind}/{zlib.crc32(' '.join(sorted(to)).encode()):08x}"


def _waiting(mail_row: int) -> str:
    """Name the job of a mail that waits for a look at an original."""
    return f"{SEND_MAIL}/{mail_row}"


def signed(actor: str, event: Event) -> Event:
    """Let an event carry the name of who decided it, unless it names somebody itself."""
    return event if event.actor else Event(event.kind, event.data, event.at, actor)


def withheld(purpose: str, reason: str, actor: str, at: datetime | None = None) -> Event:
    """Note on the ticket that a mail was not sent, and why."""
    return Event("mail_withheld", {"purpose": purpose, "reason": reason}, at, actor)
