"""Which of two renderings of a text says what was written (RFC 2046 section 5.1.4), when one may be a stub.

Programs put "your client does not show HTML" or "[image]" into the plain text, or its first words only.
"""

import re
from itertools import pairwise

from faultdesk.reading.texts import is_blank

_LONGEST_STUB = 400
"""Characters; what is longer is no stub."""
_NO_WORD = re.compile(r"https?://\S{1,2000}|\[[^\[\]\n]{1,200}\]|[\W_]+")
"""Addresses, and what stands for a picture."""
_OF_THE_PROGRAM = re.compile(
    r"html|browser|\bclients?\b|浏览器|瀏覽器|客户端|用戶端|客戶端|メーラー|ブラウザ", re.IGNORECASE
)
"""What the words are about with which a program excuses itself."""
_JUDGED = 20_000
_SHARED = 0.3
_TIMES = 2
_MORE = 10


def may_be_stub(text: str) -> bool:
    """Tell whether it is so short that another rendering is worth reading."""
    return len(text.strip()) <= _LONGEST_STUB


def fuller(text: str, other: str) -> str:
    """Give the other if the text, a short one, says little of it, or only what programs it needs."""
    if is_blank(text) or is_blank(other):
        return text if is_blank(other) else other
    said, others = _words(text), _words(other)
    if not may_be_stub(text) or not others:
        return text
    pairs, other_pairs = set(pairwise(said)), set(pairwise(others))
    is_other = len(pairs & other_pairs) <= _SHARED * len(pairs) and said not in others
    is_excuse = not said or (is_other and _OF_THE_PROGRAM.search(text))
    return other if is_excuse or len(others) >= _TIMES * len(said) + _MORE else text


def _words(text: str) -> str:
    return _NO_WORD.sub("", text[:_JUDGED]).lower()
