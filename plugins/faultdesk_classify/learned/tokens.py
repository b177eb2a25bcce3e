"""A message as the learned models see it: one text, its zones, its tokens."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from faultdesk.domain.fold import fold
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Span

MOST_CHARACTERS = 3_000
"""What is looked at of the body: who tells where and what later than that told it before."""
LINE_END = "\n"
"""The form of a token that ends a line."""
_TOKEN = re.compile(r"\n|[A-Za-z]+(?:['’][A-Za-z]+)?|[0-9]+|[^\s]")


class Zone(NamedTuple):
    """A stretch of the text that comes from one place of the message."""

    name: str
    """sender, subject, text, signature or attached_text"""
    start: int
    end: int


class Written(NamedTuple):
    """What the writer wrote, in one text: display name, subject, words and signature, a line end between them."""

    text: str
    zones: tuple[Zone, ...]

    def place(self, start: int, end: int) -> Span:
        """Tell in which part of the message, and where in it, a stretch of the text stands."""
        zone = next(zone for zone in reversed(self.zones) if zone.start <= start)
        return Span(zone.name, start - zone.start, end - zone.start)


class Token(NamedTuple):
    """A Han character, a word, a number, a sign or a line end; `start` and `end` are offsets into the text."""

    form: str
    """In the form in which terms are compared."""
    shape: str
    start: int
    end: int


def written(message: InboundMessage) -> Written:
    """Put together what the writer wrote."""
    return join(message.sender.name, message.subject, message.text, message.signature)


def join(sender: str, subject: str, text: str, signature: str = "") -> Written:
    """Put the zones together."""
    return put_together(
        {"sender": sender[:200], "subject": subject[:500], "text": text, "signature": signature},
        MOST_CHARACTERS,
    )


def put_together(parts: Mapping[str, str], most: int) -> Written:
    """Put the first `most` characters of each part in one text, a line end after each."""
    whole = ""
    zones: list[Zone] = []
    for name, part in parts.items():
        kept = part[:most]
        zones.append(Zone(name, len(whole), len(whole) + len(kept)))
        whole += kept + "\n"
    return Written(whole, tuple(zones))


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens; white space but line ends is none."""
    return [Token(*_form_and_shape(match[0]), match.start(), match.end()) for match in _TOKEN.finditer(text)]


_DIGITS, _LONGEST_FORM = 5, 40


@lru_cache(maxsize=20_000)
def _form_and_shape(word: str) -> tuple[str, str]:
    if word == "\n":
        return LINE_END, LINE_END
    if word.isdigit():
        return "0" * min(len(word), _DIGITS), "0"
    form = fold(word, _LONGEST_FORM) or word
    if word[0].isascii() and word[0].isalpha():
        return form, "A" if word.isupper() else "Aa" if word[0].isupper() else "a"
    return form, "汉" if "㐀" <= word[0] <= "鿿" else "."
