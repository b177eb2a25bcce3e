"""The clerk at the desk: files one read message, on its ticket or on a new one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from faultdesk.domain.assignment import engineer_in
from faultdesk.domain.matching import Match, Proof, noticed_at
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import VISIT_WANTED, deadlines_of
from faultdesk.domain.reference import Seal
from faultdesk.domain.ticket import Event, Participant, Role
from faultdesk.domain.trust import Standing
from faultdesk.handlers.host import Decisions, Failure, Host
from faultdesk.pipeline import receipts, undelivered
from faultdesk.pipeline.answers import answers_client, ask_about, event_of_answer, is_certain, wants_visit
from faultdesk.pipeline.assigning import assign
from faultdesk.pipeline.authority import refusal
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.claims import Claim, claim, claim_towards, is_form
from faultdesk.pipeline.echoes import heard, numbered
from faultdesk.pipeline.entitling import entitled, entitlement_of
from faultdesk.pipeline.failures import failure_event
from faultdesk.pipeline.faxes import documents_of
from faultdesk.pipeline.inbox import Received
from faultdesk.pipeline.ledger import Ledger, signed
from faultdesk.pipeline.mailed_commands import answers_as_one_of_us, command, refuse_whole
from faultdesk.pipeline.mailed_correction import correct
from faultdesk.pipeline.noted import classified, opening_data, problems, refused
from faultdesk.pipeline.other_ways import reachable
from faultdesk.pipeline.participants import newcomers, people_of
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.search import TicketSearch
from faultdesk.pipeline.store import Transaction

log = structlog.get_logger()

_PAGES_COME_WITHIN = timedelta(minutes=5)
"""Of a fax that was announced without its pages: gateways tell of one fax in several mails."""


class DeskClerk:
    """Matches, opens and joins; asks the handlers and writes down what they decide."""

    def __init__(self, host: Host, ledger: Ledger, changes: Changes, seal: Seal, clock: Clock) -> None:
        self.host = host
        self._ledger = ledger
        self._changes = changes
        self._seal = seal
        self._clock = clock
        self._search = TicketSearch(seal, ledger.identity)

    def decide(self, tx: Transaction, received: Received, message: InboundMessage) -> None:
        """File one message: it ends in a terminal state, or waits for its pages to be read."""
        message = msgspec.structs.replace(message, id=received.id)
        at = noticed_at(received.arrived_at, message.received_at)
        failures: list[Failure] = []
        self._inspect(tx, message, failures)
        if (twin := tx.tickets.twin(message)) is not None:
            self._ignore(tx, received, "the same message was received before", twin)
        elif self._seal.ticket_of_message_ids((message.message_id,)) is not None:
            self._ignore(tx, received, "our own mail came back")
        elif message.receipt is not None:
            self._file_receipt(tx, received, message, at)
        elif (announced := self._announced_before(tx, message)) is not None:
            self._ignore(tx, received, "the same fax was announced before", announced)
        elif self._awaits_pages(tx, received, message):
            return
        elif message.automatic is not None and not is_form(message, self._ledger.identity):
            self._file_automatic(tx, received, message, at)
        elif (rejection := self.host.screen(message, failures.append)) is not None:
            self._ignore(tx, received, rejection.reason)
        else:
            tx.inbox.done(received.id, self._file(tx, received, message, at, failures))

    def _file(
        self,
        tx: Transaction,
        received: Received,
        message: InboundMessage,
        at: datetime,
        failures: list[Failure],
    ) -> int:
        """File what a person wrote, on its ticket or a new one; return the ticket's number."""
        claimed = claim(heard(tx, message, at, self._seal, self._ledger.identity), self._ledger.identity)
        found = self._put_back(tx, received) or self._search.find(tx, message, claimed.standing)
        if found is not None and found.joins and found.proof is not Proof.OPERATOR:
            claimed = claim_towards(claimed, found.ticket, self._ledger.identity)
            found = msgspec.structs.replace(found, joins=claimed.standing is not Standing.REFUTED)
        if found is not None and found.joins:
            return self._join(tx, found, claimed.message, at, failures)
        if found is not None and answers_as_one_of_us(found, claimed.message):
            refuse_whole(tx, self._changes, found, claimed.message, claimed.noted)
            return found.ticket.id
        return self._open(tx, claimed, at, failures, stranger_to=found)

    def open_unreadable(
        self, tx: Transaction, received: Received, message: InboundMessage, problem: str
    ) -> int:
        """Open a ticket for a message of which at most the header could be read."""
        at = noticed_at(received.arrived_at, message.received_at)
        message = msgspec.structs.replace(message, id=received.id, problems=(*message.problems, problem))
        failures: list[Failure] = []
        self._inspect(tx, message, failures)
        return self._open(tx, Claim(message, Standing.UNPROVED), at, failures)

    def _inspect(self, tx: Transaction, message: InboundMessage, failures: list[Failure]) -> None:
        """Withhold the original from the mails decided below for as long as somebody looks at it.

        Of what waits for its pages twice: only the second look finds the ticket to write on.
        """
        for inspection in self.host.inspect(message, failures.append):
            self._ledger.inspect(tx, message.id, inspection)

    def _ignore(self, tx: Transaction, received: Received, reason: str, ticket_id: int | None = None) -> None:
        tx.inbox.ignore(received.id, reason, ticket_id)
        log.info("message.ignored", inbox=received.id, reason=reason)

    @staticmethod
    def _announced_before(tx: Transaction, message: InboundMessage) -> int | None:
        """Find the ticket of a fax whose pages came in another mail."""
        if message.fax is None or message.fax.reception.documents:
            return None
        return next(iter(tx.tickets.of_message_ids((message.message_id,))), None)

    def _awaits_pages(self, tx: Transaction, received: Received, message: InboundMessage) -> bool:
        """Let a message wait whose pages nobody has read yet, and a fax whose pages may come in another mail."""
        documents = documents_of(message)
        if received.pages is not None or not (documents or message.fax):
            return False
        if message.attachments and not (documents and self.host.reads_pages):
            return False  # no other mail will bring what cannot be read in this one
        tx.pages.want(received.id, documents, self._clock.now() + (not documents) * _PAGES_COME_WITHIN)
        log.info("message.awaits_pages", inbox=received.id, documents=len(documents))
        return True

    def _file_receipt(
        self, tx: Transaction, received: Received, message: InboundMessage, at: datetime
    ) -> None:
        """Keep what a gateway says of a fax of ours with its ticket."""
        ticket_id = receipts.note(tx, self._changes, message)
        if ticket_id is not None:
            tx.tickets.add_message(ticket_id, message, at)
        self._ignore(tx, received, f"automatic: {message.automatic}", ticket_id)

    def _file_automatic(
        self, tx: Transaction, received: Received, message: InboundMessage, at: datetime
    ) -> None:
        """Keep automatic mail with the ticket it speaks of; it opens, reopens and answers nothing."""
        standing = claim(message, self._ledger.identity).standing
        if message.delivery_report is not None:
            standing = Standing.UNPROVED  # it comes from no address, which few servers can prove
        found = self._search.find(tx, message, standing)
        ticket_id = found.ticket.id if found and found.joins else None
        if found is not None and ticket_id is not None:
            tx.tickets.add_message(ticket_id, message, at)
            data = {"inbox": message.id, "reason": message.automatic}
            tx.tickets.record(ticket_id, [Event("automatic_mail_received", data)], self._clock.now())
            if found.proof.is_signed:
                undelivered.note(tx, self._changes, found.ticket, message)
        self._ignore(tx, received, f"automatic: {message.automatic}", ticket_id)

    @staticmethod
    def _put_back(tx: Transaction, received: Received) -> Match | None:
        """Find the ticket that said that this message could not be read."""
        if received.ticket_id is None:
            return None
        return Match(tx.tickets.get(received.ticket_id), Proof.OPERATOR, joins=True)

    def _join(
        self, tx: Transaction, found: Match, message: InboundMessage, at: datetime, failures: list[Failure]
    ) -> int:
        # Of two daemons the second reads what the first has written.
        ticket = tx.tickets.lock(found.ticket.id)
        found = msgspec.structs.replace(found, ticket=ticket)
        if not found.proof.is_signed:
            # From is a claim: nobody new comes in by it, and no answer goes elsewhere.
            message = msgspec.structs.replace(message, reply_to=())
        tx.tickets.add_message(ticket.id, message, at)
        data = {"inbox": message.id, "proof": found.proof}
        tx.tickets.record(
            ticket.id,
            [Event("message_received", data, at, message.sender.address), *problems(message)],
            self._clock.now(),
        )
        if at < ticket.noticed_at and ticket.role_of(message.sender.address) is Role.CLIENT:
            self._changes.change(tx, ticket.id, Event("noticed_earlier", {"noticed_at": at.isoformat()}))
        refused_for = refusal(tx, self._seal, found, message, self._ledger.identity)
        correct(tx, self._changes, self._seal, found, message, self._clock.now())
        command(tx, self._changes, found, message, at, refused_for)
        what = event_of_answer(tx, self.host, ticket, message, at, failures.append)
        if what is None and wants_visit(self.host, ticket, message, failures.append):
            what = VISIT_WANTED
        effect = ""
        if what is not None and is_certain(found, message, self._ledger.identity):
            effect = what
            self._changes.change(tx, ticket.id, Event(what, data, at, message.sender.address))
        elif what is not None:
            ask_about(tx, self._ledger, ticket, message, what)
        if not refused_for and answers_client(found, message):
            self._changes.change(tx, ticket.id, Event("answered", {}, at, message.sender.address))
        elif found.proof.is_signed:
            tx.tickets.add_participants(ticket.id, newcomers(found.ticket, message, self._ledger.identity))
        decisions = self.host.message_added(
            tx.tickets.get(ticket.id), message, self._ledger.identity, effect, failures.append
        )
        self._write_down(tx, ticket.id, decisions, failures)
        log.info("ticket.joined", ticket=ticket.reference, inbox=message.id, proof=found.proof)
        return ticket.id

    def _open(
        self,
        tx: Transaction,
        claimed: Claim,
        at: datetime,
        failures: list[Failure],
        stranger_to: Match | None = None,
    ) -> int:
        message = claimed.message
        best, answers = self.host.classify(message, failures.append)
        message = numbered(tx, message, best, at, self._ledger.identity)
        bare = tx.tickets.open(message, best, at, self._clock.now())
        refuted = claimed.standing is Standing.REFUTED
        verdict = entitlement_of(tx, bare, self._ledger.identity, message.text, is_refuted=refuted)
        bare = msgspec.structs.replace(bare, entitlement=verdict)
        bare, message, on_record = reachable(tx, bare, message)
        people = self._all_of(claimed, message)
        promise = self.host.promise(bare, failures.append)
        opened = Event("opened", opening_data(message, at, promise), actor=message.sender.address)
        log_ = [
            opened,
            classified(answers, best),
            *entitled(verdict),
            *on_record,
            *problems(message),
            *claimed.noted,
            *refused(stranger_to),
        ]
        tx.tickets.add_participants(bare.id, people)
        # As it came: a copy that comes by another way is known by it.
        tx.tickets.add_message(bare.id, claimed.forwarder or message, at)
        tx.tickets.mention(bare.id, message.references)
        ticket = msgspec.structs.replace(
            bare,
            participants=tuple(people),
            deadlines=deadlines_of([opened]),
            thread=(message.message_id,) if message.message_id else (),
        )
        desk, now = self._ledger.identity, self._clock.now()
        log_ += assign(tx, self.host, desk, ticket, log_, now, failures.append)
        ticket = msgspec.structs.replace(ticket, engineer=engineer_in(log_))
        decisions = self.host.ticket_opened(ticket, message, self._ledger.identity, failures.append)
        self._write_down(tx, ticket.id, decisions, failures, log_)
        if claimed.question:
            subject = f"{ticket.reference}: who is the client?"
            how = f'{claimed.question}\nfaultdesk client {ticket.reference} "Name <address>"\n'
            self._ledger.alert(tx, f"client/{ticket.id}", subject, how, ticket.id)
        log.info("ticket.opened", ticket=ticket.reference, inbox=message.id, kind=best.kind)
        return ticket.id

    def _all_of(self, claimed: Claim, message: InboundMessage) -> list[Participant]:
        people = people_of(message, self._ledger.identity)
        if claimed.forwarder is not None:
            people.append(Participant(claimed.forwarder.sender, Role.STAFF))
        return people

    def _write_down(
        self,
        tx: Transaction,
        ticket_id: int,
        decisions: Decisions,
        failures: list[Failure],
        before: Sequence[Event] = (),
    ) -> None:
        """Write to the log what was decided, after what led to it, and let the ledger have the rest."""
        noted = [signed(actor, decided) for actor, decided in decisions if isinstance(decided, Event)]
        failed = [failure_event(failure) for failure in failures]
        tx.tickets.record(ticket_id, [*before, *noted, *failed], self._clock.now())
        for actor, decided in decisions:
            if not isinstance(decided, Event):
                self._ledger.apply(tx, ticket_id, actor, decided)
