"""What a message that joined does to its ticket: it answers the client, ends a waiting, or says that nothing is fixed."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from faultdesk.domain.identity import Identity
from faultdesk.domain.matching import Match
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.not_fixed import is_not_fixed
from faultdesk.domain.promise import REOPENED, RESUMED, VISIT_WANTED, WAITING, Clock, is_waiting
from faultdesk.domain.ticket import Event, Kind, Role, Ticket
from faultdesk.domain.trust import Standing, verdict
from faultdesk.handlers.host import Failed, Host
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.store import Transaction


def event_of_answer(
    tx: Transaction, host: Host, ticket: Ticket, message: InboundMessage, at: datetime, failed: Failed
) -> str | None:
    """Name the event by which a client's words set a ticket going: what was waited for, or that it is not fixed.

    `at` is when it came: what was written before the waiting or the resolution speaks of neither.
    """
    if ticket.role_of(message.sender.address) is not Role.CLIENT or message.robot:
        return None
    log = tx.tickets.events(ticket.id)
    if is_waiting(log):
        return RESUMED if _is_later(at, WAITING, log) else None
    if ticket.status.is_open or not _is_later(at, "resolved", log):
        return None
    alone = msgspec.structs.replace(message, subject="", quoted="", references=())
    about, _ = host.classify(alone, failed)
    return REOPENED if is_not_fixed(message.text, about) else None


def wants_visit(host: Host, ticket: Ticket, message: InboundMessage, failed: Failed) -> bool:
    """Tell whether a client asks for somebody to come, to whom no visit was promised."""
    is_asked = ticket.status.is_open and ticket.classification.kind is Kind.FAULT
    if (
        not is_asked
        or ticket.deadline(Clock.ON_SITE)
        or ticket.role_of(message.sender.address) is not Role.CLIENT
    ):
        return False
    about, _ = host.classify(msgspec.structs.replace(message, quoted="", references=()), failed)
    return about.facts.wants_onsite is True


def is_certain(found: Match, message: InboundMessage, desk: Identity) -> bool:
    """Tell whether it is certain enough who wrote: an answer to a signed mail, or a sender that our server proved."""
    return found.proof.is_signed or verdict(message, desk.authserv_ids).standing is Standing.PROVED


def ask_about(tx: Transaction, ledger: Ledger, ticket: Ticket, message: InboundMessage, what: str) -> None:
    """Let a person look at what may have been written in a client's name."""
    command = {RESUMED: "resume", REOPENED: "reopen", VISIT_WANTED: "visit"}[what]
    reason = ' "still broken"' if what == REOPENED else ""
    ledger.alert(
        tx,
        f"{what}/{message.id}",
        f"{ticket.reference}: has the client written?",
        f"{message.sender} writes about {ticket.reference}, and nothing proves it. If it is so:\n"
        f"faultdesk {command} {ticket.reference}{reason}\n",
        ticket.id,
    )


def _is_later(at: datetime, kind: str, log: Sequence[Event]) -> bool:
    last = next((event.at for event in reversed(log) if event.kind == kind), None)
    return last is None or at >= last


def answers_client(found: Match, message: InboundMessage) -> bool:
    """Tell whether a mail of one of the desk, who was found to be so, went to the client too."""
    return found.ticket.requester.address in {person.address for person in (*message.to, *message.cc)}
