"""What a mail becomes when a gateway brings a fax in it, or when it holds nothing but pictures."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.fax import Fax, Field, Outcome, Page, Receipt, Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Channel, InboundMessage
from faultdesk.domain.number import FAX_BY_MAIL, fax_address
from faultdesk.domain.reference import find_references
from faultdesk.domain.trust import Standing, verdict
from faultdesk.handlers.host import Host
from faultdesk.pipeline.inbox import Received
from faultdesk.reading import NO_SENDER, ONLY_FILES, ONLY_PICTURES, language_of
from faultdesk.reading.forms import fields_of

DOCUMENTS = frozenset({"image/tiff", "application/pdf", "image/jpeg", "image/png"})
"""The media types that hold pages."""
_OF_THE_MAIL = frozenset({NO_SENDER, ONLY_PICTURES, ONLY_FILES})
"""Problems of the mail that brings a fax, and none of the fax."""
_SENT_WITHIN = timedelta(days=2)
"""A gateway's clock that is further off than that tells no time of receipt."""
_LONGEST_SUBJECT = 60
_MANY_BAD_ROWS = 20
_OPENS = re.compile(
    r"[:：,，]$|^.{0,3}$|(?:报修单|報修單|申请单|申請單|登记表|登記表|传真|傳真|封面|(?:request|report|repair) form|cover sheet|\bfax)$"
    r"|^(?:to|from|attn|date|fax|tel|致|敬启者|敬啟者|尊敬的|dear)\b",
    re.IGNORECASE,
)
"""What a page begins with before it comes to its matter: heading, address, salutation."""
_SURE = 0.8
"""What is read with less confidence is often wrong, and a person compares it with the page."""


def recognised(host: Host, received: Received, message: InboundMessage, desk: Identity) -> InboundMessage:
    """Take a gateway's mail for the fax it brings, or the receipt; any other stays as it is.

    A mail whose sender our own server refutes brings none: it would call whatever number it names.

    Raises:
        Exception: A handler failed; without it nobody can tell what the message is.
    """
    refuted = verdict(message, desk.authserv_ids).standing is Standing.REFUTED
    found = None if refuted else host.recognise_fax(message)
    found = found or _bounced(message)
    if isinstance(found, Receipt):
        return msgspec.structs.replace(message, receipt=found, automatic="a fax gateway's receipt")
    if isinstance(found, Reception):
        return as_fax(message, found, received, ZoneInfo(desk.time_zone))
    return _as_pictures(message, received.pages) if received.pages else message


def _bounced(message: InboundMessage) -> Receipt | None:
    """Take a mail server's report on our mail to a gateway for the gateway's: the fax never got that far."""
    report = message.delivery_report
    if report is None or not report.message_id.startswith(f"<{FAX_BY_MAIL}"):
        return None
    failed = next((one for one in report.recipients if one.is_final), None)
    if failed is None:
        return None
    reason = failed.diagnostic or failed.status
    return Receipt(gateway="mail server", outcome=Outcome.FAILED, job=report.message_id, reason=reason)


def documents_of(message: InboundMessage) -> tuple[str, ...]:
    """Name the attachments whose pages are to be read before the message can be decided."""
    if message.fax is not None:
        return message.fax.reception.documents
    if ONLY_PICTURES in message.problems and message.automatic is None:
        return tuple(file.name for file in message.attachments if file.media_type in DOCUMENTS)
    return ()


def as_fax(
    message: InboundMessage, reception: Reception, received: Received, zone: ZoneInfo
) -> InboundMessage:
    """Take a message for the fax that it brings, with the words of the pages that were read.

    A page tells no zone: its times are those of the desk's, `zone`.
    """
    pages = received.pages or ()
    text = _text(pages)
    # Two announcements of one fax are one message, or the later one belongs to the earlier.
    same = f"<{reception.key}@{reception.gateway}.fax>" if reception.key else ""
    number = fax_address(reception.caller) or fax_address(reception.station)
    received_at = _received_at(message, reception, received)
    date = message.date or received_at
    fields = fields_of(pages)
    return msgspec.structs.replace(
        message,
        channel=Channel.FAX,
        fax=Fax(reception=reception, pages=pages, fields=fields),
        subject=_subject(fields, pages),
        sender=Address(number, "" if fax_address(reception.station) else reception.station),
        reply_to=(),
        to=(),
        cc=(),
        message_id=same or message.message_id,
        references=(),
        date=date and date.astimezone(zone),
        received_at=received_at,
        language=language_of("", text),
        automatic=None,
        robot="",
        text=text,
        quoted="",
        signature="",
        forwarded=None,
        problems=(
            *(one for one in message.problems if one not in _OF_THE_MAIL),
            *_problems(reception, pages),
            *_of_fields(fields),
        ),
    )


