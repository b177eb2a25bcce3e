"""Tells the client at once that the notice was received, what was understood, and what happens by when."""

from pathlib import Path

from faultdesk.domain.courtesy import asks_for_news, is_courtesy
from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.not_fixed import says_fixed
from faultdesk.domain.promise import REOPENED
from faultdesk.domain.ticket import CLIENT_NAMED, Classification, Event, Kind, Role, Ticket
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.settings import require_folder
from faultdesk.handlers.templates import render

PURPOSE = "acknowledgement"


class AcknowledgeHandler(Handler, frozen=True, kw_only=True):
    """`templates`: a folder whose files take the place of the bundled ones of the same name."""

    templates: Path | None = None

    def __post_init__(self) -> None:
        require_folder("templates", self.templates)

    @hookimpl
    def ticket_opened(self, ticket: Ticket, message: InboundMessage, desk: Identity) -> list[Mail | Event]:
        """Acknowledge a notice with its number, its class and both deadlines."""
        return self._acknowledge("opened", ticket, message, desk)

    @hookimpl
    def message_added(
        self, ticket: Ticket, message: InboundMessage, desk: Identity, effect: str
    ) -> list[Mail | Event]:
        """Confirm to a client an addition that changes something: no thanks, nor a question for the engineer."""
        if ticket.role_of(message.sender.address) in {Role.ENGINEER, Role.STAFF, Role.COPIED}:
            return []
        text = message.text
        is_thanks = is_courtesy(text) or (not ticket.status.is_open and says_fixed(text))
        if (
            not effect
            and (is_thanks or asks_for_news(text))
            and not message.attachments
            and not message.fax
            and not message.problems
        ):
            return [Event("mail_withheld", {"purpose": PURPOSE, "reason": "the addition changes nothing"})]
        template = "reopened" if effect == REOPENED else "added"
        return self._acknowledge(template, ticket, message, desk)

    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event, desk: Identity) -> list[Mail | Event]:
        """Acknowledge to a client whom the desk has named, and what turns out to be no advert."""
        if event.kind != CLIENT_NAMED and "was_unsolicited" not in event.data:
            return []
        # What was passed on has no Message-ID that the client knows.
        message = InboundMessage(sender=ticket.requester, language=ticket.language)
        return self._acknowledge(
            "opened", ticket, message, desk, name=f"acknowledge/client/{ticket.id}/{ticket.requester.address}"
        )

    def _acknowledge(
        self, template: str, ticket: Ticket, message: InboundMessage, desk: Identity, *, name: str = ""
    ) -> list[Mail | Event]:
        reason = _reason_to_keep_quiet(ticket, message, desk)
        if reason:
            return [Event("mail_withheld", {"purpose": PURPOSE, "reason": reason})]
        language, playbook = message.language.answered_in, desk.playbook_of(ticket)
        letter = render(
            "faultdesk_acknowledge",
            self.templates,
            f"{template}.{language}.txt",
            ticket=ticket,
            message=message,
            unread=_is_partly_unread(message),
            about=ticket.classification,
            desk=desk,
            zone=ticket.zone(desk.time_zone),
            response=ticket.deadline("response"),
            on_site=ticket.deadline("on_site"),
            engineer=desk.people.at(ticket.engineer.address) if ticket.engineer else None,
            first_aid=playbook.first_aid[language] if playbook else "",
            questions=playbook.questions(ticket.classification.facts, language) if playbook else (),
        )
        mail = Mail(
            name=name or f"acknowledge/{message.id}",
            ticket_id=ticket.id,
            to=(message.reply_address,),
            subject=letter.subject,
            text=letter.text,
            purpose=PURPOSE,
            in_reply_to=message.message_id,
            references=message.references,
        )
        return [mail]


def _is_partly_unread(message: InboundMessage) -> bool:
    """Tell whether something that the client wrote may have escaped us; of a fax the pages tell."""
    if message.fax is None:
        return bool(message.problems)
    return any(page.problem or page.unread or page.by_eye for page in message.fax.pages)


def _reason_to_keep_quiet(ticket: Ticket, message: InboundMessage, desk: Identity) -> str:
    if message.automatic:
        return f"automatic: {message.automatic}"
    if message.robot:
        return message.robot
    if message.reply_address.address == desk.address:
        return "it would go to the desk itself"
    return _reason_by_class(ticket.classification, message)


def _reason_by_class(about: Classification, message: InboundMessage) -> str:
    if about.unsolicited:
        return "unsolicited: an answer would only confirm the address"
    asks_nothing = about.kind is Kind.OTHER and about.confidence > 0 and "kind" not in about.unsure
    if message.fax and message.fax.is_whole and asks_nothing:
        return "a fax that asks nothing of the desk is not answered: a call for every junk fax costs money"
    return ""
