"""Parts the lines of a page into labels and what is written beside them, each with its place."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from faultdesk.domain.fax import Line
from faultdesk.reading.forms.labels import Meaning, meaning_of

_COLON = re.compile(r"[:：]")
_STARTS = re.compile(r"(?<=[\s,，;；。、|_）)\]])(?=\S)")
"""Where a label may begin within a line."""
_NEARLY_COLON = "=;；二·丨|"
"""What a colon is misread as after a label."""
_LONGEST_LABEL = 24
"""Characters before a colon that are looked at."""
_LONGEST_UNKNOWN = 8
_UNKNOWN = re.compile(r"[一-鿿A-Za-z][一-鿿A-Za-z /.]{1,24}$")
_NUMBER = re.compile(r"\+?(?:[\s()（）—-]?\d){7,16}")
_SHORT = 2
"""Letters of a piece of a label that is spaced out so widely that its letters were taken for lines of their own."""
_MOST_SHORT = 5


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A label (`meaning`) or something written, and where it stands."""

    text: str
    confidence: float
    left: int
    right: int
    top: int
    bottom: int
    meaning: Meaning | None = None
    has_colon: bool = False
    is_sure: bool = True
    """False for a label that neither a colon nor a cell of its own sets apart from what follows."""

    @property
    def height(self) -> int:
        """Of the line."""
        return max(1, self.bottom - self.top)

    @property
    def middle(self) -> float:
        """Of the line, from top to bottom."""
        return (self.top + self.bottom) / 2


def pieces_of(row: Sequence[Line]) -> list[Piece]:
    """Part the lines of one row, from left to right."""
    return _dialled([piece for line in _gathered(row) for piece in _parted(line)])


def _dialled(pieces: Sequence[Piece]) -> list[Piece]:
    """Take two letters for a label if a number to dial follows: of "fax" in Chinese one may be misread."""
    after = [*(piece.text for piece in pieces[1:]), ""]
    return [
        msgspec.structs.replace(piece, meaning=meaning, is_sure=False)
        if piece.meaning is None
        and len(piece.text) == _SHORT
        and _NUMBER.fullmatch(number)
        and (meaning := meaning_of(piece.text, may_be_misread=True, has_colon=True))
        else piece
        for piece, number in zip(pieces, after, strict=True)
    ]


def _gathered(row: Sequence[Line]) -> Iterator[Line]:
    """Join the letters of labels that are spaced out over several lines: 传　真."""
    at = 0
    while at < len(row):
        count = next(
            (count for count in range(_MOST_SHORT, 1, -1) if _is_spaced_label(row[at : at + count], count)), 1
        )
        first, last = row[at], row[at + count - 1]
        text = "".join(line.text for line in row[at : at + count])
        width = last.left + last.width - first.left
        confidence = min(line.confidence for line in row[at : at + count])
        yield msgspec.structs.replace(first, text=text, width=width, confidence=confidence)
        at += count


def _is_spaced_label(lines: Sequence[Line], count: int) -> bool:
    if len(lines) != count or any(len(line.text.strip()) > _SHORT for line in lines[:-1]):
        return False
    text = "".join(line.text for line in lines)
    label, colon, _ = text.partition("：") if "：" in text else text.partition(":")
    if len(lines[-1].text.strip()) > _SHORT and not colon:
        return False
    meaning = meaning_of(label, may_be_misread=False)
    return meaning is not None and meaning_of(lines[-1].text, may_be_misread=False) is None


class _Cut(NamedTuple):
    start: int
    end: int
    meaning: Meaning
    has_colon: bool = True


def _parted(line: Line) -> Iterator[Piece]:
    """Part one line at its labels."""
    text = line.text
    whole = _whole(line)
    cuts = [] if whole.meaning and whole.meaning.is_exact else list(_labels_in(text))
    if not cuts:
        yield whole
        return
    if said := text[: cuts[0].start].strip(" \t_"):
        yield _piece(line, said, 0, cuts[0].start)
    for cut, after in zip(cuts, [*(cut.start for cut in cuts[1:]), len(text)], strict=True):
        label = _piece(line, text[cut.start : cut.end], cut.start, cut.end)
        yield msgspec.structs.replace(
            label, meaning=cut.meaning, has_colon=cut.has_colon, is_sure=cut.has_colon
        )
        if text[cut.end : after].strip():
            yield _piece(line, text[cut.end : after].strip(), cut.end, after)


def _whole(line: Line) -> Piece:
    meaning = None if _COLON.search(line.text) else meaning_of(line.text, may_be_misread=True)
    return msgspec.structs.replace(_piece(line, line.text.strip(), 0, len(line.text)), meaning=meaning)


def _labels_in(text: str) -> Iterator[_Cut]:
    """Find the labels of a line that a colon or, at its start, nothing but a blank sets apart from what follows."""
    done, found = 0, False
    for colon in _COLON.finditer(text):
        at = colon.start()
        if text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit():
            continue  # a time of day
        if cut := _label_before(text, done, at):
            start, meaning = cut
            if not found and start > 0 and (leading := _leading_label(text[:start])):
                yield _Cut(0, *leading, has_colon=False)
            found, done = True, at + 1
            yield _Cut(start, at + 1, meaning)
    if not found and (leading := _leading_label(text)):
        yield _Cut(0, *leading, has_colon=False)


def _label_before(text: str, done: int, colon: int) -> tuple[int, Meaning] | None:
    """Find the longest label that ends at this colon."""
    first = max(done, colon - _LONGEST_LABEL)
    starts = [done] if done == first else []
    starts += [match.start() for match in _STARTS.finditer(text, first, colon) if match.start() > done]
    for may_be_misread in (False, True):
        for start in starts:
            if meaning := meaning_of(text[start:colon], may_be_misread=may_be_misread, has_colon=True):
                return start, meaning
    for start in range(first, colon - 1):  # blanks before it may be lost
        if text[start].strip() and (meaning := meaning_of(text[start:colon], may_be_misread=False)):
            return start, meaning
    label = text[done:colon].strip()
    if done == 0 and len(label) <= _LONGEST_UNKNOWN and _UNKNOWN.match(label):
        return 0, Meaning("")
    return None


def _leading_label(text: str) -> tuple[int, Meaning] | None:
    """Find the longest label that a line begins with, before a blank, or digits after a short one."""
    for end in range(min(len(text) - 1, _LONGEST_LABEL), 1, -1):
        after, before = text[end], text[end - 1]
        if not (before.isalnum() or before in ".)）") or _goes_on(before, after):
            continue
        meaning = meaning_of(text[:end], may_be_misread=False)
        if meaning and after in _NEARLY_COLON and len(text[:end].strip()) > _SHORT:
            return end + 1, meaning
        if meaning and (
            after.isspace() or after == "_" or len(text[:end].strip()) > _SHORT or after.isdigit()
        ):
            return end, meaning
    return None


def _goes_on(before: str, after: str) -> bool:
    """Tell whether a word of Latin letters is in its middle."""
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()


def _piece(line: Line, text: str, start: int, end: int) -> Piece:
    """Place a part of a line: Han and full-width letters take twice the room of others."""
    widths = [2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line.text]
    each = line.width / max(1, sum(widths))
    left = line.left + round(each * sum(widths[:start]))
    right = line.left + round(each * sum(widths[:end]))
    bottom = line.top + line.height
    return Piece(text=text, confidence=line.confidence, left=left, right=right, top=line.top, bottom=bottom)
