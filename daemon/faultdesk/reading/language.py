"""Tells the language of a text by counting: Han characters against English words, and which of two scripts."""

import re
from functools import lru_cache

from faultdesk.domain.message import Language

_JUDGED = 20_000
"""Characters that are looked at."""
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NO_PROSE = re.compile(
    r"https?://\S+|[\w.+-]{1,64}@\S+|[\"“「『][^\"“”「」『』\n]{0,200}[\"”」』]|\b\w{1,64}[./\\_:=]\w\S*|\[[^\]\n]{0,80}\]",
    re.ASCII,
)
"""Addresses, quoted words such as a screen's text, file names and log fields carry no language."""
_MACHINE_LINE = re.compile(
    r"^(?=[^\u3400-\u9fff\n]*$)(?=[^\n]*(?:\d\d:\d\d:\d\d|\b(?:ERROR|WARN|WARNING|INFO|FATAL|DEBUG)\b|Exception|0x))"
    r"[^\n]*$",
    re.MULTILINE,
)
_GREETING = re.compile(
    r"^[^\w\n]{0,10}(?:dear|hi|hello|to|attn)\b[^,，:：\n]{0,60}[,，:：\n]", re.IGNORECASE | re.MULTILINE
)
_LATIN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z']+(?![A-Za-z0-9])")
_GRAMMAR = frozenset(
    "的了是在不没沒有我你您们們请請吗嗎么麼个個这這那来來去能要会會可从從到把被给給对對和与與跟都也就还還什怎嘅咗係唔冇喺佢哋"
)
"""Characters that make sentences; names of people, firms and places do without them."""
_WORDS_TO_HAN = 0.08
"""English words for each Han character; technical words in Chinese sentences stay below."""
_HAN_TO_WORDS = 0.3
_FEWEST_WORDS, _FEWEST_GRAMMAR, _FEWEST_HAN = 3, 2, 5


def language_of(subject: str, text: str, *, by_machine: bool = False) -> Language:
    """Tell the language of what a person wrote; `mixed` only when both languages carry content.

    Mail systems say in English what they then say in their owners' language: of a machine's text that counts.
    """
    prose = _NO_PROSE.sub(" ", _MACHINE_LINE.sub("", _GREETING.sub("", f"{subject}\n{text}"[:_JUDGED])))
    han, latin = _HAN.findall(prose), _LATIN.findall(prose)
    # Names, brands, model words and protocols are written with capitals.
    words = sum(word.islower() for word in latin)
    grammar = sum(char in _GRAMMAR for char in han)
    if by_machine and len(han) >= _FEWEST_HAN:
        return _script_of(han)
    if words >= max(_FEWEST_WORDS, len(han) * _WORDS_TO_HAN):
        is_mixed = grammar >= _FEWEST_GRAMMAR and len(han) >= words * _HAN_TO_WORDS
        return Language.MIXED if is_mixed else Language.EN
    if latin and (not han or (not grammar and len(latin) >= len(han))):
        return Language.EN
    return _script_of(han)


def _script_of(han: list[str]) -> Language:
    """Tell the script by the characters that only one of them has; most are common to both."""
    return Language.ZH_HANT if sum(map(_leaning, han)) > 0 else Language.ZH_HANS


@lru_cache(maxsize=8192)
def _leaning(char: str) -> int:
    """Give 1 for a character only traditional text has, -1 for a simplified one, 0 for a common one.

    The encodings know: GB 2312 has no traditional forms, Big5 no simplified ones, and Hong Kong's
    supplement to it holds Cantonese.
    """
    if _encodes(char, "gb2312"):
        return 0 if _encodes(char, "big5") else -1
    return 1 if _encodes(char, "big5hkscs") else 0


def _encodes(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
