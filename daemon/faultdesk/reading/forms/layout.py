"""Finds out which label each thing written belongs to, by where it stands.

Beside a label, to the next one; below a label of a table's head; below and above a label that stands in the middle of
a cell of several lines; and on from what belongs to a label already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from faultdesk.domain.fax import Page
from faultdesk.reading.forms.pieces import Piece, pieces_of

_ALIGNED = 1.5
"""Of a line's height: edges that are no further apart stand under each other."""
_NEXT = 1.0
"""Of a line's height: between two lines of one value."""
_NEXT_OF_FAULT = 2.0
_BELOW_HEAD = 2.0
_NEAREST = 2.5
_CLEARLY = 0.85
_OF_ONE_LINE = frozenset({"contact", "phone", "fax", "contract_no", "serial_no", "occurred_at", "urgency"})
"""What goes on in no next line: there, a label that was not read left its value alone."""
_LONG = frozenset({"fault", "customer", "site", "location"})
"""What may begin below a label although the label has a colon."""


@dataclass(slots=True)
class Slot:
    """A label, and what belongs to it in reading order."""

    label: Piece
    row: int
    written: list[Piece] = field(default_factory=list)
    beside: int = 0
    """How many of them stand in the label's own row."""

    @property
    def name(self) -> str:
        """The field's name; "" when it is none of ours."""
        return self.label.meaning.name if self.label.meaning else ""

    @property
    def is_fault(self) -> bool:
        """Tell whether it is the description, which runs over several lines."""
        return self.name == "fault"


def slots_of(page: Page) -> list[Slot]:
    """Find the labels of a page and give each its own."""
    rows = _settled([pieces_of(row) for row in page.rows])
    slots: list[Slot] = []
    orphans: list[list[Piece]] = []
    for number, row in enumerate(rows):
        own: Slot | None = None
        left: list[Piece] = []
        for piece in row:
            if piece.meaning:
                own = Slot(piece, number)
                slots.append(own)
            elif own:
                own.written.append(piece)
                own.beside += 1
            else:
                left.append(piece)
        orphans.append(left)
    _adopt(orphans, slots)
    for slot in slots:
        slot.written = _in_reading_order(slot.written)
    return slots


def _in_reading_order(pieces: Sequence[Piece]) -> list[Piece]:
    def line(piece: Piece) -> float:
        """Give the middle of the line that a piece stands in, the same for all pieces of the line."""
        return min(other.middle for other in pieces if abs(other.middle - piece.middle) < piece.height / 2)

    return sorted(pieces, key=lambda piece: (line(piece), piece.left))


