"""Files written into a text by uuencode, as old gateways and scanners send them."""

import binascii
import re
from typing import NamedTuple

_BEGIN = re.compile(r"^begin(?:-base64)? ([0-7]{3,4}) ([^\n]{1,200})\n", re.MULTILINE)
_END = re.compile(r"^(?:end|====)[ \t]*$", re.MULTILINE)
_LINE = re.compile(r"[ -`]{1,90}")


class Uuencoded(NamedTuple):
    """A file found in a text."""

    name: str
    octets: bytes


def without_files(text: str) -> tuple[str, list[Uuencoded]]:
    """Take the files out of a text; a "begin" that no encoded lines and no "end" follow is a word like others."""
    kept: list[str] = []
    files: list[Uuencoded] = []
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        end = _END.search(text, begin.end())
        octets = None if end is None else _decoded(text[begin.end() : end.start()], begin[0])
        if end is None or octets is None:
            kept.append(text[at : begin.end()])
            at = begin.end()
            if end is None:
                break
            continue
        kept.append(text[at : begin.start()])
        files.append(Uuencoded(begin[2].strip(), octets))
        at = end.end()
    return "".join((*kept, text[at:])), files


def _decoded(body: str, begin: str) -> bytes | None:
    try:
        if begin.startswith("begin-base64"):
            return binascii.a2b_base64(body, strict_mode=False)
        lines = [line for line in body.split("\n") if line.strip()]
        if not lines or not all(_LINE.fullmatch(line) for line in lines):
            return None
        return b"".join(binascii.a2b_uu(line) for line in lines)
    except (binascii.Error, ValueError):
        return None
