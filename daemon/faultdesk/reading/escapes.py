"""The seven-bit encodings that change alphabets by escapes: ISO-2022-JP as programs write it, and HZ (RFC 1843)."""

import re

from faultdesk.reading.everyday import everyday_share

_ESCAPE = re.compile(rb"\x1b(\$\(?[@-D]|\([@-Z])")
_JAPANESE = re.compile(rb"\x1b\$\(?[@BD]|\x1b\(I")
_KOREAN = b"\x1b$)C"
_HZ = re.compile(rb"~(?:\{([!-}][!-~](?:[!-}][!-~]){0,2000}[!-}]?)?(?:~\}|(?=[\r\n])|\Z)|(~)|\r?\n)")
_HZ_WORD = re.compile(rb"~\{((?:[!-w][!-~]){1,2000}?)~\}")
_EVERYDAY = 0.8


def alphabet_of(octets: bytes) -> str:
    """Name the encoding whose escapes stand in ASCII octets, "" if none do."""
    if b"\x1b" in octets:
        if _KOREAN in octets:
            return "iso2022_kr"
        return "iso2022_jp" if _JAPANESE.search(octets) else ""
    words = b"".join(_HZ_WORD.findall(octets))
    return "hz" if words and everyday_share(_raised(words, "gb2312")) > _EVERYDAY else ""


def unescaped(octets: bytes, codec: str) -> str | None:
    """Decode by escapes, with what the standard leaves out and programs write; None if the codec has none."""
    try:
        return octets.decode(codec)
    except (UnicodeError, ValueError):
        if codec == "hz":
            return _from_hz(octets)
        return _from_japanese(octets) if codec.startswith("iso2022_jp") else None


def _from_japanese(octets: bytes) -> str:
    """Read the rows that NEC added (①, ㈱) and half-width kana, as cp50221 has them."""
    first, *others = _ESCAPE.split(octets)
    text = first.decode("ascii", "replace")
    for escape, piece in zip(others[::2], others[1::2], strict=True):
        lines = re.split(rb"([\r\n]+)", piece)
        if escape == b"(I":
            text += "".join(_raised(line, "cp932") for line in lines)
        elif escape in {b"$B", b"$@"}:
            text += "".join(_raised(line, "euc_jis_2004") for line in lines)
        elif escape.startswith(b"("):
            text += piece.decode("ascii", "replace")
        else:
            text += "\ufffd" * (len(piece) // 2)
    return text


def _from_hz(octets: bytes) -> str:
    """Read a word to its end, or to that of the line if the end is lost."""
    text, at = "", 0
    for word in _HZ.finditer(octets):
        text += octets[at : word.start()].decode("ascii", "replace")
        text += _raised(word[1] or b"", "gb2312") + ("~" if word[2] else "")
        at = word.end()
    return text + octets[at:].decode("ascii", "replace")


def _raised(octets: bytes, codec: str) -> str:
    """Decode octets of which the eighth bit was taken."""
    if not octets.strip(b"\r\n"):
        return octets.decode("ascii", "replace")
    return bytes(octet | 0x80 if octet > ord(" ") else octet for octet in octets).decode(codec, "replace")
