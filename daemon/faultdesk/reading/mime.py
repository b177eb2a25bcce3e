"""A message's octets to an `InboundMessage`. Nothing in them is an error: what cannot be made out is a problem to tell."""

import re
from collections.abc import Collection
from email.message import Message
from itertools import islice

from faultdesk.domain.message import Address, DeliveryReport, Forwarded, InboundMessage
from faultdesk.reading.addresses import is_ambiguous, mailboxes, parse
from faultdesk.reading.authentication import authentications
from faultdesk.reading.automatic import automatic, perhaps_automatic
from faultdesk.reading.charset import REPLACEMENT
from faultdesk.reading.files import Document, Files
from faultdesk.reading.headers import (
    Fields,
    date_of,
    decode_words,
    message_ids,
    one_line,
    received_at,
    thread_of,
)
from faultdesk.reading.language import language_of
from faultdesk.reading.marks import Mark
from faultdesk.reading.parts import Content, charset_of, content_of
from faultdesk.reading.policy import parsed
from faultdesk.reading.quoting import part_body
from faultdesk.reading.reports import delivery_report, disposition
from faultdesk.reading.robots import robot

NO_SENDER = "the header names no usable sender"
_MOST_MULTIPARTS = 100
_LONGEST_SUBJECT = 1_000
_MOST_TOLD = 5
"""Of several senders."""
_LONGEST_HEADER_SECTION = 512 * 1024
"""Octets of it that are looked at."""
_MOST_LINES = 600_000
"""Of a body: each becomes a string. The greatest mail that is let in has some 400,000 of base64."""
_BODY_BEGINS = re.compile(rb"\r?\n\r?\n|\r\r")
_LINE_END = re.compile(rb"\r\n?|\n")
_BARE_RETURN = re.compile(rb"\r(?!\n)")
# A field body broken without folding: the parser would take the rest of the header for the text.
_UNFOLDED = re.compile(rb"^(?![!-9;-~]{1,200}:|[ \t\r\n]|From )", re.MULTILINE)
_MULTIPART = re.compile(rb"^content-type:\s{0,9}multipart/", re.IGNORECASE | re.MULTILINE)
_MAILTO = re.compile(
    r"[\[(（]\s?(?:mailto:)?([^\s\[\]()（）<>]{1,256}@[^\s\[\]()（）<>]{1,255})\s?[\])）]", re.IGNORECASE
)
_NO_CONTENT = Content("", (), (), "")


def read_message(
    raw: bytes,
    *,
    size: int | None = None,
    truncated: bool = False,
    headers_only: bool = False,
    files_closed: bool = False,
) -> InboundMessage:
    """Read a message, whatever the octets are.

    `size` is what the server told; `truncated` says that only the header section was kept,
    `headers_only` that nothing but it is to be looked at, `files_closed` that attachments are not looked into.
    """
    octets = len(raw) if size is None else size
    problems: list[str] = []
    if files_closed:
        problems.append("the attachments were not looked into, for an earlier attempt at the message failed")
    if truncated:
        problems.append(f"message of {octets} octets is larger than the limit; only its header was kept")
    elif headers_only:
        problems.append("only the header of the message was read")
    if truncated or headers_only:
        return _composed(_parse_header(raw), _NO_CONTENT, problems, octets)
    return _composed(*_read_whole(raw, problems, Files(looks_into=not files_closed)), problems, octets)


def documents_in(raw: bytes, names: Collection[str]) -> list[Document]:
    """Give the octets of the attachments of these names, as `read_message` names them."""
    files = Files(looks_into=False, keep=names)
    _read_whole(raw, [], files)
    return files.kept


def _read_whole(raw: bytes, problems: list[str], files: Files) -> tuple[Message, Content]:
    multiparts = list(_positions(raw))
    if len(multiparts) > _MOST_MULTIPARTS:
        problems.append(
            f"the message has more than {_MOST_MULTIPARTS} multiparts; the rest was not looked at"
        )
        raw = raw[: multiparts[_MOST_MULTIPARTS]]
    head, body = _sections(raw)
    if len(head) > _LONGEST_HEADER_SECTION:
        problems.append(
            f"the header is longer than {_LONGEST_HEADER_SECTION} octets; the rest was not looked at"
        )
    head, body = _repaired(head[:_LONGEST_HEADER_SECTION]), _of_bounded_lines(body, problems)
    try:
        message = parsed(head, body)
        return message, content_of(message, files)
    except RecursionError:
        problems.append("the message is nested too deeply; only its header was read")
        return _parse_header(raw), _NO_CONTENT


def _of_bounded_lines(body: bytes, problems: list[str]) -> bytes:
    if body.count(b"\n") + body.count(b"\r") <= _MOST_LINES:
        return body
    beyond = next(islice(_LINE_END.finditer(body), _MOST_LINES, None), None)
    if beyond is None:
        return body
    problems.append(f"the message has more than {_MOST_LINES} lines; the rest was not looked at")
    return body[: beyond.start()]


