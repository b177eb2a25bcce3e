"""The work order, and what else goes to those who work on a ticket."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from faultdesk.domain.decision import Mail
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.promise import REOPENED
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.handlers import Desk
from faultdesk.handlers.templates import Letter, render


class Orders:
    """Writes them; a large original stays with the desk."""

    def __init__(self, templates: Path | None, attach_octets: int) -> None:
        self._templates = templates
        self._attach_octets = attach_octets

    def work_order(self, ticket: Ticket, desk: Desk, number: int) -> list[Mail]:
        """Write the order to who was sent, and copies to whom the playbook names."""
        message, playbook = desk.notice(ticket.id), desk.identity.playbook_of(ticket)
        log = desk.events(ticket.id)
        reported = self._reported(log, desk)
        letter = self.letter(
            "work_order.txt",
            ticket,
            message,
            desk.identity.time_zone,
            similar=desk.similar(ticket),
            checklist=playbook.steps(ticket.language.answered_in) if playbook else (),
            problems=_problems(log),
            again=_again(log, reported),
        )
        engineer = desk.identity.people.mailbox(ticket.engineer.address if ticket.engineer else "")
        order = self.mail(
            f"dispatch/{ticket.id}/{number}", "work order", ticket, message, letter, (engineer,)
        )
        order = msgspec.structs.replace(order, attached=(*order.attached, *reported))
        copied = playbook.copy.addresses(ticket, message.text) if playbook else ()
        copies = [self._copy(ticket, message, copied, desk.identity.time_zone)] if copied else []
        return [msgspec.structs.replace(order, role=Role.ENGINEER), *copies]

    def _reported(self, log: Sequence[Event], desk: Desk) -> tuple[int, ...]:
        """Give the mail by which the client had it opened again last, unless it is too large to go along."""
        reopened = [event.data for event in log if event.kind == REOPENED][-1:]
        mails = (data["inbox"] for data in reopened if "inbox" in data)
        return tuple(one for one in mails if len(desk.original(one)) <= self._attach_octets)

    def _copy(self, ticket: Ticket, message: InboundMessage, to: Sequence[str], zone: str) -> Mail:
        """Write to who is not of the desk: nothing of other clients, nor of what this one has signed."""
        letter = self.letter("copy.txt", msgspec.structs.replace(ticket, entitlement=None), message, zone)
        # One for each class that the fault was taken for, not for each engineer.
        name = f"dispatch/{ticket.id}/copy/{ticket.classification.fault_class}"
        people = tuple(map(Address, to))
        copy = self.mail(name, "copy of work order", ticket, message, letter, people)
        return msgspec.structs.replace(copy, role=Role.COPIED, attached=())

    def letter(
        self, template: str, ticket: Ticket, message: InboundMessage, zone: str, **values: object
    ) -> Letter:
        """Fill a template in."""
        return render(
            "faultdesk_dispatch",
            self._templates,
            template,
            ticket=ticket,
            message=message,
            about=ticket.classification,
            facts=ticket.classification.facts,
            zone=zone,
            too_large=message.size > self._attach_octets,
            **values,
        )

    def mail(
        self,
        name: str,
        purpose: str,
        ticket: Ticket,
        message: InboundMessage,
        letter: Letter,
        to: tuple[Address, ...],
    ) -> Mail:
        """Address a letter, with the original."""
        return Mail(
            name=name,
            ticket_id=ticket.id,
            to=to,
            subject=letter.subject,
            text=letter.text,
            purpose=purpose,
            internal=True,
            attached=(message.id,) if message.id and message.size <= self._attach_octets else (),
        )


def _again(log: Sequence[Event], reported: Sequence[int]) -> Mapping[str, Any]:
    """Tell of a ticket that was opened again why, and what was done before; nothing of another."""
    last = max((at for at, event in enumerate(log) if event.kind == REOPENED), default=None)
    if last is None:
        return {}
    solved = next((event.data for event in reversed(log[:last]) if event.kind == "resolved"), {})
    told = {name: solved.get(name, "") for name in ("cause", "method", "parts")}
    return {"reason": log[last].data.get("reason", ""), "is_attached": bool(reported), **told}


def _problems(log: Sequence[Event]) -> tuple[str, ...]:
    """List what could not be made out of the notice."""
    damaged = next((event for event in log if event.kind == "message_damaged"), None)
    return tuple(damaged.data.get("problems", ())) if damaged else ()
