"""The parts of a message (RFC 2046): its text, and what else is attached."""

import re
from email.message import Message
from typing import NamedTuple

from faultdesk.domain.message import Attachment
from faultdesk.reading.charset import REPLACEMENT, decode
from faultdesk.reading.headers import Fields, one_line, parameters
from faultdesk.reading.hypertext import text_of
from faultdesk.reading.sealed import ENCRYPTED, SIGNED, is_encrypted_text, is_sealed, unwrapped
from faultdesk.reading.uuencoded import without_files

MOST_PARTS = 200
ONLY_PICTURES = "the message holds no text, only pictures; look at them"
LONGEST_TEXT = 512 * 1024
"""Octets of a text part that are looked at."""
_BLANK = re.compile("[\\s\u00ad\u200b-\u200f\u2060\ufeff]*")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_META_WITHIN = 2048
_TEXTS = frozenset({"text/plain", "text/html"})
_HTML_BEGINS = re.compile(r"\s{0,99}(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?")
_FORMAT_FLOWED = "flowed"


class Content(NamedTuple):
    """What the parts hold; `calendar_method` is that of an invitation or its answer (RFC 5546)."""

    text: str
    attachments: tuple[Attachment, ...]
    problems: tuple[str, ...]
    calendar_method: str


def content_of(message: Message) -> Content:
    """Read all parts, to the bounded number and depth that a parsed message has."""
    reader = _PartReader(charset_of(message))
    text = reader.read(message)
    if is_blank(text) and any(file.media_type.startswith("image/") for file in reader.attachments):
        reader.problems.append(ONLY_PICTURES)
    return Content(
        text, tuple(reader.attachments), tuple(dict.fromkeys(reader.problems)), reader.calendar_method
    )


def charset_of(message: Message) -> str:
    """Find the charset of the first text part, which raw octets in the header are likely in, too."""
    part: object = message
    while isinstance(part, Message) and part.is_multipart():
        part = next(iter(part.get_payload()), None)
    if not isinstance(part, Message):
        return ""
    return _parameters_of(Fields(part.raw_items()), "content-type").get("charset", "")


