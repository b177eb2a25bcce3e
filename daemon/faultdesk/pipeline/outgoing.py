"""Builds the octets of the desk's mails: RFC 5322, threaded, marked as what they are.

Written out here and not through email.message: that took two thirds of the time of a whole decision,
for headers and parts that never vary.
"""

import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime, formataddr
from urllib.parse import quote
from zoneinfo import ZoneInfo

from faultdesk.domain.decision import File, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address
from faultdesk.domain.reference import Seal
from faultdesk.pipeline.letters import OutgoingMail

_REFERENCES = 20
"""Message ids kept in References: enough for every mail reader, short enough for every server."""
_LONGEST_ID = 500
_LONGEST_WORD = 200
"""Characters that fit on a header line with room to spare (RFC 5322 section 2.1.1)."""
_HEADER_LINE = 78
_BASE64_LINE = 76
_ENCODED_WORD = 42
"""Octets that become an encoded word of fewer than 75 characters."""
_TEXT_PART = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def compose(mail: Mail, identity: Identity, seal: Seal, now: datetime) -> OutgoingMail:
    """Build a mail, the same octets whenever it is decided by this name at this time.

    What is attached is kept as a reference to the inbox, which never changes; `complete` adds it.
    """
    message_id = seal.message_id(mail.ticket_id or 0, mail.name, identity.domain)
    headers = [
        ("From", _header_address(identity.mailbox)),
        ("To", ", ".join(_header_address(person) for person in mail.to)),
        ("Subject", _header_text(" ".join(mail.subject.split()))),
        ("Date", format_datetime(now.astimezone(ZoneInfo(identity.time_zone)))),
        ("Message-ID", message_id),
        *_thread(mail),
        *_marks(mail, identity, seal),
        ("MIME-Version", "1.0"),
    ]
    head = "".join(_fold(name, value) for name, value in headers)
    # RFC 2045 section 6.8: the lines of a text end in CRLF before it becomes base64.
    text = mail.text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    body = _TEXT_PART.encode() + _base64(text)
    if mail.attached or mail.files:
        boundary = _boundary(message_id)
        head += f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n--{boundary}\r\n'
        body += b"".join(_file_part(boundary.encode(), file) for file in mail.files)
        # Where no original follows when it is sent, the last part is here.
        body += b"" if mail.attached else f"--{boundary}--\r\n".encode()
    return OutgoingMail(
        ticket_id=mail.ticket_id,
        message_id=message_id,
        purpose=mail.purpose,
        recipients=[person.address for person in mail.to],
        content=head.encode("ascii") + body,
        attached=list(mail.attached),
        automatic=mail.automatic,
        internal=mail.internal,
    )


def complete(mail: OutgoingMail, original: Callable[[int], bytes], withheld: Mapping[int, str]) -> bytes:
    """Give the octets to send: the stored ones, and the originals that go along, or why they do not.

    `original` gives the octets of a received message by its ledger number, `withheld` the reason. They travel as
    octets: message/rfc822 must not be base64 (RFC 2046 section 5.2.1), and a client's lines may be any length.
    """
    if not mail.attached:
        return mail.content
    boundary = _boundary(mail.message_id).encode()
    parts = [
        _substitute(boundary, inbox_id, withheld[inbox_id])
        if inbox_id in withheld
        else _part(boundary, inbox_id, original(inbox_id))
        for inbox_id in mail.attached
    ]
    return b"".join((mail.content, *parts, b"--", boundary, b"--\r\n"))


def _part(boundary: bytes, inbox_id: int, octets: bytes) -> bytes:
    head = (
        b"--%s\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="notice-%d.eml"\r\n\r\n' % (boundary, inbox_id)
    )
    return head + _base64(octets)


def _file_part(boundary: bytes, file: File) -> bytes:
    # RFC 2231 section 4, and for whom that is news an encoded word, which the RFC forbids and Outlook reads.
    name = quote(file.name, safe="")
    for_old = _encoded(_printable(file.name)).replace(" ", "\r\n ")
    head = (
        f'--{boundary.decode()}\r\nContent-Type: {file.media_type};\r\n name="{for_old}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n filename*=utf-8''{name}\r\n\r\n"
    )
    return head.encode() + _base64(file.content)


def _substitute(boundary: bytes, inbox_id: int, reason: str) -> bytes:
    head = (
        b"--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="notice-%d.txt"\r\n\r\n' % (boundary, inbox_id)
    )
    text = f"原件未随附 The original of message {inbox_id} does not go along: {reason}\r\n"
    return head + _base64(text.encode())


def _base64(octets: bytes) -> bytes:
    encoded = binascii.b2a_base64(octets, newline=False)
    lines = [encoded[start : start + _BASE64_LINE] for start in range(0, len(encoded), _BASE64_LINE)]
    return b"\r\n".join(lines) + b"\r\n"


def _boundary(message_id: str) -> str:
    return f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"


def _marks(mail: Mail, identity: Identity, seal: Seal) -> Iterator[tuple[str, str]]:
    if identity.plus_addressing and mail.ticket_id:
        person = mail.to[0].address if mail.internal and len(mail.to) == 1 else ""
        yield "Reply-To", seal.reply_address(mail.ticket_id, identity.address, person)
    if mail.automatic:
        # RFC 3834 section 5, and what Exchange understands instead: keeps robots from answering.
        yield "Auto-Submitted", "auto-generated" if mail.internal else "auto-replied"
        yield "X-Auto-Response-Suppress", "All"


def _thread(mail: Mail) -> Iterator[tuple[str, str]]:
    ids = [clean for clean in map(_clean_id, (*mail.references, mail.in_reply_to)) if clean]
    if mail.in_reply_to and ids:
        yield "In-Reply-To", ids[-1]
    if ids:
        yield "References", " ".join(list(dict.fromkeys(ids))[-_REFERENCES:])


def _clean_id(message_id: str) -> str:
    """Let through only what cannot break our header: a client chose these octets."""
    printable = message_id.isascii() and message_id.isprintable() and " " not in message_id
    return message_id if printable and len(message_id) < _LONGEST_ID else ""


def _header_address(person: Address) -> str:
    name = _printable(person.name)
    if name.isascii() and len(name) < _LONGEST_WORD:
        return formataddr((name, person.address))
    return f"{_encoded(name)} <{person.address}>"


def _header_text(text: str) -> str:
    clean = _printable(text)
    plain = clean.isascii() and max(map(len, clean.split()), default=0) < _LONGEST_WORD
    # What looks like an encoded word would be read as one.
    return clean if plain and "=?" not in clean else _encoded(clean)


def _encoded(text: str) -> str:
    """Write encoded words (RFC 2047 section 2), each of whole characters."""
    words, word = [], b""
    for character in text:
        octets = character.encode()
        if len(word) + len(octets) > _ENCODED_WORD:
            words.append(word)
            word = b""
        word += octets
    return " ".join(
        f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in (*words, word)
    )


def _printable(text: str) -> str:
    """Leave out control characters and lone surrogates, which no header can carry."""
    return "".join(character for character in text if character.isprintable())


def _fold(name: str, value: str) -> str:
    """Write a header field, folded before words (RFC 5322 section 2.2.3)."""
    line = f"{name}: {value}"
    if len(line) <= _HEADER_LINE:
        return line + "\r\n"
    lines = [f"{name}:"]
    for word in value.split(" "):
        if len(lines[-1]) + 1 + len(word) > _HEADER_LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
