"""The parts of a message (RFC 2046): its text, and what else is attached."""

import base64
import binascii
import re
from email.errors import InvalidBase64LengthDefect, InvalidBase64PaddingDefect
from email.message import Message
from itertools import islice
from typing import NamedTuple

from faultdesk.domain.message import Attachment
from faultdesk.reading.charset import cleaned
from faultdesk.reading.damage import UnreadableFileError
from faultdesk.reading.files import File, Files
from faultdesk.reading.headers import Fields, from_base64, one_line, parameters
from faultdesk.reading.kinds import HEAD
from faultdesk.reading.marks import is_forward
from faultdesk.reading.policy import parsed_within
from faultdesk.reading.sealed import ENCRYPTED, SIGNED, is_sealed, unwrapped
from faultdesk.reading.texts import LONGEST_TEXT, is_blank, read_text
from faultdesk.reading.tnef import is_tnef, unwrap

MOST_PARTS = 200
ONLY_PICTURES = "the message holds no text, only pictures; look at them"
ONLY_FILES = "the message holds no text, only files that were not read; look at them"
_TEXTS = frozenset({"text/plain", "text/html"})
_SPARE_TEXTS = frozenset({"text/calendar", "application/rtf", "text/rtf"})
"""What speaks for a message that has no other text."""
_MOST_FORWARDED = 5
"""Messages attached that are read: each is counted octet by octet, with all that is nested in it."""
_DIGITS_LOST = (InvalidBase64LengthDefect, InvalidBase64PaddingDefect)
_NO_DIGIT = re.compile(r"[^A-Za-z0-9+/=]")
_BOUNDARY_SEEN = re.compile(rb"^--([^\s-][^\r\n]{0,69})\r?\ncontent-", re.IGNORECASE | re.MULTILINE)
_MOST_MENDED = 3
_MOST_TEXT = 2 * 1024 * 1024
"""Octets of all text parts together that are looked at."""
_FORWARD_FIELDS = ("From", "Date", "To", "Subject")


class Content(NamedTuple):
    """What the parts hold; `calendar_method` is that of an invitation or its answer (RFC 5546)."""

    text: str
    attachments: tuple[Attachment, ...]
    problems: tuple[str, ...]
    calendar_method: str


def content_of(message: Message, files: Files) -> Content:
    """Read all parts, to the bounded number and depth that a parsed message has; attachments go to `files`.

    A message attached to one that passes it on, or says nothing itself, is read as if forwarded in the text.
    """
    reader = _PartReader(charset_of(message), files)
    text = reader.read(message)
    is_report = message.get_content_type() == "multipart/report"
    if reader.messages and not is_report and (is_blank(text) or _passes_on(message)):
        # Those attached to them come behind them: the list grows while it is read.
        text = "\n\n".join([text, *map(reader.read_forwarded, islice(reader.messages, _MOST_FORWARDED))])
        if len(reader.messages) > _MOST_FORWARDED:
            reader.problems.append(
                f"more than {_MOST_FORWARDED} messages are attached; the rest was not read"
            )
    if is_blank(text):
        text = next((file.text for file in reader.spares if file.text), "")
    attached = tuple(files.found)
    problems = [*reader.problems, *files.problems]
    if is_blank(text) and any(file.media_type.startswith("image/") for file in attached):
        problems.append(ONLY_PICTURES)
    elif is_blank(text) and attached and not problems and not any(file.text for file in attached):
        problems.append(ONLY_FILES)
    return Content(text, attached, tuple(dict.fromkeys(problems)), reader.calendar_method)


def charset_of(message: Message) -> str:
    """Find the charset of the first text part, which raw octets in the header are likely in, too."""
    part: object = message
    while isinstance(part, Message) and part.is_multipart():
        part = next(iter(part.get_payload()), None)
    if not isinstance(part, Message):
        return ""
    return _parameters_of(Fields(part.raw_items()), "content-type").get("charset", "")