class _PartReader:
    """Goes through the parts once, in their order."""

    def __init__(self, charset: str) -> None:
        self._charset = charset
        self.attachments: list[Attachment] = []
        self.problems: list[str] = []
        self.calendar_method = ""
        self._seen = 0

    def read(self, part: Message, *, wanted: bool = True) -> str:
        """Read a part; give its text if that is wanted, and note attachments either way."""
        self._seen += 1
        if self._seen > MOST_PARTS:
            self.problems.append(f"the message has more than {MOST_PARTS} parts; the rest was not looked at")
            return ""
        media_type = part.get_content_type()
        # Once: nobody signs a signed mail, but one could be nested a thousand times.
        may_open = is_sealed(media_type) and SIGNED not in self.problems
        if may_open and (inner := unwrapped(_octets_of(part))) is not None:
            self.problems.append(SIGNED)
            return self.read(inner, wanted=wanted)
        if is_sealed(media_type) or media_type == "multipart/encrypted":
            self.problems.append(ENCRYPTED)
        if part.is_multipart() and not media_type.startswith("message/"):
            children = [child for child in part.get_payload() if isinstance(child, Message)]
            if media_type == "multipart/alternative":
                return self._read_alternative(children, wanted=wanted)
            texts = [self.read(child, wanted=wanted) for child in children]
            return "\n".join(text for text in texts if not is_blank(text))
        return self._read_leaf(part, media_type, wanted=wanted)

    def _read_alternative(self, children: list[Message], *, wanted: bool) -> str:
        """Take the plain text unless it is empty, else what comes next."""
        text = ""
        for child in sorted(children, key=lambda child: child.get_content_type() != "text/plain"):
            found = self.read(child, wanted=wanted and is_blank(text))
            text = text if is_blank(found) else found
        return text

    def _read_leaf(self, part: Message, media_type: str, *, wanted: bool) -> str:
        fields = Fields(part.raw_items(), self._charset)
        typed, disposed = (
            _parameters_of(fields, "content-type"),
            _parameters_of(fields, "content-disposition"),
        )
        if media_type == "text/calendar":
            self.calendar_method = typed.get("method", "").lower()
        name = disposed.get("filename") or typed.get("name") or ""
        is_attached = fields.first("content-disposition").strip().lower().startswith("attachment")
        # A "multipart" whose boundary never comes is shown as the text it is.
        is_text = media_type in _TEXTS or media_type.startswith("multipart/")
        if name or is_attached or not is_text:
            self.attachments.append(Attachment(name or _inner_name(part), media_type, _size_of(part)))
            return ""
        return self._read_text(part, media_type, typed) if wanted else ""

    def _read_text(self, part: Message, media_type: str, typed: dict[str, str]) -> str:
        octets = _octets_of(part)
        if len(octets) > LONGEST_TEXT:
            self.problems.append(f"a text of {len(octets)} octets was cut after {LONGEST_TEXT}")
            # Between two lines, lest a character be cut in half and the charset go unrecognised.
            octets = octets[:LONGEST_TEXT].rpartition(b"\n")[0] or octets[:LONGEST_TEXT]
        label = typed.get("charset", "")
        if media_type == "text/html":
            meta = None if label else _META_CHARSET.search(octets[:_META_WITHIN])
            html = decode(octets, meta[1].decode("ascii", "replace") if meta else label)
            text = text_of(html)
        else:
            text = _LINE_END.sub("\n", decode(octets, label))
            if typed.get("format", "").lower() == _FORMAT_FLOWED:
                text = _unflowed(text, deletes_space=typed.get("delsp", "").lower() == "yes")
            text = self._without_extras(text)
        if REPLACEMENT in text:
            self.problems.append("some characters of the text could not be decoded")
        return text

    def _without_extras(self, text: str) -> str:
        """Read what a plain text is not meant to hold, and does: HTML, uuencoded files, PGP."""
        if _HTML_BEGINS.match(text):
            return text_of(text)
        if is_encrypted_text(text):
            self.problems.append(ENCRYPTED)
        text, files = without_files(text)
        self.attachments += [
            Attachment(one_line(file.name), "application/octet-stream", len(file.octets)) for file in files
        ]
        return text


def is_blank(text: str) -> bool:
    """Tell whether there is nothing to see."""
    return _BLANK.fullmatch(text) is not None


def _parameters_of(fields: Fields, name: str) -> dict[str, str]:
    return parameters(fields.first(name))


def _octets_of(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _size_of(part: Message) -> int:
    """Count the decoded octets; for base64, which the great ones are in, without decoding them."""
    if part.is_multipart():
        return sum(len(_octets_of(leaf)) for leaf in part.walk() if not leaf.is_multipart())
    payload = _encoded(part)
    if not payload or str(part.get("content-transfer-encoding", "")).strip().lower() != "base64":
        return len(_octets_of(part))
    digits = len(payload) - sum(payload.count(space) for space in "\r\n\t ")
    return max(0, digits // 4 * 3 - payload[-8:].count("="))


def _encoded(part: Message) -> str:
    try:
        return str(part.get_payload())
    except UnicodeError:
        # The parser decodes raw octets by the part's label, and not every codec can replace what it cannot read.
        return ""


def _inner_name(part: Message) -> str:
    """Name an attached message after its subject."""
    if not part.is_multipart() or part.get_content_type() != "message/rfc822":
        return ""
    inner = part.get_payload(0)
    subject = Fields(inner.raw_items()).text("subject") if isinstance(inner, Message) else ""
    return one_line(f"{subject[:100]}.eml") if subject else ""


def _unflowed(text: str, *, deletes_space: bool) -> str:
    """Join the lines that were broken for transport (RFC 3676 sections 4.1 and 4.2)."""
    paragraphs: list[list[str]] = []
    goes_on = False
    for line in text.split("\n"):
        stuffed = line.removeprefix(" ")
        if not goes_on or stuffed.startswith(">"):
            paragraphs.append([])
        goes_on = stuffed.endswith(" ") and stuffed != "-- " and not stuffed.startswith(">")
        paragraphs[-1].append(stuffed[:-1] if goes_on and deletes_space else stuffed)
    return "\n".join("".join(paragraph) for paragraph in paragraphs)
