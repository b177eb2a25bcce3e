"""winmail.dat: what Outlook wraps text and files in (MS-OXTNEF)."""

import struct
from typing import NamedTuple

from faultdesk.reading.charset import decode
from faultdesk.reading.damage import UnreadableFileError, damage_told
from faultdesk.reading.documents import rtf_text
from faultdesk.reading.hypertext import text_of

_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


_FIRST_OBJECT, _OBJECT = 6, struct.Struct("<BIIH")
"""Level, name, length and, behind the data, a checksum."""
_MOST_COPIED = 2**31
"""Octets: tnefparse copies the rest of the file for each object."""


class Wrapped(NamedTuple):
    """What stood in it: `files` are names with octets."""

    text: str
    files: tuple[tuple[str, bytes], ...]


def is_tnef(media_type: str, name: str) -> bool:
    """Tell whether a part is such a wrapping."""
    return media_type in _TYPES or name.lower() == "winmail.dat"


def unwrap(octets: bytes) -> Wrapped:
    """Take text and files out.

    Raises:
        UnreadableFileError: It is damaged.
    """
    from tnefparse import TNEF  # noqa: PLC0415  few messages come from a misconfigured Exchange

    if _objects_in(octets) * len(octets) > _MOST_COPIED:
        raise UnreadableFileError("holds too much")
    with damage_told():
        wrapped = TNEF(octets, do_checksum=False)
        files = tuple(
            (str(file.long_filename() or file.name), bytes(file.data)) for file in wrapped.attachments
        )
        return Wrapped(_text(wrapped.body, wrapped.htmlbody, wrapped.rtfbody), files)


def _objects_in(octets: bytes) -> int:
    count, at = 0, _FIRST_OBJECT
    while at + _OBJECT.size <= len(octets):
        at += _OBJECT.size + int(_OBJECT.unpack_from(octets, at)[2])
        count += 1
    return count


def _text(plain: object, html: object, rtf: object) -> str:
    """Take the plainest of the bodies that is there."""
    if plain:
        return _decoded(plain)
    if html:
        return text_of(_decoded(html))
    return rtf_text(rtf) if isinstance(rtf, bytes) else ""


def _decoded(body: object) -> str:
    return decode(body, "") if isinstance(body, bytes) else str(body)
