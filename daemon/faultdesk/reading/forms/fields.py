"""Gives every label of a form what is written beside it, below it or around it. What is not filled in is no field."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from faultdesk.domain.fax import Field, Page
from faultdesk.reading.forms.labels import RECIPIENT
from faultdesk.reading.forms.layout import slots_of
from faultdesk.reading.forms.pieces import Piece

_FEWEST_LABELS = 3
"""Of different fields, that make a page a form."""
_MOST_LINES, _LONGEST_LINE = 120, 120
"""Of a page: no form has more, and the layout of a hostile one would take seconds."""
_EDGES = re.compile(r"^[\s_＿—…·:：|]+|[\s_＿—…·|]+$")
_LINES = re.compile(r"[_＿]{2,}|\.{4,}|…{2,}")
_HINT = re.compile(r"[(（【\[][^)）】\]]{0,40}[)）】\]]")
_NUMBERS = {"phone": 5, "fax": 5, "contract_no": 1, "occurred_at": 1}
"""How many digits a value has at least; an unfilled "年 月 日" has none."""
_DIALLED = frozenset({"phone", "fax"})
_CHOICES = frozenset({"urgency", "system"})
_OPEN, _TICKED = "□☐口囗○〇", "☑☒■●◉√✓✔"
_CHOICE = re.compile(rf"([{_OPEN}{_TICKED}]{{1,2}})\s{{0,2}}([^\s{_OPEN}{_TICKED}]{{1,12}})")
_STOPS = re.compile(r"(?<=[一-鿿])[.。,，、;；:：]+$")
"""After a value that is no sentence."""
_LOST_HYPHEN = re.compile(r"(?<=\d)\s(?=\d)")
"""Within a contract's number: nobody writes a blank there, and the thin stroke is the first to go on the line."""
_HAN = re.compile(r"[⺀-鿿＀-￯　-〿]")


def fields_of(pages: Iterable[Page]) -> tuple[Field, ...]:
    """Take the fields out of the pages that are forms; of several of a name the first that is filled in."""
    found: dict[str, Field] = {}
    for page in pages:
        for field in _fields_on(_bounded(page)):
            found.setdefault(field.name, field)
    return tuple(found.values())


def _bounded(page: Page) -> Page:
    lines = (
        msgspec.structs.replace(line, text=line.text[:_LONGEST_LINE]) for line in page.lines[:_MOST_LINES]
    )
    return msgspec.structs.replace(page, lines=tuple(lines))


def _fields_on(page: Page) -> Iterator[Field]:
    slots = slots_of(page)
    names = {slot.name for slot in slots if slot.name and slot.label.is_sure} - {RECIPIENT}
    is_cover = any(slot.name == RECIPIENT for slot in slots) and "fault" not in names
    if len(names) < _FEWEST_LABELS or is_cover:
        return
    for slot in slots:
        if slot.name and slot.name != RECIPIENT and (value := _value(slot.name, slot.written)):
            confidence = min(piece.confidence for piece in slot.written)
            yield Field(name=slot.name, value=value, confidence=confidence, page=page.number)


def _value(name: str, written: Sequence[Piece]) -> str:
    """Join what is written, without the lines it is written on; "" where that is nothing."""
    value = _EDGES.sub("", _LINES.sub(" ", _joined(piece.text for piece in written)))
    if name != "fault":
        value = _STOPS.sub("", value)
    if name == "contract_no":
        value = _LOST_HYPHEN.sub("-", value)
    if name in _CHOICES:
        value = _chosen(value)
    digits = sum(letter.isdigit() for letter in value)
    if digits < _NUMBERS.get(name, 0) or _HINT.fullmatch(value) or (name in _DIALLED and "@" in value):
        return ""
    return value if any(letter.isalnum() for letter in value) else ""


def _joined(texts: Iterable[str]) -> str:
    """Join lines: without a blank where Chinese goes on."""
    whole = ""
    for text in texts:
        parted = whole and not (_HAN.match(whole[-1]) or _HAN.match(text))
        whole += f" {text}" if parted else text
    return whole


def _chosen(value: str) -> str:
    """Give the ticked one of several boxes; "" when none or several are."""
    boxes = _CHOICE.findall(value)
    if len(boxes) < 2 or value[0] not in _OPEN + _TICKED:  # noqa: PLR2004 - one box is a letter misread
        return value
    ticked = [word for marks, word in boxes if any(mark in _TICKED for mark in marks)]
    return ticked[0] if len(ticked) == 1 else ""
