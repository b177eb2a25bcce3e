"""A line 分类 or class: in a mail that joined: obeyed, asked of the desk, or noted as not understood."""

from collections.abc import Mapping
from datetime import datetime

from faultdesk.domain.commands import Command, read_orders
from faultdesk.domain.correction import RECLASSIFIED, correction_in, parse_correction, raises
from faultdesk.domain.matching import Match
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import Seal
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.pipeline.authority import refusal
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.store import Transaction

_ASKED = "correction_asked"


def correct(
    tx: Transaction, changes: Changes, seal: Seal, found: Match, message: InboundMessage, now: datetime
) -> None:
    """Let somebody who took part before correct the ticket by a signed answer.

    The desk's own people are obeyed. A client may say what the matter is, and that it is less urgent; what
    is more urgent, or other than the desk has said, the desk is asked for.
    """
    ticket, sender, ledger = found.ticket, message.sender.address, changes.ledger
    facts = {"inbox": message.id}  # the words are kept with their message
    role = ticket.role_of(sender)
    words = correction_in(message.text) if role is Role.CLIENT else _ordered(message)
    if words is None:
        return
    # The desk's people correct many tickets in the same words: that makes no machine of them.
    reason = (
        _refusal_of_client(found, message)
        if role is Role.CLIENT
        else refusal(tx, seal, found, message, ledger.identity)
    )
    if reason:
        refused = Event("correction_refused", {**facts, "reason": reason}, actor=sender)
        tx.tickets.record(ticket.id, [refused], now)
        return
    try:
        labels = parse_correction(words, only_known=True)
    except ValueError as error:
        puzzling = Event("correction_not_understood", {**facts, "reason": str(error)}, actor=sender)
        tx.tickets.record(ticket.id, [puzzling], now)
        return
    asked = _for_the_desk(tx, ticket, labels) if role is Role.CLIENT else {}
    obeyed = {field: label for field, label in labels.items() if field not in asked}
    if obeyed:
        data = {**facts, "labels": obeyed, "role": role}
        changes.change(tx, ticket.id, Event(RECLASSIFIED, data, actor=sender))
    if asked and not _was_asked(tx, ticket, asked):
        tx.tickets.record(ticket.id, [Event(_ASKED, {**facts, "labels": asked}, actor=sender)], now)
        _ask(tx, ledger, ticket, message, asked)


def _ordered(message: InboundMessage) -> str | None:
    """Give what one of the desk says among the commands: what is passed on, or for the client, corrects nothing."""
    if message.may_be_anothers:
        return None
    said = (order.line for order in read_orders(message.text).found if order.what is Command.CLASS)
    return correction_in("\n".join(said))


def _refusal_of_client(found: Match, message: InboundMessage) -> str:
    if not found.proof.is_signed:
        return f"a {found.proof} proves nothing: it does not answer one of our mails"
    return message.robot


def _for_the_desk(tx: Transaction, ticket: Ticket, labels: Mapping[str, str]) -> dict[str, str]:
    """Pick what a client cannot decide: a higher severity, and what the desk has said otherwise."""
    stands: dict[str, str] = {}
    for event in tx.tickets.events(ticket.id):
        if event.kind == RECLASSIFIED and event.data.get("role") != Role.CLIENT:
            stands |= event.data.get("labels", {})
    asked = {field: label for field, label in labels.items() if stands.get(field, label) != label}
    if "severity" in labels and raises(labels["severity"], ticket.classification.severity):
        asked["severity"] = labels["severity"]
    if asked.get("kind") or asked.get("fault_class"):
        # One does not go without the other.
        asked |= {field: labels[field] for field in ("kind", "fault_class") if field in labels}
    return asked


def _was_asked(tx: Transaction, ticket: Ticket, asked: Mapping[str, str]) -> bool:
    """Tell whether the desk knows already: a client who insists fills no mailbox."""
    return any(
        event.kind == _ASKED and event.data.get("labels") == asked for event in tx.tickets.events(ticket.id)
    )


def _ask(
    tx: Transaction, ledger: Ledger, ticket: Ticket, message: InboundMessage, asked: Mapping[str, str]
) -> None:
    said = ", ".join(f"{field} {label}" for field, label in asked.items())
    ledger.alert(
        tx,
        f"correction/{message.id}",
        f"{ticket.reference}: the client asks for another class",
        f"{message.sender} says of {ticket.reference}: {said}.\nIf so:\n"
        f"faultdesk classify {ticket.reference} {' '.join(asked.values())}\n",
        ticket.id,
    )
