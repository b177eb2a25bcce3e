"""Tells what machines write over and over, by which two of them could keep each other busy for ever."""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from faultdesk.domain.message import Address, InboundMessage

_ADDRESS = re.compile(r"\S{1,256}@\S{1,255}|https?://\S+")
_NO_LETTERS = re.compile(r"[\W\d_]+")
_FEWEST = 24
"""Letters of a text below which two people may well write the same."""
_ALIKE_OF_ONE_HOUSE = 2
"""Texts that differ in numbers only, after which a house is taken for a machine: three gates fail in one mail."""
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
    message: InboundMessage, earlier: Iterable[Earlier], *, answers_us: bool, shared: frozenset[str]
) -> bool:
    """Tell whether a text that came before is a machine's: again in answer to us, or again and again from one house.

    A person tells of gate 1 and then of gate 2: without a word of us the numbers count, too, the first time. Of a
    short text any word does. `shared` are the domains that are no house.
    """
    if answers_us:
        return any(True for _ in earlier)
    domains, text = {message.sender.domain} - shared, message.text.split()
    of_house = [
        one.text.split()
        for one in earlier
        if one.sender.address == message.sender.address or one.sender.domain in domains
    ]
    letters = len(_letters(message))
    is_again = text in of_house and letters >= _FEWEST
    # Mails of nothing but a picture are no less a person's.
    return is_again or (letters > 0 and len(of_house) >= _ALIKE_OF_ONE_HOUSE)
