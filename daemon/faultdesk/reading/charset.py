"""Octets to text, whatever the label says: never an exception, never a NUL, never a lone surrogate."""

import codecs
import re
from functools import cache, lru_cache

REPLACEMENT = "\ufffd"
_ALIASES = {
    # Labels that promise less than the senders use: the supersets read the same octets and more.
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "euc-cn": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "big-5": "big5hkscs",
    "x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "big5-eten": "big5hkscs",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
}
_UNFIT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_WESTERN = frozenset({"cp1252", "iso8859-1"})
_SAYS_NOTHING = frozenset({"", "ascii", "utf-8", *_WESTERN})
"""Labels that programs write without looking: those octets are read as what they look like."""
_CHINESE = ("gb18030", "big5hkscs")
_LIKELY, _DOUBTFUL = 0.6, 0.4
"""Shares of everyday characters: above the one a guess is taken, below the other a label is doubted."""
_WIDE_BMP = re.compile("[\u0800-\uffff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOST = re.compile("[\ufffd\ue000-\uf8ff]")
"""Characters that nobody wrote: in private use are those that GB 18030 makes of another encoding's octets."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_GUESSED_OCTETS = 64 * 1024
_JUDGED_CHARACTERS = 2_000
_TOLERABLE_LOSS = 0.05


def decode(octets: bytes, label: str = "", *, thorough: bool = True) -> str:
    """Decode octets: UTF-8 if they are, else as labelled, else as they look; U+FFFD only as a last resort.

    `thorough` allows a statistical guess, which costs milliseconds.
    """
    codec = codec_of(label)
    text = _by_escapes(octets, codec)
    if text is None:
        text = _strictly(octets, codec)
    if text is None:
        text = _with_losses(octets, codec)
        if thorough and text.count(REPLACEMENT) > len(text) * _TOLERABLE_LOSS:
            text = _by_statistics(octets) or text
    return cleaned(text)


def cleaned(text: str) -> str:
    """Drop control characters but tab and line ends; databases refuse NULs, UTF-8 lone surrogates."""
    return _SURROGATES.sub(REPLACEMENT, _CONTROLS.sub("", text))


@cache
def codec_of(label: str) -> str:
    """Name the Python codec to use for a label, "" when it is unknown or no text encoding."""
    name = label.strip().strip("\"'").lower()
    name = _ALIASES.get(name.replace("_", "-"), _ALIASES.get(name, name))
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Codecs such as "hex" are no text encodings, and "idna" takes quadratic time.
    return codec.name if _decodes_text(codec.name) and codec.name not in _UNFIT else ""


def _decodes_text(codec: str) -> bool:
    try:
        b"ab".decode(codec)
    except LookupError:
        return False
    except UnicodeError:
        return True
    return True


def _by_escapes(octets: bytes, codec: str) -> str | None:
    """Decode what is announced inside: byte order marks, and the seven-bit encodings with escapes."""
    if octets.startswith(codecs.BOM_UTF8):
        return _try(octets, "utf-8-sig")
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _try(octets, "utf-16")
    if codec.startswith(("iso2022", "hz", "utf-7", "utf-16", "utf-32")):
        return _try(octets, codec)
    return None


def _strictly(octets: bytes, codec: str) -> str | None:
    if octets.isascii():
        return octets.decode("ascii")
    unicode = _try(octets, "utf-8")
    labelled = _try(octets, codec) if codec not in _SAYS_NOTHING else None
    if unicode is not None:
        # Two-octet words of GBK can be valid UTF-8 too, but then as Latin, Greek or Hebrew letters.
        by_accident = labelled is not None and not _WIDE_BMP.search(unicode)
        return labelled if by_accident and _WIDE_BMP.search(labelled or "") else unicode
    if labelled is not None and (codec not in _CHINESE or _everyday_share(labelled) > _DOUBTFUL):
        return labelled
    guess = _chinese(octets)
    if guess is None and codec in _WESTERN:
        guess = _try(octets, codec)
    return labelled if guess is None else guess


def _chinese(octets: bytes) -> str | None:
    """Try the Chinese encodings; take one only if it yields mostly everyday characters."""
    best, text = _LIKELY, None
    for codec in _CHINESE:
        candidate = _try(octets, codec)
        share = _everyday_share(candidate) if candidate else 0.0
        if share > best:
            best, text = share, candidate
    return text


def _everyday_share(text: str) -> float:
    wide = [char for char in text[:_JUDGED_CHARACTERS] if char > "\x7f"]
    return sum(map(_is_everyday, wide)) / len(wide) if wide else 0.0


@lru_cache(maxsize=8192)
def _is_everyday(char: str) -> bool:
    """Tell whether it is in the first level of GB 2312 or Big5, as nearly all characters of a text are."""
    gb, big5 = char.encode("gb2312", "ignore")[:1], char.encode("big5", "ignore")[:1]
    return (
        b"\xb0" <= gb <= b"\xd7" or b"\xa1" <= gb <= b"\xa3" or b"\xa4" <= big5 <= b"\xc6" or big5 == b"\xa1"
    )


def _by_statistics(octets: bytes) -> str | None:
    import charset_normalizer  # noqa: PLC0415  a tenth of a second and 4 MB, for one message in thousands

    best = charset_normalizer.from_bytes(octets[:_GUESSED_OCTETS]).best()
    return None if best is None else _try(octets, codec_of(best.encoding))


def _with_losses(octets: bytes, codec: str) -> str:
    """Decode by the codec that loses least, in doubt the labelled one."""
    candidates = ([codec] if codec else []) + ["utf-8", *_CHINESE]
    texts = [octets.decode(name, "replace") for name in candidates]
    return min(texts, key=lambda text: len(_LOST.findall(text)))


def _try(octets: bytes, codec: str) -> str | None:
    try:
        return octets.decode(codec) if codec else None
    except (UnicodeError, ValueError):
        return None
