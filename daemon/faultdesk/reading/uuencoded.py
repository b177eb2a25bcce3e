"""Files written into a text by uuencode, as old gateways and scanners send them."""

import binascii
import re
from collections.abc import Sequence
from typing import NamedTuple

_BEGIN = re.compile(r"begin [0-7]{3,4} ([^\n]{1,200})")
_LINE = re.compile(r"[ -`]{1,90}")


class Uuencoded(NamedTuple):
    """A file found in a text."""

    name: str
    octets: bytes


def without_files(text: str) -> tuple[str, list[Uuencoded]]:
    """Take the files out of a text; a "begin" that no encoded lines and no "end" follow is a word like others.

    No line is looked at twice: what cannot be part of a file ends it.
    """
    if "begin " not in text:
        return text, []
    lines = text.split("\n")
    kept: list[str] = []
    files: list[Uuencoded] = []
    at = 0
    while at < len(lines):
        begin = _BEGIN.fullmatch(lines[at].rstrip())
        end = _end_of_file(lines, at + 1) if begin else at
        # The line of no octets is a blank, which many a gateway cuts off.
        last = end + 1 if begin and lines[end : end + 2] == ["", "end"] else end
        octets = _decoded(lines[at + 1 : end]) if begin and lines[last : last + 1] == ["end"] else None
        if begin and octets is not None:
            files.append(Uuencoded(begin[1].strip(), octets))
            at = last + 1
        else:
            kept += lines[at : max(end, at + 1)]
            at = max(end, at + 1)
    return "\n".join(kept), files


def _end_of_file(lines: Sequence[str], start: int) -> int:
    """Find the first line that holds no encoded octets, which "end" does not either: it is in small letters."""
    return next((at for at in range(start, len(lines)) if not _LINE.fullmatch(lines[at])), len(lines))


def _decoded(lines: Sequence[str]) -> bytes | None:
    try:
        return b"".join(binascii.a2b_uu(line) for line in lines) if lines else None
    except binascii.Error:
        return None
