"""Gives the client a written report once the fault is gone: cause, method, completion and recovery, as a PDF."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec

from faultdesk.domain.decision import File, Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Channel
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.settings import require_folder
from faultdesk.handlers.templates import render
from faultdesk.handlers.typesetting import FONTS, Typesetter
from faultdesk_report.page import charge_of, number_of, values_of
from faultdesk_report.words import words_in

PURPOSE, WRITE = "report", "report.write"
_STANDARD = "a-2b"
"""PDF/A-2b (ISO 19005-2): it can be read in ten years."""


class Letterhead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on top of every report."""

    name: str = ""
    """By default the desk's."""
    rows: tuple[str, ...] = ()
    """Address, telephone, hotline."""
    logo: str = ""
    """A PNG, JPEG or SVG file beside `report.typ` in the folder `templates`."""
    colour: Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#1f4e79"


# dict=True: room for what `cached_property` keeps beside the settings.
class ReportHandler(Handler, frozen=True, kw_only=True, dict=True):
    """`templates`: a folder whose files take the place of the bundled ones of the same name."""

    templates: Path | None = None
    letterhead: Letterhead = Letterhead()
    fonts: tuple[str, ...] = FONTS
    """The first that has a letter sets it."""
    font_paths: tuple[Path, ...] = ()
    """Folders with fonts, beside the system's."""

    def __post_init__(self) -> None:
        require_folder("templates", self.templates)
        # Typst reads files beside its page only.
        for name in ("report.typ", self.letterhead.logo) if self.letterhead.logo else ():
            if not (self.templates and (self.templates / name).is_file()):
                raise ValueError(f"letterhead.logo: {name} is no file in templates")

    @cached_property
    def _typesetter(self) -> Typesetter:
        own = self.templates / "report.typ" if self.templates else None
        template = (
            own if own and own.is_file() else Path(str(files("faultdesk_report") / "templates/report.typ"))
        )
        return Typesetter(template, self.fonts, self.font_paths)

    @hookimpl
    def look_ahead(self) -> Iterator[str]:
        """Tell of a font that reports need and nobody has installed."""
        for font in self._typesetter.missing_fonts():
            yield f"the font {font} is not installed (Debian: fonts-noto-cjk): no report can be set"

    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event) -> list[Job | Event]:
        """Have a resolution reported to whoever gave notice."""
        if event.kind != "resolved":
            return []
        if not ticket.requester.address:
            reason = "no address is known for the client"
            return [Event("mail_withheld", {"purpose": PURPOSE, "reason": reason})]
        return [Job(WRITE, ticket.id, {"number": event.data["number"]})]

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Perform the writing."""
        return {WRITE: self.write}

    def write(self, job: Job, desk: Desk) -> None:
        """Set the report and send it."""
        ticket, log = desk.ticket(job.ticket_id or 0), desk.events(job.ticket_id or 0)
        number = job.arguments["number"]
        resolution = next(one for one in log if one.kind == "resolved" and one.data["number"] == number)
        desk.send(self.report(ticket, log, resolution, desk.identity))

    def report(self, ticket: Ticket, log: tuple[Event, ...], resolution: Event, desk: Identity) -> Mail:
        """Give the mail with the report of a resolution; the same ticket gives the same octets."""
        values = values_of(ticket, log, resolution, desk)
        head = msgspec.structs.replace(self.letterhead, name=self.letterhead.name or desk.name)
        values |= {"letterhead": msgspec.to_builtins(head), "fonts": list(self._typesetter.fonts)}
        completed_at = datetime.fromisoformat(resolution.data["completed_at"])
        document = self._typesetter.set(values, standard=_STANDARD)
        title = words_in(ticket.language).title
        letter = render(
            "faultdesk_report",
            self.templates,
            f"report.{ticket.language.answered_in}.txt",
            ticket=ticket,
            desk=desk,
            zone=ticket.zone(desk.time_zone),
            number=number_of(ticket, resolution),
            charge=charge_of(ticket, log),
            told=resolution.data,
            parts=resolution.data.get("parts", ""),
            recovered_at=datetime.fromisoformat(resolution.data["recovered_at"]),
            completed_at=completed_at,
            by_fax=ticket.channel is Channel.FAX,
        )
        return Mail(
            name=f"report/{ticket.id}/{resolution.data['number']}",
            ticket_id=ticket.id,
            to=(ticket.requester,),
            subject=letter.subject,
            text=letter.text,
            purpose=PURPOSE,
            # An engineer's words, sent for the engineer: a client's robot may answer, a person shall.
            automatic=False,
            in_reply_to=ticket.thread[-1] if ticket.thread else "",
            references=ticket.thread,
            files=(File(f"{title} {number_of(ticket, resolution)}.pdf", "application/pdf", document),),
        )