def _passes_on(message: Message) -> bool:
    return is_forward(Fields(message.raw_items(), charset_of(message)).text("subject"))


class _PartReader:
    """Goes through the parts once, in their order."""

    def __init__(self, charset: str, files: Files) -> None:
        self._charset = charset
        self.files = files
        self.problems: list[str] = []
        self.messages: list[Message] = []
        self.spares: list[Attachment] = []
        self.calendar_method = ""
        self._seen = 0
        self._room = _MOST_TEXT
        self._mended_parts = 0

    def read(self, part: Message, *, wanted: bool = True) -> str:
        """Read a part; give its text if that is wanted, and note attachments either way."""
        self._seen += 1
        if self._seen > MOST_PARTS:
            self.problems.append(f"the message has more than {MOST_PARTS} parts; the rest was not looked at")
            return ""
        media_type = cleaned(part.get_content_type())
        # Once: nobody signs a signed mail, but one could be nested a thousand times.
        may_open = is_sealed(media_type) and SIGNED not in self.problems
        if may_open and (inner := unwrapped(_octets_of(part))) is not None:
            self.problems.append(SIGNED)
            return self.read(inner, wanted=wanted)
        if is_sealed(media_type) or media_type == "multipart/encrypted":
            self.problems.append(ENCRYPTED)
        if media_type.startswith("multipart/") and not part.is_multipart():
            part = self._mended(part)
        if part.is_multipart() and not media_type.startswith("message/"):
            children = [child for child in part.get_payload() if isinstance(child, Message)]
            if media_type == "multipart/alternative":
                return self._read_alternative(children, wanted=wanted)
            texts = [self.read(child, wanted=wanted) for child in children]
            return "\n".join(text for text in texts if not is_blank(text))
        return self._read_leaf(part, media_type, wanted=wanted)

    def _mended(self, part: Message) -> Message:
        """Part a multipart by the boundary that stands in it, if it names another one or none."""
        octets = _octets_of(part)
        seen = _BOUNDARY_SEEN.search(octets) if self._mended_parts < _MOST_MENDED else None
        if seen is None:
            return part
        self._mended_parts += 1
        kind = part.get_content_type().encode()
        return (
            parsed_within(b'Content-Type: %s; boundary="%s"\n\n%s' % (kind, seen[1].rstrip(), octets)) or part
        )

    def read_forwarded(self, message: Message) -> str:
        """Read an attached message, under the head that a program writes above one it forwards in the text."""
        fields = Fields(message.raw_items(), charset_of(message))
        head = [f"{name}: {one_line(fields.text(name.lower()))}" for name in _FORWARD_FIELDS]
        own_method = self.calendar_method
        text = self.read(message)
        self.calendar_method = own_method  # an answer that is passed on is no answer
        return "\n".join(["---------- Forwarded message ----------", *head, "", text])

    def _read_alternative(self, children: list[Message], *, wanted: bool) -> str:
        """Take the plain text unless it is empty, else what comes next."""
        text = ""
        for child in sorted(children, key=lambda child: child.get_content_type() != "text/plain"):
            found = self.read(child, wanted=wanted and is_blank(text))
            text = text if is_blank(found) else found
        return text

    def _read_leaf(self, part: Message, media_type: str, *, wanted: bool) -> str:
        fields = Fields(part.raw_items(), self._charset)
        typed = _parameters_of(fields, "content-type")
        name = _parameters_of(fields, "content-disposition").get("filename") or typed.get("name") or ""
        if media_type == "text/calendar":
            self.calendar_method = typed.get("method", "").lower()
        is_attached = fields.first("content-disposition").strip().lower().startswith("attachment")
        # A "multipart" whose boundary never comes is shown as the text it is.
        is_text = media_type in _TEXTS or media_type.startswith("multipart/")
        if is_text and not name and not is_attached:
            return self._read_text(part, media_type, typed) if wanted else ""
        if is_tnef(media_type, name):
            return self._read_wrapped(part, name, media_type, wanted=wanted)
        if (inner := _inner(part)) is not None:
            self.messages.append(inner)
            name = name or _name_of(inner)
        file = self.files.add(_file(part, name, media_type))
        if file is not None and media_type in _SPARE_TEXTS and not is_attached:
            self.spares.append(file)
        return ""

    def _read_text(self, part: Message, media_type: str, typed: dict[str, str]) -> str:
        octets = _octets_of(part)
        if self._room < 0:
            self.problems.append(
                f"the message has more than {_MOST_TEXT >> 20} MiB of text; the rest was not read"
            )
            return ""
        self._room -= min(len(octets), LONGEST_TEXT)
        read = read_text(octets, media_type, typed)
        self.problems += read.problems
        for file in read.files:
            self._add_octets(one_line(file.name), file.octets)
        return read.text

    def _read_wrapped(self, part: Message, name: str, media_type: str, *, wanted: bool) -> str:
        """Read what Outlook wrapped; what cannot be unwrapped stays the attachment it is."""
        try:
            wrapped = unwrap(_octets_of(part))
        except UnreadableFileError:
            self.problems.append("the text is in a winmail.dat that cannot be read")
            self.files.add(_file(part, name, media_type))
            return ""
        for inner_name, octets in wrapped.files[:MOST_PARTS]:
            self._add_octets(inner_name, octets)
        return wrapped.text if wanted else ""

    def _add_octets(self, name: str, octets: bytes) -> None:
        self.files.add(File(name, "application/octet-stream", len(octets), octets[:HEAD], lambda: octets))