def _positions(raw: bytes) -> list[int]:
    """Find where multiparts may be declared, as many as it takes to see that there are too many."""
    found: list[int] = []
    if raw.lower().count(b"multipart/") <= _MOST_MULTIPARTS:
        return found
    for match in _MULTIPART.finditer(raw):
        found.append(match.start())
        if len(found) > _MOST_MULTIPARTS:
            break
    return found


def _parse_header(raw: bytes) -> Message:
    head, _ = _sections(raw[:_LONGEST_HEADER_SECTION])
    return parsed(_repaired(head), b"\n\n")


def _sections(raw: bytes) -> tuple[bytes, bytes]:
    """Divide header and body."""
    raw = raw.lstrip(b"\r\n")
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    end = _BODY_BEGINS.search(raw)
    return (raw[: end.start()], raw[end.start() :]) if end else (raw, b"")


def _repaired(head: bytes) -> bytes:
    """Repair a header so that the parser finds all of it."""
    return _UNFOLDED.sub(b" ", _BARE_RETURN.sub(b" ", head.replace(b"\0", b"")))


def _composed(message: Message, content: Content, problems: list[str], size: int) -> InboundMessage:
    fields = Fields(message.raw_items(), charset_of(message))
    subject = fields.text("subject")[:_LONGEST_SUBJECT]
    sender = _sender(fields)
    body = part_body(content.text, subject)
    report = delivery_report(message)
    reason = automatic(fields, message.get_content_type(), sender, content.calendar_method)
    return InboundMessage(
        subject=subject,
        sender=sender,
        sender_doubt=_sender_doubt(fields),
        reply_to=mailboxes(fields, "reply-to"),
        to=mailboxes(fields, "to"),
        cc=mailboxes(fields, "cc"),
        delivered_to=_delivered_to(fields),
        envelope_from=_envelope_from(fields),
        date=date_of(fields.first("date")),
        received_at=received_at(fields),
        message_id=_message_id(fields.first("message-id").strip()),
        references=_references(fields, report),
        language=language_of(subject, body.text, by_machine=reason is not None),
        automatic=reason,
        robot=robot(body.text) or perhaps_automatic(subject),
        text=body.text,
        quoted=body.quoted,
        signature=body.signature,
        forwarded=_forwarded(body.forward),
        may_be_anothers=body.may_be_anothers,
        attachments=content.attachments,
        authentication=authentications(fields),
        delivery_report=report,
        disposition=disposition(message),
        problems=(*problems, *content.problems, *_header_problems(fields, subject, sender)),
        size=size,
    )


def _sender(fields: Fields) -> Address:
    """Take the first mailbox of From, else of Sender; without any at least the name."""
    found = (*mailboxes(fields, "from"), *mailboxes(fields, "sender"))
    return found[0] if found else Address("", fields.text("from")[:_LONGEST_SUBJECT])


def _sender_doubt(fields: Fields) -> str:
    """Say why From is no one's word: mail programs and servers may each believe another part of it."""
    senders = {person.address for person in mailboxes(fields, "from")}
    if len(senders) > 1:
        return f"the header names {len(senders)} senders: {', '.join(sorted(senders)[:_MOST_TOLD])}"
    if any(is_ambiguous(body) for body in fields.all("from")):
        return "the header gives a sender two addresses"
    if any(_hides_line_end(body) for body in fields.all("from")):
        return "the sender's name hides a line end, to pass for more fields of the header"
    return ""


def _hides_line_end(body: str) -> bool:
    words = decode_words(body)
    return "\r" in words or "\n" in words


def _references(fields: Fields, report: DeliveryReport | None) -> tuple[str, ...]:
    """Give the thread; a delivery report belongs to that of the mail it speaks of."""
    about = (report.message_id,) if report and report.message_id else ()
    return tuple(dict.fromkeys((*thread_of(fields), *about)))


def _forwarded(head: Mark | None) -> Forwarded | None:
    """Name whose mail was passed on; some programs write the address in square brackets."""
    if head is None or not head.sender:
        return None
    written = _MAILTO.sub(r"<\1>", head.sender)
    found = parse(written)
    return Forwarded(found[0] if found else Address("", one_line(head.sender)), one_line(head.subject))


def _message_id(body: str) -> str:
    """Take the id; some senders forget its angle brackets."""
    bare = f"<{body}>" if "@" in body and "<" not in body and " " not in body else body
    return next(iter(message_ids(bare)), "")


def _delivered_to(fields: Fields) -> tuple[str, ...]:
    found = (*mailboxes(fields, "delivered-to"), *mailboxes(fields, "x-original-to"))
    return tuple(dict.fromkeys(address.address for address in found))


def _envelope_from(fields: Fields) -> str | None:
    path = fields.first("return-path")
    if path.replace(" ", "") == "<>":
        return ""
    return next((address.address for address in parse(path)), None)


def _header_problems(fields: Fields, subject: str, sender: Address) -> list[str]:
    problems = []
    if _hides_line_end(fields.first("subject")):
        problems.append("the subject hides a line end, to pass for more fields of the header")
    if not sender.address:
        problems.append(NO_SENDER)
    if REPLACEMENT in subject:
        problems.append("some characters of the subject could not be decoded")
    return problems
