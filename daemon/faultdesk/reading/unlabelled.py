"""Texts in a transfer encoding that nobody named, or named wrong: base64 or quoted-printable passed on as 7bit."""

import base64
import binascii
import quopri
import re

from faultdesk.reading.everyday import everyday_share

_BASE64 = re.compile(rb"\s{0,99}(?:[A-Za-z0-9+/]{16,998}\r?\n){0,20000}[A-Za-z0-9+/]{4,998}={0,2}\s{0,99}")
_SHORTEST = 60
"""Digits: no word or number of a text is as long."""
_QUOTED = re.compile(rb"=[0-9A-F]{2}")
_SOFT_BREAK = re.compile(rb"=\r?\n")
_FEWEST_QUOTED = 6
_EVERYDAY = 0.8
_PRINT = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]*")


def unencoded(octets: bytes) -> bytes:
    """Decode a text that is nothing but base64, or full of quoted octets; another stays as it is."""
    if not octets.isascii():
        return octets
    return _from_base64(octets) or _from_quoted(octets) or octets


def _from_base64(octets: bytes) -> bytes | None:
    if len(octets) < _SHORTEST or not _BASE64.fullmatch(octets):
        return None
    try:
        decoded = base64.b64decode(b"".join(octets.split()), validate=True)
    except binascii.Error:
        return None
    return decoded if _is_text(decoded) else None


def _from_quoted(octets: bytes) -> bytes | None:
    quoted = _QUOTED.findall(octets)
    breaks = len(_SOFT_BREAK.findall(octets))
    if len(quoted) < _FEWEST_QUOTED or len(quoted) + breaks < octets.count(b"="):
        return None  # an equals sign that quotes nothing stands in no quoted-printable
    decoded = quopri.decodestring(octets)
    return decoded if _is_text(decoded) else None


def _is_text(octets: bytes) -> bool:
    for codec in ("utf-8", "gb18030"):
        try:
            text = octets.decode(codec)
        except UnicodeDecodeError:
            continue
        foreign = "".join(letter for letter in text if not letter.isascii())
        return _PRINT.fullmatch(text) is not None and (
            codec == "utf-8" or everyday_share(foreign) > _EVERYDAY
        )
    return False
