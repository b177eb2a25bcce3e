"""A fax as its gateway and its pages tell it, and what became of one that was sent."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says of a fax that it received: a claim, as true as the mail that brings it.

    Numbers are E.164 ("+862088881111") where they can be understood, else as told; "" where nothing is.
    """

    gateway: str
    """The configured name of the gateway that brought it."""
    caller: str = ""
    """Who called, by the telephone network."""
    called: str = ""
    """The number, extension or subaddress that was called."""
    station: str = ""
    """What the sending machine calls itself (TSI or CSID, ITU-T T.30); anybody can set it to anything."""
    pages: int | None = None
    received_at: datetime | None = None
    """When the gateway took it."""
    is_complete: bool = True
    """False when the gateway says that pages are missing or damaged."""
    documents: tuple[str, ...] = ()
    """The names of the attachments that hold the pages."""
    key: str = ""
    """What two announcements of the same fax have in common; "" when the gateway names nothing."""
    note: str = ""
    """What the gateway says went wrong."""


class Outcome(StrEnum):
    """What became of a fax that was handed to a gateway."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """For good: the gateway tries no more."""
    RETRYING = "retrying"
    UNCONFIRMED = "unconfirmed"
    """Nobody told the end in time: the desk's own word, and no gateway's."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says of a fax that it was to send."""

    gateway: str
    outcome: Outcome
    number: str = ""
    """E.164 where it can be understood, else as told."""
    job: str = ""
    """The gateway's number of the job."""
    reason: str = ""
    pages: int | None = None
    station: str = ""
    """What the receiving machine calls itself (CSI)."""


class Line(msgspec.Struct, frozen=True):
    """A line of print or writing that was read. The box is in pixels of the upright page at 204 dpi both ways."""

    text: str
    confidence: float
    """From 0 to 1; a misread digit may well have 0.97."""
    left: int
    top: int
    width: int
    height: int


_SAME_ROW = 0.6
"""Of the height of the lower line: lines whose middles are closer stand beside each other."""


def rows_of(lines: Iterable[Line]) -> tuple[tuple[Line, ...], ...]:
    """Gather the lines that stand beside each other, from top to bottom, each row from left to right."""
    rows: list[list[Line]] = []
    middle = 0.0
    for line in sorted(lines, key=lambda line: line.top + line.height / 2):
        own = line.top + line.height / 2
        if rows and abs(own - middle) < _SAME_ROW * min(line.height, rows[-1][0].height):
            rows[-1].append(line)
            middle += (own - middle) / len(rows[-1])
        else:
            rows.append([line])
            middle = own
    return tuple(tuple(sorted(row, key=lambda line: line.left)) for row in rows)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page, read or not."""

    number: int
    """From 1."""
    lines: tuple[Line, ...] = ()
    header: str = ""
    """The line that the sending machine prints above the page: date, number, page n of m."""
    codes: tuple[str, ...] = ()
    """The texts of QR codes on it."""
    is_turned: bool = False
    """It lay upside down."""
    bad_rows: int = 0
    """Rows that the line damaged, as the receiver counted."""
    by_eye: bool = False
    """What was read is not to be relied on: small print, handwriting, damage."""
    unread: int = 0
    """Lines that were found, and that nobody could read: writing by hand, a stamp, a drawing."""
    problem: str = ""
    """Why it was not read, in words for the desk."""
    is_left_out: bool = False
    """It came, and whatever comes after it, and the desk does not read so much: the client need not send it again."""

    @property
    def rows(self) -> tuple[tuple[Line, ...], ...]:
        """The lines that stand beside each other, from top to bottom, each row from left to right."""
        return rows_of(self.lines)

    @property
    def text(self) -> str:
        """What stands on it, a row each."""
        return "\n".join("  ".join(line.text for line in row) for row in self.rows)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in field of a form."""

    name: str
    """As the facts of a ticket are called (customer, contact, phone …), else "system", "urgency", "fault", "fax"."""
    value: str
    confidence: float
    page: int


class Fax(msgspec.Struct, frozen=True, kw_only=True):
    """A received fax: who sent it, and what its pages say."""

    reception: Reception
    pages: tuple[Page, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Tell whether every page came and could be read: else the client is asked to send it again."""
        expected = self.reception.pages or 1
        came = len(self.pages) >= expected or any(page.is_left_out for page in self.pages)
        is_read = all(page.is_left_out or not page.problem for page in self.pages)
        return self.reception.is_complete and came and is_read


class PageImage(msgspec.Struct, frozen=True, kw_only=True):
    """A page to be read: `height` rows of `width` grey octets, 0 black; pixels are square, `dpi` to the inch."""

    width: int
    height: int
    pixels: bytes
    dpi: int


class PageReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an OCR engine read on a page; boxes in pixels of the image, turned upright."""

    lines: tuple[Line, ...] = ()
    header: str = ""
    """The line that the sending machine printed above the page, which no turned page turns with it."""
    is_turned: bool = False
    by_eye: bool = False
    """What was read is not to be relied on."""
    unread: int = 0
    """Lines that were found and could not be read."""
