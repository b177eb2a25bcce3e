"""What stands on the pages of a report, of a ticket and its log."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from faultdesk.domain.client import Basis
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Channel
from faultdesk.domain.number import fax_number
from faultdesk.domain.promise import REOPENED, arrivals
from faultdesk.domain.ticket import Event, Ticket
from faultdesk.handlers.templates import local
from faultdesk.handlers.typesetting import legible, qr_code
from faultdesk_report.words import Words, words_in

_SIZE, _FAXED_SIZE = 10.5, 11.5
"""Points of the type: a fax is read at half of its dots."""
_SHORT = 28
"""Halves of a Chinese letter that half of a row holds."""
_SERVED = {Basis.WARRANTY, Basis.MAINTENANCE, Basis.LAPSED}
"""On other bases nobody knows who pays until a person says it, and the client is not told a guess."""


def values_of(ticket: Ticket, log: Sequence[Event], resolution: Event, desk: Identity) -> dict[str, Any]:
    """Give what the template fills in; the same ticket gives the same values."""
    words, told, zone = words_in(ticket.language), resolution.data, ticket.zone(desk.time_zone)
    stop = ". " if words.lang == "en" else "。"
    completed = datetime.fromisoformat(told["completed_at"]).astimezone(ZoneInfo(zone))
    return {
        "date": {
            name: getattr(completed, name) for name in ("year", "month", "day", "hour", "minute", "second")
        },
        "lang": words.lang,
        "region": words.region,
        "code": qr_code(ticket.reference),
        "by-fax": ticket.channel is Channel.FAX,
        "size": _FAXED_SIZE if ticket.channel is Channel.FAX else _SIZE,
        "title": words.title,
        "number-label": words.number,
        "number": number_of(ticket, resolution),
        "page": words.page,
        "contact": [
            (label, number)
            for label, number in ((words.our_fax, desk.fax), (words.our_phone, desk.phone))
            if number and ticket.channel is Channel.FAX
        ],
        "facts": _rows(
            [(label, legible(value)) for label, value in _facts(ticket, log, resolution, desk, words)]
        ),
        "parts": [
            (words.cause, legible(told["cause"])),
            (words.method, legible(told["method"])),
            (words.parts, legible(told.get("parts") or words.no_parts)),
        ],
        "course": {
            "title": words.course,
            "head": words.head,
            "rows": list(_course(ticket, log, resolution, desk, words)),
        },
        "note": f"{words.times} ({zone}){stop}{words.note}",
        "signatures": words.signatures,
        "dated": words.dated,
    }


def number_of(ticket: Ticket, resolution: Event) -> str:
    """Write a report's number."""
    return f"{ticket.reference}-R{resolution.data['number']}"


def charge_of(ticket: Ticket, log: Sequence[Event]) -> str:
    """Say on what basis the client is served, and who pays; "" where nobody knows and nobody has said."""
    owed, words = ticket.entitlement, words_in(ticket.language)
    said = next((event.actor for event in reversed(log) if event.kind == ENTITLED), "")
    if owed is None or (owed.basis not in _SERVED and not said):
        return ""
    comma = ", " if words.lang == "en" else "，"
    return comma.join(one for one in (words.bases[owed.basis], words.charges[owed.charge]) if one)


def _facts(
    ticket: Ticket, log: Sequence[Event], resolution: Event, desk: Identity, words: Words
) -> Iterator[tuple[str, str]]:
    owed, about = ticket.entitlement, ticket.classification
    facts, zone = about.facts, ticket.zone(desk.time_zone)
    name = ticket.requester.name or fax_number(ticket.requester.address) or ticket.requester.address
    came = _arrival(log, resolution)
    project = (owed.project if owed else "") or facts.project or facts.site or facts.customer
    told = (
        (words.client, " / ".join(one for one in (owed.client if owed else "", name) if one)),
        (words.project, project),
        (words.matter, ticket.subject or "—"),
        (words.place, facts.location),
        (words.device, facts.device),
        (words.system, words.systems.get(about.system)),
        (words.fault_class, words.classes.get(about.fault_class or "") or "—"),
        (words.contract, owed.contract if owed else ""),
        (words.charge, charge_of(ticket, log)),
        (words.noticed, local(ticket.noticed_at, zone)),
        (words.arrived, local(came, zone) if came else words.remote),
        (words.recovered, _time(resolution.data["recovered_at"], zone)),
        (words.completed, _time(resolution.data["completed_at"], zone)),
        (words.engineer, _engineer(log, resolution, desk)),
    )
    return ((label, value) for label, value in told if value)