def _as_pictures(message: InboundMessage, pages: Sequence[Page]) -> InboundMessage:
    """Let the words in its pictures speak for a mail that has none."""
    text = _text(pages)
    told = "the message holds only pictures; its words were read from them" if text else ONLY_PICTURES
    others = (problem for problem in message.problems if problem != ONLY_PICTURES)
    return msgspec.structs.replace(
        message,
        text=text,
        language=language_of(message.subject, text),
        problems=(*others, told, *_of_pages(pages)),
    )


def _text(pages: Sequence[Page]) -> str:
    return "\n\n".join(page.text for page in pages if page.lines)


def _subject(fields: Sequence[Field], pages: Sequence[Page]) -> str:
    """Take what a form says of the fault, else the first line, for a title."""
    fault = next((field.value for field in fields if field.name == "fault"), "")
    lines = (line for page in pages for line in page.lines if line.confidence >= _SURE)
    first = fault or next((line.text for line in lines if not _OPENS.search(line.text)), "")
    return _shortened(" ".join(first.split()))


def _shortened(words: str) -> str:
    """Cut at the end of a word, or of a clause."""
    if len(words) <= _LONGEST_SUBJECT:
        return words
    cut = words[:_LONGEST_SUBJECT]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,，、;；") + "…"


def _received_at(message: InboundMessage, reception: Reception, received: Received) -> datetime | None:
    """Take the gateway's time for the notice's, unless its clock is far off."""
    told = reception.received_at
    if told is None or abs(received.arrived_at - told) > _SENT_WITHIN:
        return message.received_at
    return told if message.received_at is None else min(told, message.received_at)


def _problems(reception: Reception, pages: Sequence[Page]) -> Iterator[str]:
    if not reception.is_complete:
        note = f": {reception.note}" if reception.note else ""
        yield f"the gateway says that the fax is not complete{note}"
    if not pages or not reception.documents:
        yield "no page of the fax could be read; look at the gateway"
    elif len(pages) < (reception.pages or 0) and not any(page.is_left_out for page in pages):
        yield f"{len(pages)} of {reception.pages} pages came"
    if pages and not any(page.lines or page.codes or page.problem or page.unread for page in pages):
        yield "the pages hold no words; was the paper put in the wrong way round?"
    if not fax_address(reception.caller) and not fax_address(reception.station):
        told = reception.caller or reception.station
        yield f"nobody told a number that the fax could be answered at{told and f', but {told}'}"
    yield from _of_pages(pages)


def _of_fields(fields: Sequence[Field]) -> Iterator[str]:
    if unsure := [f"{field.name} {field.value!r}" for field in fields if field.confidence < _SURE]:
        yield f"read with little certainty, look at the page: {', '.join(unsure)}"


def _of_pages(pages: Sequence[Page]) -> Iterator[str]:
    for page in pages:
        if page.problem:
            yield f"page {page.number}: {page.problem}"
        if doubtful := page.unread + sum(line.confidence < _SURE for line in page.lines):
            lines = "1 line" if doubtful == 1 else f"{doubtful} lines"
            yield f"page {page.number}: {lines} could not be read with certainty (written by hand, a stamp?)"
        if find_references(*page.codes):
            yield f"page {page.number} is a page of ours that came back: look what is written or signed on it"
        if page.by_eye:
            yield f"page {page.number} is to be read by eye; what was read of it is uncertain"
        if page.bad_rows >= _MANY_BAD_ROWS:
            yield f"page {page.number}: the line damaged {page.bad_rows} rows"
