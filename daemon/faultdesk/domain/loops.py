"""Tells what machines write over and over, by which two of them could keep each other busy for ever."""

import hashlib
import re
from collections.abc import Collection
from typing import NamedTuple

from faultdesk.domain.message import Address, InboundMessage

_ADDRESS = re.compile(r"\S{1,256}@\S{1,255}|https?://\S+")
_NO_LETTERS = re.compile(r"[\W\d_]+")
_FEWEST = 24
"""Letters of a text that is not short."""
_ALIKE_OF_ONE_HOUSE = 2
"""Texts that differ in numbers only, after which a house that names no fault is taken for a machine."""
_JUDGED = 4_000


def likeness(message: InboundMessage) -> str:
    """Tell texts that differ in numbers, addresses and blanks only by one sign."""
    return hashlib.sha256(_letters(message).encode()).hexdigest()[:24]


def _letters(message: InboundMessage) -> str:
    return _NO_LETTERS.sub("", _ADDRESS.sub("", message.text[:_JUDGED])).casefold()


class Earlier(NamedTuple):
    """A message of the same likeness that came before."""

    sender: Address
    text: str


def is_echo(
    message: InboundMessage, earlier: Collection[Earlier], *, answers_us: bool, shared: frozenset[str]
) -> bool:
    """Tell whether a text that came before is a machine's: again in answer to us, or word for word from one house.

    A person tells of gate 1 and then of gate 2: without a word of us the numbers count, too. Short texts are
    said by many, and again: only of one house, and in answer to us. `shared` are the domains that are no house.
    """
    of_house = _of_house(message, earlier, shared)
    if is_short(message):
        return answers_us and bool(of_house)
    return bool(earlier) if answers_us else message.text.split() in of_house


def is_short(message: InboundMessage) -> bool:
    """Tell whether a text is so short that two people may well write the same."""
    return len(_letters(message)) < _FEWEST


def is_numbered(message: InboundMessage, earlier: Collection[Earlier], shared: frozenset[str]) -> bool:
    """Tell whether a house has written the same with other numbers so often that a machine may well count them.

    Mails of nothing but a picture are no less a person's.
    """
    return len(_letters(message)) > 0 and len(_of_house(message, earlier, shared)) >= _ALIKE_OF_ONE_HOUSE


def _of_house(
    message: InboundMessage, earlier: Collection[Earlier], shared: frozenset[str]
) -> list[list[str]]:
    """Give the words of what came from the message's sender or from its house."""
    domains = {message.sender.domain} - shared
    return [
        one.text.split()
        for one in earlier
        if one.sender.address == message.sender.address or one.sender.domain in domains
    ]