def _arrival(log: Sequence[Event], resolution: Event) -> datetime | None:
    """Tell when somebody first came for this resolution, whatever clock ran; None: it was done from afar."""
    until = next((at for at, event in enumerate(log) if event == resolution), len(log))
    begun = max((at for at, event in enumerate(log[:until]) if event.kind == REOPENED), default=0)
    return min(arrivals(log[begun:until]), default=None)


def _rows(facts: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Set two facts beside each other where both are short."""
    rows: list[list[tuple[str, str]]] = []
    for fact in facts:
        fits = rows and len(rows[-1]) == 1 and max(_width(one) for one in (rows[-1][0], fact)) <= _SHORT
        if fits:
            rows[-1].append(fact)
        else:
            rows.append([fact])
    return rows


def _width(fact: tuple[str, str]) -> int:
    """Count the halves of a Chinese letter that a value takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in fact[1])


def _course(
    ticket: Ticket, log: Sequence[Event], resolution: Event, desk: Identity, words: Words
) -> Iterator[tuple[str, str, str]]:
    """Tell the events a client may read, by the time at which they happened, up to this resolution."""
    until = next((at for at, event in enumerate(log) if event == resolution), len(log))
    told = [event for event in log[: until + 1] if event.kind in words.course_of]
    moments = [(_happened_at(event, ticket), number, event) for number, event in enumerate(told)]
    for at, _, event in sorted(moments, key=lambda one: one[:2]):
        reason = event.data.get("reason", "") if event.kind in {"waiting", "reopened"} else ""
        what = words.course_of[event.kind] + (
            f"{': ' if words.lang == 'en' else '：'}{reason}" if reason else ""
        )
        yield local(at, ticket.zone(desk.time_zone)), legible(what), legible(_by(event, ticket, desk))


def _happened_at(event: Event, ticket: Ticket) -> datetime:
    """Tell when it was; what is written down later carries its own time."""
    if event.kind == "opened":
        return ticket.noticed_at
    at = event.data.get(
        {"answered": "answered_at", "arrived": "arrived_at", "restored": "recovered_at"}.get(event.kind, "")
    )
    return datetime.fromisoformat(at) if at else event.at or ticket.noticed_at


def _by(event: Event, ticket: Ticket, desk: Identity) -> str:
    if event.kind == "assigned":
        return _named(event.data.get("engineer", ""), ticket, desk)
    if event.kind == "opened":
        return ticket.requester.name
    return _named(event.actor, ticket, desk)


def _named(actor: str, ticket: Ticket, desk: Identity) -> str:
    """Name who acted: one of the people, somebody who takes part, else the desk."""
    person = desk.people.at(actor)
    known = next((who.person.name for who in ticket.participants if who.person.address == actor), "")
    return person.name if person else known or (desk.name if "@" not in actor else actor)


def _engineer(log: Sequence[Event], resolution: Event, desk: Identity) -> str:
    person = desk.people.at(resolution.actor)
    sent = next((event for event in reversed(log) if event.kind == "assigned"), None)
    if person is None and sent is not None:
        person = desk.people.at(sent.data.get("engineer", ""))
    return person.name if person else resolution.actor


def _time(text: str, zone: str) -> str:
    return local(datetime.fromisoformat(text), zone)
