"""Gives the client a written report once the fault is gone: cause, method, completion and recovery."""

from datetime import datetime
from pathlib import Path

from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.settings import require_folder
from faultdesk.handlers.templates import render

PURPOSE = "report"


class ReportHandler(Handler, frozen=True, kw_only=True):
    """`templates`: a folder whose files take the place of the bundled ones of the same name."""

    templates: Path | None = None

    def __post_init__(self) -> None:
        require_folder("templates", self.templates)

    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event, desk: Identity) -> list[Mail | Event]:
        """Report a resolution to whoever gave notice."""
        if event.kind != "resolved":
            return []
        if not ticket.requester.address:
            return [
                Event("mail_withheld", {"purpose": PURPOSE, "reason": "no address is known for the client"})
            ]
        letter = render(
            "faultdesk_report",
            self.templates,
            f"report.{ticket.language.answered_in}.txt",
            ticket=ticket,
            about=ticket.classification,
            desk=desk,
            owed=ticket.entitlement,
            arrived_at=_arrival(ticket),
            number=event.data["number"],
            cause=event.data["cause"],
            method=event.data["method"],
            recovered_at=datetime.fromisoformat(event.data["recovered_at"]),
            completed_at=datetime.fromisoformat(event.data["completed_at"]),
        )
        mail = Mail(
            name=f"report/{ticket.id}/{event.data['number']}",
            ticket_id=ticket.id,
            to=(ticket.requester,),
            subject=letter.subject,
            text=letter.text,
            purpose=PURPOSE,
            # An engineer's words, sent for the engineer: a client's robot may answer, a person shall.
            automatic=False,
            in_reply_to=ticket.thread[-1] if ticket.thread else "",
            references=ticket.thread,
        )
        return [mail]


def _arrival(ticket: Ticket) -> datetime | None:
    visit = ticket.deadline("on_site")
    return visit.met_at if visit and visit.met_by == "arrived" else None
