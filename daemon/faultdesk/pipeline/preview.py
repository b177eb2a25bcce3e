"""What a message would become: a dry run of triage without a database."""

from datetime import datetime
from typing import Any

import msgspec

from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import deadlines_of
from faultdesk.domain.ticket import Classification, Event, Ticket
from faultdesk.errors import PermanentError
from faultdesk.handlers.host import Failure, Host
from faultdesk.pipeline.noted import opening_data

_COPIED = (
    "subject",
    "date",
    "message_id",
    "references",
    "channel",
    "language",
    "automatic",
    "text",
    "signature",
    "quoted",
)


def preview(message: InboundMessage, host: Host, desk: Identity, now: datetime) -> dict[str, Any]:
    """Tell how a message was read, classed, and whether it would be acknowledged, and why.

    Raises:
        PermanentError: A handler failed; it is named.
    """
    failures: list[Failure] = []
    about, _ = host.classify(message, failures.append)
    acknowledge = _acknowledgement(message, about, host, desk, now, failures)
    if failures:
        raise PermanentError(
            "; ".join(f"handlers.{name}: {hook}: {error!r}" for name, hook, error in failures)
        )
    told = {key: getattr(message, key) for key in _COPIED}
    classed = msgspec.to_builtins(about)
    return told | {
        "from": str(message.sender),
        "to": [str(person) for person in message.to],
        "cc": [str(person) for person in message.cc],
        "attachments": message.attachments,
        "fax": message.fax.reception if message.fax else None,
        "receipt": message.receipt,
        "problems": message.problems,
        "facts": classed.pop("facts"),
        "spans": classed.pop("spans"),
        "classification": classed,
        "acknowledge": acknowledge,
    }


def _acknowledgement(
    message: InboundMessage,
    about: Classification,
    host: Host,
    desk: Identity,
    now: datetime,
    failures: list[Failure],
) -> dict[str, Any]:
    if message.automatic is not None:
        return {"send": False, "reason": f"automatic: {message.automatic}"}
    if rejection := host.screen(message, failures.append):
        return {"send": False, "reason": rejection.reason}
    ticket = Ticket(
        id=0,
        reference=f"FD-{now.year}-000000",
        subject=message.subject,
        language=message.language,
        classification=about,
        requester=message.reply_address,
        noticed_at=now,
    )
    promise = host.promise(ticket, failures.append)
    opened = Event("opened", opening_data(message, now, promise), now)
    ticket = msgspec.structs.replace(ticket, deadlines=deadlines_of([opened]))
    for _, decision in host.ticket_opened(ticket, message, desk, failures.append):
        match decision:
            case Mail(purpose="acknowledgement", to=to):
                if not to[0].address:
                    return {"send": False, "reason": "the message names no sender"}
                return {"send": True, "reason": f"a person wrote; to {to[0].address}"}
            case Event(kind="mail_withheld", data={"purpose": "acknowledgement", "reason": reason}):
                return {"send": False, "reason": reason}
    return {"send": False, "reason": "no handler acknowledges"}