def _parameters_of(fields: Fields, name: str) -> dict[str, str]:
    return parameters(fields.first(name))


def _octets_of(part: Message) -> bytes:
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


def _file(part: Message, name: str, media_type: str) -> File:
    return File(name, media_type, _size_of(part), _head_of(part), lambda: _octets_of(part))


def _is_base64(part: Message) -> bool:
    return str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"


def _size_of(part: Message) -> int:
    """Count the decoded octets; for base64, which the great ones are in, without decoding them."""
    if part.is_multipart():
        return sum(len(_octets_of(leaf)) for leaf in part.walk() if not leaf.is_multipart())
    payload = _encoded(part)
    if not payload or not _is_base64(part):
        return len(_octets_of(part))
    digits = len(payload) - sum(payload.count(space) for space in "\r\n\t ")
    return max(0, digits // 4 * 3 - payload[-8:].count("="))


def _head_of(part: Message) -> bytes:
    """Decode the first octets only."""
    if part.is_multipart():
        return b""
    if not _is_base64(part):
        return _octets_of(part)[:HEAD]
    digits = "".join(_encoded(part)[: 2 * HEAD].split())
    try:
        return base64.b64decode(digits[: len(digits) // 4 * 4])[:HEAD]
    except (binascii.Error, ValueError):
        return _octets_of(part)[:HEAD]


def _encoded(part: Message) -> str:
    try:
        return str(part.get_payload())
    except UnicodeError:
        # The parser decodes raw octets by the part's label, and not every codec can replace what it cannot read.
        return ""


def _inner(part: Message) -> Message | None:
    """Give the message in a message/rfc822 part, which some gateways encode though RFC 2046 forbids it."""
    if not part.is_multipart() or part.get_content_type() != "message/rfc822":
        return None
    inner = part.get_payload(0)
    if isinstance(inner, Message) and _is_base64(part) and not inner.keys():
        inner["Content-Transfer-Encoding"] = "base64"
        return parsed_within(_octets_of(inner))
    return inner if isinstance(inner, Message) else None


def _name_of(message: Message) -> str:
    """Name an attached message after its subject."""
    subject = Fields(message.raw_items()).text("subject")
    return one_line(f"{subject[:100]}.eml") if subject else ""
