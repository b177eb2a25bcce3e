"""Finds whom the desk is to talk to, and by which number."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from faultdesk.domain.fold import simplified
from faultdesk.domain.message import Language
from faultdesk.domain.ticket import Span
from faultdesk_classify.learned.lists import SURNAMES

MOST_CHARACTERS = 5_000
"""What is looked at of a part of the message."""
LONGEST_LABELLED = 40
_SIGNING_LINES = 4

_MAYBE_PHONE = re.compile(r"(?:\d[ \-()]{0,2}){7}")
_REGIONS = {Language.ZH_HANT: ("HK", "TW", "CN")}
_USUAL_REGIONS = ("CN", "HK")
_GOES_ON = re.compile(r"[A-Za-z0-9\-_]")
_MOST_TRIES = 50
_EXTENSION = re.compile(r"\s{0,3}(?:转|轉|分机|分機|ext\.?|-)\s{0,3}\d{1,6}(?!\d)", re.IGNORECASE)

_SURNAME = f"[{''.join(sorted(name for name in SURNAMES if len(name) == 1))}]"
_TITLES = "先生|女士|小姐|老师|老師|经理|經理|主任|科长|科長|处长|處長|警官|师傅|師傅|主管|队长|隊長|院长"
# A surname and "engineer", but not the trades and works that end alike (电工, 施工).
_ENGINEER = r"(?![施开開员員职職手竣完停分民电電技打加人木瓦焊])[一-鿿]工"
_TITLED = re.compile(rf"(?<![一-鿿])({_SURNAME}[一-鿿]{{0,2}}?(?:{_TITLES})|{_ENGINEER})(?![一-鿿])")
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
_CALLED = f"[老小阿]?{_SURNAME}"
# Who writes on a phone signs with a surname behind the last word, or what colleagues make of it. A full name there may
# be a word ("来人"), but not where it is all that the sender is called, and no office.
_LAST_WORD = re.compile(
    rf"(?<![一-鿿A-Za-z])((?:[A-Z][a-z]{{1,19}} )?{_CALLED})[\s\d\-+()（）.。!！~]{{0,40}}\Z"
)
_NUMBER_BEHIND = re.compile(r"[ (（,，]{0,3}\+?\d[\d \-()（）]{5,30}\Z")
_FIRST_WORD = re.compile(rf"({_CALLED})(?=[ \u3000(（])")
_BETWEEN_NAMES = re.compile(r"[-—/|_ ]")
_LAST_CHARACTERS = 100
_FULL_NAME = re.compile(rf"[老小阿]{_SURNAME}|{_SURNAME}[一-鿿]{{1,2}}(?<![处队里室部站科局园楼院所店])")
_BEFORE_PHONE = re.compile(rf"([老小阿]{_SURNAME})[ :：]{{0,2}}\Z")
_AFTER_PHONE = re.compile(
    rf"[ ,，(（]{{0,2}}({_SURNAME}[一-鿿]{{0,2}}?(?:{_TITLES})|{_ENGINEER}|{_CALLED})(?![一-鿿])"
)
_SIGNED = re.compile(r"[A-Z][\w'’.\-]*[a-z](?: [A-Z][\w'’.\-]*){1,2}")


class Read(NamedTuple):
    """What a fact is, and where it was read."""

    value: str
    span: Span


def contact_of(read: Read | None, own: Mapping[str, str], sender: str, phone: Read | None) -> Read | None:
    """Take who is named or signed; what the From field calls the sender comes after that."""
    if read and read.span.part != "sender":
        name = _NUMBER_BEHIND.sub("", read.value)
        return (
            Read(name, msgspec.structs.replace(read.span, end=read.span.start + len(name))) if name else read
        )
    at_phone = _at_phone(phone, own) if phone else None
    return at_phone or _signer("signature", own) or _signer("text", own) or read or _called(sender)


def _at_phone(phone: Read, own: Mapping[str, str]) -> Read | None:
    """Find whose number it is, right before or behind it."""
    part, start, end = msgspec.structs.astuple(phone.span)
    text = simplified(own[part])
    begin = max(0, start - _LAST_CHARACTERS)
    match = _BEFORE_PHONE.search(text[begin:start])
    span = [at + begin for at in match.span(1)] if match else None
    if span is None and (match := _AFTER_PHONE.match(text, end)):
        span = list(match.span(1))
    return Read(own[part][span[0] : span[1]], Span(part, *span)) if span else None


def _signer(part: str, own: Mapping[str, str]) -> Read | None:
    """Find who signed in the last lines of a part: a name with a title, or a line that is a Latin name."""
    text = own[part][:MOST_CHARACTERS]
    for line in list(_LINE.finditer(text))[-_SIGNING_LINES:]:
        titled = _TITLED.search(simplified(text), *line.span()) if len(line[0]) <= LONGEST_LABELLED else None
        if titled:
            return Read(text[slice(*titled.span(1))], Span(part, *titled.span(1)))
        if _SIGNED.fullmatch(line[0]):
            return Read(line[0], Span(part, *line.span()))
        first = _FIRST_WORD.match(simplified(line[0])) if len(line[0]) <= LONGEST_LABELLED else None
        if first and line.start():
            return Read(line[0][: first.end(1)], Span(part, line.start(), line.start() + first.end(1)))
    begin = max(0, len(text) - _LAST_CHARACTERS)
    if last := _LAST_WORD.search(simplified(text[begin:])):
        start, end = last.start(1) + begin, last.end(1) + begin
        return Read(text[start:end], Span(part, start, end))
    return None


def _called(sender: str) -> Read | None:
    """Take the sender's name for whom to talk to, or a part of it, if it is a person's."""
    start = 0
    for name in _BETWEEN_NAMES.split(sender):
        if _FULL_NAME.fullmatch(simplified(name)):
            return Read(name, Span("sender", start, start + len(name)))
        start += len(name) + 1
    return None


def phone_of(own: Mapping[str, str], language: Language) -> Read | None:
    """Find the first number that can be called, in the text before the signature."""
    return _phone("text", own, language) or _phone("signature", own, language)


def _phone(part: str, own: Mapping[str, str], language: Language) -> Read | None:
    text = own[part][:MOST_CHARACTERS]
    if not _MAYBE_PHONE.search(text):
        return None
    regions = _REGIONS.get(language, _USUAL_REGIONS)
    for start, end in (span for region in regions for span in _phones(text, region)):
        extension = _EXTENSION.match(text, end)
        last = extension.end() if extension else end
        return Read(text[start:last], Span(part, start, last))
    return None


def _phones(text: str, region: str) -> Iterator[tuple[int, int]]:
    # Not at the top: its tables take 0.1 s and 10 MB, and many messages have no number.
    from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415

    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=_MOST_TRIES):
        # The end of a ticket's, a contract's or a serial number may look like one.
        if not _GOES_ON.match(text[match.start - 1 : match.start]):
            yield match.start, match.end
