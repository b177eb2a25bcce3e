"""Sends the work order to the engineer on duty, with everything known and the original attached."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Event, Role, Ticket
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.settings import require_addresses, require_folder
from faultdesk.handlers.templates import Letter, render


class DispatchHandler(Handler, frozen=True, kw_only=True):
    """Who is on duty: for a system of its own, else for everything."""

    duty: str = ""
    attach_octets: int = 10 * 1024 * 1024
    """Larger originals stay with the desk: most mail servers would refuse them."""
    by_system: Mapping[str, str] = msgspec.field(default_factory=dict)
    templates: Path | None = None

    def __post_init__(self) -> None:
        require_addresses("duty", [self.duty] if self.duty else [])
        require_addresses("by_system", self.by_system.values())
        require_folder("templates", self.templates)

    @hookimpl
    def ticket_opened(self, ticket: Ticket, message: InboundMessage, desk: Identity) -> list[Mail | Event]:
        """Write the work order, but for what nobody asked us."""
        about = ticket.classification
        if about.unsolicited:
            return [Event("not_dispatched", {"reason": "unsolicited"})]
        engineer, why = self._engineer_for(ticket)
        if not engineer:
            return [Event("not_dispatched", {"reason": "handlers.dispatch names nobody on duty"})]
        letter = self._render("work_order.txt", ticket, message, desk)
        return [
            Event("dispatched", {"engineer": engineer, "reason": why}),
            msgspec.structs.replace(
                self._work_mail("work order", ticket, message, letter, (engineer,)), engages=True
            ),
        ]

    @hookimpl
    def message_added(self, ticket: Ticket, message: InboundMessage, desk: Identity) -> list[Mail]:
        """Pass on what a client adds to those who work on it."""
        engineers = tuple(who.person.address for who in ticket.participants if who.role is Role.ENGINEER)
        if not engineers or message.sender.address in engineers:
            return []
        letter = self._render("addition.txt", ticket, message, desk)
        return [self._work_mail("client's addition", ticket, message, letter, engineers)]

    def _engineer_for(self, ticket: Ticket) -> tuple[str, str]:
        """Choose who is to go, and say why: whom the contract names, then who is on duty."""
        owed, system = ticket.entitlement, ticket.classification.system
        if owed is not None and owed.engineer:
            return owed.engineer, f"named by contract {owed.contract}"
        if system in self.by_system:
            return self.by_system[system], f"on duty for {system}"
        return self.duty, "on duty"

    def _render(self, template: str, ticket: Ticket, message: InboundMessage, desk: Identity) -> Letter:
        return render(
            "faultdesk_dispatch",
            self.templates,
            template,
            ticket=ticket,
            message=message,
            about=ticket.classification,
            facts=ticket.classification.facts,
            zone=desk.time_zone,
            too_large=message.size > self.attach_octets,
        )

    def _work_mail(
        self, purpose: str, ticket: Ticket, message: InboundMessage, letter: Letter, to: tuple[str, ...]
    ) -> Mail:
        return Mail(
            name=f"dispatch/{message.id}",
            ticket_id=ticket.id,
            to=tuple(Address(address) for address in to),
            subject=letter.subject,
            text=letter.text,
            purpose=purpose,
            internal=True,
            attached=(message.id,) if message.id and message.size <= self.attach_octets else (),
        )
