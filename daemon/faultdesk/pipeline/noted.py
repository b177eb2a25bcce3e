"""The events with which the log of a new ticket begins."""

from datetime import datetime
from typing import Any

import msgspec

from faultdesk.domain.matching import Match
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Classification, Event


def opening_data(message: InboundMessage, at: datetime, promise: Promise) -> dict[str, Any]:
    """Give what the `opened` event holds: all that the deadlines are derived from."""
    return {"inbox": message.id, "noticed_at": at.isoformat(), "promise": promise.as_data()}


def classified(answers: dict[str, Classification], best: Classification) -> Event:
    """Note what every handler made of the message, and whose answer was taken."""
    by_handler = {name: msgspec.to_builtins(answer) for name, answer in answers.items()}
    return Event("classified", {"kind": best.kind, "answers": by_handler})


def problems(message: InboundMessage) -> list[Event]:
    """Note what could not be made out."""
    return [Event("message_damaged", {"problems": list(message.problems)})] if message.problems else []


def refused(found: Match | None) -> list[Event]:
    """Note that a stranger spoke of another ticket: linked for the desk, nothing of it is told."""
    if found is None:
        return []
    return [Event("stranger_refused", {"reference": found.ticket.reference, "proof": found.proof})]
