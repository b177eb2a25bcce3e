"""Octets to text, whatever the label says: never an exception, never a NUL, never a lone surrogate."""

import codecs
import re
from functools import cache

from faultdesk.reading.escapes import alphabet_of, unescaped
from faultdesk.reading.everyday import characters_in_words, everyday_share, likeness, realigned

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
_LABEL_BONUS = 0.15
_FEWEST = 2
_WORDS_AGAINST = {"cp1252": 3, "iso8859-1": 3, "gb18030": 4, "big5hkscs": 4}
"""Everyday characters beside each other that outweigh a label: one or two may be an accent or a sign misread."""
_READ_PER_LOST = 3
_ASCII_PER_ACCENT = 5
_NOT_WESTERN = re.compile("[^\x00-\x7f]{3}|[^\x00-\x7f\xa0£§©«®°-³µ·»-½À-ÿ‘’“”–—…•€]")
_ESCAPING = ("iso2022", "hz")
_WIDE_BMP = re.compile("[\u0800-\uffff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOST = re.compile("[\ufffd\ue000-\uf8ff]")
"""Characters that nobody wrote: in private use are those that GB 18030 makes of another encoding's octets."""
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_GUESSED_OCTETS = 64 * 1024
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
        text = _by_looks(octets, codec)
    if text is None:
        text = _with_losses(octets, codec, thorough=thorough)
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
    if codec.startswith(("utf-7", "utf-16", "utf-32")):
        return _try(octets, codec)
    if octets.isascii():
        codec = codec if codec.startswith(_ESCAPING) else alphabet_of(octets)
    return unescaped(octets, codec) if codec.startswith(_ESCAPING) else None


def _strictly(octets: bytes, codec: str) -> str | None:
    """Decode what its encoding can hold; Chinese may be mislabelled as Chinese, and is left to its looks."""
    if octets.isascii():
        return octets.decode("ascii")
    unicode = _try(octets, "utf-8")
    labelled = _try(octets, codec) if codec not in _SAYS_NOTHING else None
    if unicode is not None:
        # Two-octet words of GBK can be valid UTF-8 too, but then as Latin, Greek or Hebrew letters.
        by_accident = labelled is not None and not _WIDE_BMP.search(unicode)
        return labelled if by_accident and _WIDE_BMP.search(labelled or "") else unicode
    return None if codec in _CHINESE else labelled


def _by_looks(octets: bytes, codec: str) -> str | None:
    """Decode what is nearly UTF-8, or else nearly as labelled, or else looks Chinese or western."""
    unicode = _with_few_losses(octets, "utf-8", least="\x7f" if codec == "utf-8" else "\u07ff")
    if unicode is not None:
        return unicode
    if codec not in _CHINESE and codec not in _SAYS_NOTHING:
        labelled = _with_few_losses(octets, codec)
        if labelled is not None:
            return labelled
    chinese = _chinese(octets, codec)
    if chinese is not None:
        return chinese
    return _try(octets, codec) if codec in _CHINESE else _western(octets, codec)


def _with_few_losses(octets: bytes, codec: str, least: str = "\x7f") -> str | None:
    text = octets.decode(codec, "replace")
    lost = len(_LOST.findall(text))
    return text if lost * _READ_PER_LOST <= sum(char > least for char in text) - lost else None


def _chinese(octets: bytes, codec: str) -> str | None:
    """Try the Chinese encodings, the labelled one first; take one only if it yields mostly everyday characters."""
    best, text = 0.0, None
    for name in sorted(_CHINESE, key=lambda name: name != codec):
        reading = realigned(octets) if name == "gb18030" else octets.decode(name, "replace")
        least = 0 if name == codec else _WORDS_AGAINST.get(codec, _FEWEST)
        is_likely = everyday_share(reading) > (_DOUBTFUL if name == codec else _LIKELY)
        if is_likely and characters_in_words(reading) >= least and likeness(reading) > best:
            best = likeness(reading) + (_LABEL_BONUS if name == codec else 0.0)
            text = _PRIVATE.sub(REPLACEMENT, reading)
    return text


def _western(octets: bytes, codec: str) -> str | None:
    """Decode as labelled, or without a label if the octets stand between ASCII as accents and signs do."""
    text = octets.decode("cp1252", "replace")
    if codec in _WESTERN:
        return text
    strange = sum(char > "\x7f" for char in text)
    return None if _NOT_WESTERN.search(text) or strange * _ASCII_PER_ACCENT > len(text) else text


def _with_losses(octets: bytes, codec: str, *, thorough: bool) -> str:
    """Decode by the codec that loses least, in doubt the labelled one; what no label names may be guessed."""
    candidates = ([codec] if codec else []) + ["utf-8", *_CHINESE]
    texts = [octets.decode(name, "replace") for name in candidates]
    text = min(texts, key=lambda text: len(_LOST.findall(text)))
    if thorough and codec in _SAYS_NOTHING and text.count(REPLACEMENT) > len(text) * _TOLERABLE_LOSS:
        return _by_statistics(octets) or text
    return text


def _by_statistics(octets: bytes) -> str | None:
    import charset_normalizer  # noqa: PLC0415  a tenth of a second and 4 MB, for one message in thousands

    best = charset_normalizer.from_bytes(octets[:_GUESSED_OCTETS]).best()
    return None if best is None else _try(octets, codec_of(best.encoding))


def _try(octets: bytes, codec: str) -> str | None:
    try:
        return octets.decode(codec) if codec else None
    except (UnicodeError, ValueError):
        return None
