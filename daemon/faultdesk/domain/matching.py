"""To which ticket a message belongs, and on what proof."""

from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Ticket
from faultdesk.domain.trust import Standing


class Proof(StrEnum):
    """Why a message is taken to belong to a ticket, strongest first."""

    OPERATOR = "operator"
    SIGNED_MESSAGE_ID = "signed Message-ID"
    SIGNED_ADDRESS = "signed address"
    MESSAGE_ID = "Message-ID"
    REFERENCE = "reference"

    @property
    def is_signed(self) -> bool:
        """Tell whether only somebody who got a mail of ours can have it, or one of us says so."""
        return self in {Proof.OPERATOR, Proof.SIGNED_MESSAGE_ID, Proof.SIGNED_ADDRESS}


class Match(msgspec.Struct, frozen=True):
    """A ticket that a message speaks of. Without `joins` it may not touch it."""

    ticket: Ticket
    proof: Proof
    joins: bool


def match(
    ticket: Ticket,
    proof: Proof,
    message: InboundMessage,
    free_mail_domains: frozenset[str],
    standing: Standing,
) -> Match:
    """Judge whether a message that speaks of this ticket may join it.

    A reference or a client's Message-ID is no secret: it counts only from somebody who takes part,
    or whose organisation does. A message whose sender is refuted joins nothing but by an operator's word.
    """
    if standing is Standing.REFUTED:
        return Match(ticket, proof, proof is Proof.OPERATOR)
    return Match(ticket, proof, proof.is_signed or _belongs(ticket, message, free_mail_domains))


def _belongs(ticket: Ticket, message: InboundMessage, free_mail_domains: frozenset[str]) -> bool:
    sender = message.sender
    if not sender.address:
        return False
    domains = {participant.person.domain for participant in ticket.participants} - free_mail_domains - {""}
    return ticket.role_of(sender.address) is not None or sender.domain in domains


def noticed_at(arrived_at: datetime, received_at: datetime | None) -> datetime:
    """Tell when the notice reached the desk's server: the earlier of INTERNALDATE and topmost Received.

    A Received header from before mail carried years of four digits is nonsense and does not count.
    """
    if received_at is None or received_at.year < 2000:  # noqa: PLR2004 - the sentence above
        return arrived_at.astimezone(UTC)
    return min(arrived_at, received_at).astimezone(UTC)
