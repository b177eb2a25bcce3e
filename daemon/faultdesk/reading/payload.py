"""What a part carries: its octets, the file or the message they are, and its media type as it is meant."""

import base64
import binascii
import re
from email.errors import InvalidBase64LengthDefect, InvalidBase64PaddingDefect
from email.message import Message

from faultdesk.reading.charset import cleaned
from faultdesk.reading.files import File
from faultdesk.reading.headers import Fields, from_base64, one_line, parameters
from faultdesk.reading.kinds import HEAD
from faultdesk.reading.policy import parsed_within

_DIGITS_LOST = (InvalidBase64LengthDefect, InvalidBase64PaddingDefect)
_NO_DIGIT = re.compile(r"[^A-Za-z0-9+/=]")
_MEANT = {"plain/text": "text/plain", "html/text": "text/html", "text/richtext": "text/enriched"}
_SEMICOLON_FORGOTTEN = re.compile(r"(\s{0,9}[\w.+-]{1,80}/[\w.+-]{1,80})\s{1,9}(?=[\w-]{1,40}\s?=)")


def media_type_of(part: Message) -> str:
    """Name its media type, though a semicolon be forgotten or the halves be swapped."""
    media_type = cleaned((part.get_content_type().split() or [""])[0])
    return _MEANT.get(media_type, media_type)


def parameters_of(fields: Fields, name: str) -> dict[str, str]:
    """Read the parameters of a Content-Type or Content-Disposition."""
    return parameters(_SEMICOLON_FORGOTTEN.sub(r"\1; ", fields.first(name), count=1))


def octets_of(part: Message) -> bytes:
    """Decode what it carries; a digit lost from base64 spoils its own line only."""
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    if any(isinstance(defect, _DIGITS_LOST) for defect in part.defects):
        return _decoded_by_lines(_encoded(part)) or octets
    return octets


def _decoded_by_lines(encoded: str) -> bytes | None:
    """Decode base64 of which digits are lost, so that they spoil their own line only; None if lines are no wholes."""
    lines = [_NO_DIGIT.sub("", line) for line in encoded.splitlines()]
    if sum(len(line) % 4 > 0 for line in lines) > 1 + len(lines) // 10:
        return None
    return b"".join(map(from_base64, lines))


def file_of(part: Message, name: str, media_type: str) -> File:
    """Give the file it carries, which is decoded only when it is read."""
    return File(name, media_type, _size_of(part), _head_of(part), lambda: octets_of(part))


def _is_base64(part: Message) -> bool:
    return str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"


def _size_of(part: Message) -> int:
    """Count the decoded octets; for base64, which the great ones are in, without decoding them."""
    if part.is_multipart():
        return sum(len(octets_of(leaf)) for leaf in part.walk() if not leaf.is_multipart())
    payload = _encoded(part)
    if not payload or not _is_base64(part):
        return len(octets_of(part))
    digits = len(payload) - sum(payload.count(space) for space in "\r\n\t ")
    return max(0, digits // 4 * 3 - payload[-8:].count("="))


def _head_of(part: Message) -> bytes:
    """Decode the first octets only."""
    if part.is_multipart():
        return b""
    if not _is_base64(part):
        return octets_of(part)[:HEAD]
    digits = "".join(_encoded(part)[: 2 * HEAD].split())
    try:
        return base64.b64decode(digits[: len(digits) // 4 * 4])[:HEAD]
    except (binascii.Error, ValueError):
        return octets_of(part)[:HEAD]


def _encoded(part: Message) -> str:
    try:
        return str(part.get_payload())
    except UnicodeError:
        # The parser decodes raw octets by the part's label, and not every codec can replace what it cannot read.
        return ""


def inner_message(part: Message, name: str) -> Message | None:
    """Give the message in a message/rfc822 part, which some gateways encode, or call a file, though RFC 2046 forbids it."""
    if not part.is_multipart() and name.lower().endswith(".eml"):
        saved = parsed_within(octets_of(part))
        return saved if saved is not None and {"from", "subject"} <= {key.lower() for key in saved} else None
    if not part.is_multipart() or part.get_content_type() != "message/rfc822":
        return None
    inner = part.get_payload(0)
    if isinstance(inner, Message) and _is_base64(part) and not inner.keys():
        inner["Content-Transfer-Encoding"] = "base64"
        return parsed_within(octets_of(inner))
    return inner if isinstance(inner, Message) else None


def name_of(message: Message) -> str:
    """Name an attached message after its subject."""
    subject = Fields(message.raw_items()).text("subject")
    return one_line(f"{subject[:100]}.eml") if subject else ""
