"""The parts of a message (RFC 2046): its text, and what else is attached."""

import re
from email.message import Message
from itertools import islice
from typing import NamedTuple

from faultdesk.domain.message import Attachment
from faultdesk.reading.alternatives import fuller, may_be_stub
from faultdesk.reading.damage import UnreadableFileError
from faultdesk.reading.documents import LONGEST
from faultdesk.reading.files import File, Files
from faultdesk.reading.headers import Fields, one_line
from faultdesk.reading.kinds import HEAD
from faultdesk.reading.marks import is_forward
from faultdesk.reading.payload import file_of, inner_message, media_type_of, name_of, octets_of, parameters_of
from faultdesk.reading.policy import parsed_within
from faultdesk.reading.sealed import ENCRYPTED, SIGNED, is_sealed, unwrapped
from faultdesk.reading.texts import LONGEST_TEXT, is_blank, read_text
from faultdesk.reading.tnef import is_tnef, unwrap

MOST_PARTS = 200
ONLY_PICTURES = "the message holds no text, only pictures; look at them"
NOT_READ = "a message is attached that says nothing; look at it"
ONLY_FILES = "the message holds no text, only files that were not read; look at them"
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/markdown", "text/x-markdown"})
_SPARE_TEXTS = frozenset({"text/calendar", "application/rtf", "text/rtf"})
"""What speaks for a message that has no other text."""
_MOST_FORWARDED = 5
"""Messages attached that are read: each is counted octet by octet, with all that is nested in it."""
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

    A message attached to one that passes it on, or says nothing itself, is read as if forwarded in the text; another
    is a document like others, whose words go to the attachment.
    """
    reader = _PartReader(charset_of(message), files)
    text = reader.read(message)
    is_report = message.get_content_type() == "multipart/report"
    if reader.messages and not is_report and (is_blank(text) or _passes_on(message)):
        # Those attached to them come behind them: the list grows while it is read.
        inner = (found for found, _ in islice(reader.messages, _MOST_FORWARDED))
        text = "\n\n".join([text, *map(reader.read_forwarded, inner)])
    elif reader.messages and not is_report:
        reader.read_beside()
    if len(reader.messages) > _MOST_FORWARDED and not is_report:
        reader.problems.append(f"more than {_MOST_FORWARDED} messages are attached; the rest was not read")
    if is_blank(text) and len(reader.named) == 1:
        text = reader.read_named()
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
    return parameters_of(Fields(part.raw_items()), "content-type").get("charset", "")


def _passes_on(message: Message) -> bool:
    return is_forward(Fields(message.raw_items(), charset_of(message)).text("subject"))


class _PartReader:
    """Goes through the parts once, in their order."""

    def __init__(self, charset: str, files: Files) -> None:
        self._charset = charset
        self.files = files
        self.problems: list[str] = []
        self.messages: list[tuple[Message, Attachment | None]] = []
        self.spares: list[Attachment] = []
        self.named: list[tuple[Message, str, dict[str, str]]] = []
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
        media_type = media_type_of(part)
        # Once: nobody signs a signed mail, but one could be nested a thousand times.
        may_open = is_sealed(media_type) and SIGNED not in self.problems
        if may_open and (inner := unwrapped(octets_of(part))) is not None:
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
        octets = octets_of(part)
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
        return "\n".join(["---------- Forwarded message ----------", *head, "", self._read_inner(message)])

    def read_beside(self) -> None:
        """Read the attached messages for their words alone; one without any is told."""
        for message, file in islice(self.messages, _MOST_FORWARDED):
            subject = one_line(Fields(message.raw_items(), charset_of(message)).text("subject"))
            words = f"{subject}\n\n{self._read_inner(message)}".strip()
            if is_blank(words):
                self.problems.append(NOT_READ)
            elif file is not None:
                self.files.gave(file, words[:LONGEST])

    def _read_inner(self, message: Message) -> str:
        own_method = self.calendar_method
        text = self.read(message)
        self.calendar_method = own_method  # an answer that is passed on is no answer
        return text

    def _read_alternative(self, children: list[Message], *, wanted: bool) -> str:
        """Take the plain text unless it is empty or only a stub, else what comes next."""
        text = ""
        for child in sorted(children, key=lambda child: media_type_of(child) != "text/plain"):
            told = len(self.problems)
            found = self.read(child, wanted=wanted and may_be_stub(text))
            if (taken := fuller(text, found)) == text and text and self._seen <= MOST_PARTS:
                del self.problems[told:]  # of a text that is not shown
            text = taken
        return text

    def read_named(self) -> str:
        """Read the only text there is, though it be called a file."""
        return self._read_text(*self.named[0])

    def _read_leaf(self, part: Message, media_type: str, *, wanted: bool) -> str:
        fields = Fields(part.raw_items(), self._charset)
        typed = parameters_of(fields, "content-type")
        name = parameters_of(fields, "content-disposition").get("filename") or typed.get("name") or ""
        if media_type == "text/calendar":
            self.calendar_method = typed.get("method", "").lower()
        is_attached = fields.first("content-disposition").strip().lower().startswith("attachment")
        # A "multipart" whose boundary never comes is shown as the text it is.
        is_text = media_type in _TEXTS or media_type.startswith("multipart/")
        if is_text and not name and not is_attached:
            return self._read_text(part, media_type, typed) if wanted else ""
        if is_tnef(media_type, name):
            return self._read_wrapped(part, name, media_type, wanted=wanted)
        if is_text and wanted:
            self.named.append((part, media_type, typed))
        inner = inner_message(part, name) if len(self.messages) <= _MOST_FORWARDED else None
        name = name or (name_of(inner) if inner is not None else "")
        file = self.files.add(file_of(part, name, media_type))
        if inner is not None:
            self.messages.append((inner, file))
        if file is not None and media_type in _SPARE_TEXTS and not is_attached:
            self.spares.append(file)
        return ""

    def _read_text(self, part: Message, media_type: str, typed: dict[str, str]) -> str:
        octets = octets_of(part)
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
            wrapped = unwrap(octets_of(part))
        except UnreadableFileError:
            self.problems.append("the text is in a winmail.dat that cannot be read")
            self.files.add(file_of(part, name, media_type))
            return ""
        for inner_name, octets in wrapped.files[:MOST_PARTS]:
            self._add_octets(inner_name, octets)
        return wrapped.text if wanted else ""

    def _add_octets(self, name: str, octets: bytes) -> None:
        self.files.add(File(name, "application/octet-stream", len(octets), octets[:HEAD], lambda: octets))