def _settled(rows: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    """Keep an unsure label if it stands under a sure one and no other tells the same; else it begins what follows."""
    sure = [piece for row in rows for piece in row if piece.meaning and piece.is_sure]
    names = {piece.meaning.name for piece in sure if piece.meaning}
    return [_without_doubt(row, sure, names) for row in rows]


def _without_doubt(row: Sequence[Piece], sure: Sequence[Piece], names: set[str]) -> list[Piece]:
    kept: list[Piece] = []
    doubted: Piece | None = None
    for piece in row:
        if doubted is not None:
            kept.append(msgspec.structs.replace(piece, text=doubted.text + piece.text, left=doubted.left))
            doubted = None
        elif piece.meaning is None or piece.is_sure or _is_backed(piece, sure, names):
            kept.append(piece)
        else:
            doubted = piece
    return kept


def _is_backed(piece: Piece, sure: Sequence[Piece], names: set[str]) -> bool:
    if piece.meaning and piece.meaning.name and piece.meaning.name in names:
        return False
    return any(abs(piece.left - other.left) <= _ALIGNED * piece.height for other in sure)


def _adopt(orphans: Sequence[Sequence[Piece]], slots: Sequence[Slot]) -> None:
    """Give what stands beside no label to a label above, around or before it; what is left belongs to none."""
    all_of_them = [piece for row in orphans for piece in row]
    for row in orphans:
        before: Slot | None = None
        for piece in row:
            owner = _headed(piece, slots) or _continued(piece, slots, all_of_them)
            owner = owner or _centred(piece, slots, all_of_them)
            if owner is None and before is not None and before.is_fault:
                owner = before
            if owner is not None:
                owner.written.append(piece)
            before = owner


def _headed(piece: Piece, slots: Sequence[Slot]) -> Slot | None:
    """Find the label that the piece stands under, if nothing is beside that label."""
    above = [slot for slot in slots if slot.label.middle < piece.top and _overlap(slot.label, piece)]
    if not above:
        return None
    head = max(above, key=lambda slot: slot.label.middle)
    near = piece.top - head.label.bottom <= _BELOW_HEAD * piece.height
    may_head = not head.label.has_colon or head.name in _LONG
    if head.written or not near or not may_head or _is_parted(piece, head, slots):
        return None
    return head


def _continued(piece: Piece, slots: Sequence[Slot], orphans: Sequence[Piece]) -> Slot | None:
    """Find the value that goes on with the piece: right above it, and above no nearer label's value."""
    best: tuple[float, Slot] | None = None
    for slot in slots:
        if slot.name in _OF_ONE_LINE:
            continue
        last = max(
            (one for one in slot.written if one.middle < piece.top), key=lambda one: one.bottom, default=None
        )
        if last is None or _is_parted(piece, slot, slots):
            continue
        gap = piece.top - last.bottom
        allowed = _NEXT_OF_FAULT if slot.is_fault else _NEXT
        if gap <= allowed * piece.height and _is_in_column(piece, slot) and (best is None or gap < best[0]):
            best = gap, slot
    if best is None:
        return None
    slot = best[1]
    last_middle = max(one.middle for one in slot.written if one.middle < piece.top)
    below = [other for other in slots if other.label.middle > piece.middle]
    nearer = _centred(piece, below, orphans)
    if nearer and nearer.label.middle - piece.middle < _CLEARLY * (piece.middle - last_middle):
        return nearer
    return slot


def _is_in_column(piece: Piece, slot: Slot) -> bool:
    room = _ALIGNED * piece.height
    lefts = [one.left for one in slot.written]
    if slot.is_fault:
        return min(slot.label.left, *lefts) - room <= piece.left <= max(lefts) + room
    return abs(piece.left - min(lefts)) <= room


def _centred(piece: Piece, slots: Sequence[Slot], orphans: Sequence[Piece]) -> Slot | None:
    """Find the label to the left whose cell has several lines, in whose middle the label stands."""
    beside = [
        slot
        for slot in slots
        if slot.label.right <= piece.left + piece.height
        and abs(slot.label.middle - piece.middle) <= _NEAREST * piece.height
        and not slot.label.has_colon
        and (not slot.written or (slot.name not in _OF_ONE_LINE and _is_mirrored(piece, slot, orphans)))
    ]
    return min(beside, key=lambda slot: abs(slot.label.middle - piece.middle), default=None)


def _is_mirrored(piece: Piece, slot: Slot, orphans: Sequence[Piece]) -> bool:
    """Tell whether a line above and one below are as far from the label, or the piece is the one below."""
    away = slot.label.middle - piece.middle
    room = _ALIGNED * piece.height
    under_each_other = (other for other in orphans if abs(other.left - piece.left) <= room)
    return any(abs(other.middle - slot.label.middle - away) <= piece.height / 2 for other in under_each_other)


def _is_parted(piece: Piece, slot: Slot, slots: Sequence[Slot]) -> bool:
    """Tell whether another label begins between a label and a piece below it, not beyond the piece's right end."""
    return any(
        slot.row < other.row and other.label.middle < piece.top and other.label.left < piece.right
        for other in slots
    )


def _overlap(one: Piece, other: Piece) -> bool:
    return min(one.right, other.right) > max(one.left, other.left)
